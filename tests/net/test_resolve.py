"""Look-ups: numbers at once and exactly as the C library says, names through the executor."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from typing import Any

import pytest

from eagerloop.net import resolve
from tests.conftest import Run

LITERALS = ["127.0.0.1", "127.1", "0x7f.1", "::1", "fe80::1%lo", "::ffff:1.2.3.4", b"127.0.0.1"]


def no_executor(*args: object) -> None:
    raise AssertionError("a number was looked up in a thread")


@pytest.mark.parametrize("host", [*LITERALS, None])
@pytest.mark.parametrize("port", [80, "80", None, "", 0])
def test_numbers_are_answered_at_once(
    run: Run, monkeypatch: pytest.MonkeyPatch, host: Any, port: Any
) -> None:
    if host is None and not port:
        pytest.skip("neither host nor port: an error everywhere")
    asked = None if port == "" and host is None else port

    async def main() -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "run_in_executor", no_executor, raising=False)
        for kind in (0, socket.SOCK_STREAM, socket.SOCK_DGRAM):
            found = await loop.getaddrinfo(host, asked, type=kind)
            assert found == socket.getaddrinfo(host, asked, type=kind)

    run(main)


def test_scope_id_survives() -> None:
    assert resolve.numeric_address("fe80::1%lo", 80, 0, socket.SOCK_STREAM, 0) == (
        socket.AF_INET6,
        socket.SOCK_STREAM,
        socket.IPPROTO_TCP,
        "",
        ("fe80::1", 80, 0, socket.if_nametoindex("lo")),
    )


def test_flow_and_scope_of_the_address_asked_for_survive() -> None:
    found = resolve.numeric_address("::1", 80, 0, socket.SOCK_DGRAM, 0, 7, 1)
    assert found is not None
    assert found[4] == ("::1", 80, 7, 1)


@pytest.mark.parametrize(
    ("port", "number"), [(80, 80), ("80", 80), (b"80", 80), (None, 0), ("", 0), (b"", 0)]
)
def test_ports_of_an_address(port: Any, number: int) -> None:
    found = resolve.numeric_address("127.0.0.1", port, 0, socket.SOCK_STREAM, 0)
    assert found is not None
    assert found[4] == ("127.0.0.1", number)


@pytest.mark.parametrize(
    ("host", "port"), [("localhost", 80), ("1and1.invalid", 80), ("127.0.0.1", "http"), (None, 80)]
)
def test_names_are_no_numeric_addresses(host: Any, port: Any) -> None:
    assert resolve.numeric_address(host, port, 0, socket.SOCK_STREAM, 0) is None


def test_names_are_looked_up_in_the_executor(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []
    look_up = socket.getaddrinfo

    def spy(*args: Any) -> Any:
        threads.append(threading.get_ident())
        return look_up(*args)

    monkeypatch.setattr(socket, "getaddrinfo", spy)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)
        assert ("127.0.0.1", 80) in [info[4] for info in found]

    run(main)
    assert threading.get_ident() not in threads
    assert threads


def test_a_name_that_cannot_be_encoded(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with pytest.raises(UnicodeError):
            await loop.getaddrinfo("a" * 70 + ".\u00e9", 80)

    run(main)


def test_unknown_family_is_the_librarys_error(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with pytest.raises(socket.gaierror):
            await loop.getaddrinfo("127.0.0.1", 80, family=socket.AF_INET6)

    run(main)


def test_port_out_of_range(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        for host in ("localhost", "127.0.0.1"):
            with pytest.raises(OverflowError, match="0-65535"):
                await loop.create_connection(asyncio.Protocol, host, 65536)

    run(main)


def test_no_address_at_all(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*args: object, **options: object) -> list[Any]:
        return []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "getaddrinfo", nothing, raising=False)
        with pytest.raises(OSError, match=r"getaddrinfo\('nobody'\) returned empty list"):
            await loop.create_connection(asyncio.Protocol, "nobody", 80)

    run(main)


def test_a_cancelled_look_up_lets_go_at_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    started, release = threading.Event(), threading.Event()

    def slow(*args: object) -> list[Any]:
        started.set()
        release.wait(10)
        return []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(socket, "getaddrinfo", slow)
        look_up = loop.create_task(loop.getaddrinfo("slow.invalid", 80))
        while not started.is_set():
            await asyncio.sleep(0.001)
        look_up.cancel()
        before = loop.time()
        with pytest.raises(asyncio.CancelledError):
            await look_up
        assert loop.time() - before < 1
        release.set()

    run(main)


def test_slow_look_ups_are_logged_in_debug_mode(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "asyncio")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_debug(True)
        loop.slow_callback_duration = 0.0
        await loop.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)
        loop.slow_callback_duration = 10.0

    run(main)
    logged = [record.getMessage() for record in caplog.records]
    assert any(
        text.startswith("Getting address info localhost:80, type=") and "took" in text
        for text in logged
    )


def test_getnameinfo(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
        assert await loop.getnameinfo(("127.0.0.1", 80), numeric) == ("127.0.0.1", "80")
        assert await loop.getnameinfo(("127.0.0.1", 80)) == socket.getnameinfo(("127.0.0.1", 80), 0)

    run(main)
