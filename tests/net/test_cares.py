"""Look-ups by c-ares, where aiodns is installed, and the refusal where it isn't."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import sys
from typing import Any

import pytest

from eagerloop.eventloop import EventLoop

needs_aiodns = pytest.mark.skipif(
    importlib.util.find_spec("aiodns") is None, reason="aiodns is not installed"
)


def run(main: Any, **options: Any) -> None:
    with asyncio.Runner(loop_factory=lambda: EventLoop(**options)) as runner:
        runner.run(main())


@needs_aiodns
@pytest.mark.parametrize("kind", [0, socket.SOCK_STREAM, socket.SOCK_DGRAM])
@pytest.mark.parametrize("host", ["localhost", b"localhost"])
def test_answers_are_the_c_librarys(
    monkeypatch: pytest.MonkeyPatch, kind: int, host: str | bytes
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "run_in_executor", None)
        for port in (80, "80", "http"):
            try:
                expected = socket.getaddrinfo(host, port, socket.AF_INET, kind)
            except socket.gaierror as error:  # a service that is none over UDP
                with pytest.raises(socket.gaierror, match=str(error.args[1])):
                    await loop.getaddrinfo(host, port, family=socket.AF_INET, type=kind)
            else:
                found = await loop.getaddrinfo(host, port, family=socket.AF_INET, type=kind)
                assert found == expected

    monkeypatch.setenv("EAGERLOOP_RESOLVER", "aiodns")
    run(main)


@needs_aiodns
def test_an_unknown_name() -> None:
    async def main() -> None:
        with pytest.raises(socket.gaierror):
            await asyncio.get_running_loop().getaddrinfo("nobody.invalid", 80)

    run(main, resolver="aiodns")


@needs_aiodns
def test_a_look_up_that_is_cancelled_lets_go() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        looking = asyncio.ensure_future(loop.getaddrinfo("nobody.invalid", 80))
        await asyncio.sleep(0)
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking

    run(main, resolver="aiodns")


@needs_aiodns
def test_a_loop_that_is_closed_again_was_never_run() -> None:
    loop = EventLoop(resolver="aiodns")
    loop.close()
    loop.close()


def test_aiodns_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiodns", None)
    with pytest.raises(ValueError, match="pip install aiodns") as caught:
        EventLoop(resolver="aiodns")
    assert caught.value.__cause__ is not None


def test_no_such_resolver() -> None:
    with pytest.raises(ValueError, match="resolver must be 'executor' or 'aiodns', not 'magic'"):
        EventLoop(resolver="magic")
