"""Several addresses: their order, the race, and the one error that is left when none answers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

from eagerloop.net import eyeballs
from tests.conftest import Run
from tests.net.peers import Recorder, listening, refusing

V4, V6 = socket.AF_INET, socket.AF_INET6


def infos(*families: int) -> list[Any]:
    return [(family, socket.SOCK_STREAM, 6, "", index) for index, family in enumerate(families)]


@pytest.mark.parametrize(
    ("families", "count", "order"),
    [
        ((V6, V6, V6, V4, V4), 1, [0, 3, 1, 4, 2]),
        ((V6, V6, V6, V4, V4), 2, [0, 1, 3, 2, 4]),
        ((V6, V6, V6, V4, V4), 3, [0, 1, 2, 3, 4]),
        ((V4,), 1, [0]),
        ((), 1, []),
    ],
)
def test_families_take_turns(families: tuple[int, ...], count: int, order: list[int]) -> None:
    mixed = eyeballs.interleave(infos(*families), count)
    assert [info[4] for info in mixed] == order


def resolve_to(*addresses: tuple[str, int]) -> Callable[..., Any]:
    async def getaddrinfo(host: Any, port: Any, **options: Any) -> list[Any]:
        return [(V4, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    return getaddrinfo


@pytest.mark.parametrize("delay", [None, 0.01, 10.0])
def test_the_next_address_is_tried(
    run: Run, monkeypatch: pytest.MonkeyPatch, delay: float | None
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with refusing() as bad, listening() as server:
            addresses = ("127.0.0.1", bad), server.getsockname()
            monkeypatch.setattr(loop, "getaddrinfo", resolve_to(*addresses), raising=False)
            transport, protocol = await loop.create_connection(
                Recorder, "a.name", 1, happy_eyeballs_delay=delay
            )
            assert transport.get_extra_info("peername") == server.getsockname()
            transport.close()
            await protocol.lost

    run(main)


def hanging_connect(loop: Any, hang: set[int], started: list[int]) -> Callable[..., Any]:
    """A sock_connect that never ends for the ports in *hang*."""
    connect = loop.sock_connect

    async def sock_connect(sock: Any, address: Any) -> None:
        started.append(address[1])
        if address[1] in hang:
            await loop.create_future()
        await connect(sock, address)

    return sock_connect


def test_a_slow_address_is_overtaken(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        started: list[int] = []
        with listening() as slow, listening() as quick:
            addresses = slow.getsockname(), quick.getsockname()
            ports = [address[1] for address in addresses]
            connect = hanging_connect(loop, {ports[0]}, started)
            monkeypatch.setattr(loop, "getaddrinfo", resolve_to(*addresses), raising=False)
            monkeypatch.setattr(loop, "sock_connect", connect, raising=False)
            before = loop.time()
            transport, protocol = await loop.create_connection(
                Recorder, "a.name", 1, happy_eyeballs_delay=0.05
            )
            assert loop.time() - before >= 0.05
            assert started == ports
            assert transport.get_extra_info("peername") == addresses[1]
            transport.close()
            await protocol.lost

    run(main)


@pytest.mark.parametrize("delay", [None, 0.01])
def test_a_cancelled_connect_closes_every_socket(
    run: Run, monkeypatch: pytest.MonkeyPatch, delay: float | None
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        started: list[int] = []
        monkeypatch.setattr(
            loop, "getaddrinfo", resolve_to(("127.0.0.1", 1), ("127.0.0.1", 2)), raising=False
        )
        monkeypatch.setattr(
            loop, "sock_connect", hanging_connect(loop, {1, 2}, started), raising=False
        )
        connecting = loop.create_task(
            loop.create_connection(Recorder, "a.name", 1, happy_eyeballs_delay=delay)
        )
        while len(started) < (1 if delay is None else 2):
            await asyncio.sleep(0.001)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting

    run(main)  # the fixture that counts descriptors is the judge


def test_a_winner_without_a_taker_is_closed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelled while the losers take their time to leave."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with listening() as server:
            address = server.getsockname()
            leaving = loop.create_future()
            connect = loop.sock_connect

            async def sock_connect(sock: Any, target: Any) -> None:
                if target == address:
                    await connect(sock, target)
                    return
                try:
                    await loop.create_future()
                finally:
                    leaving.set_result(None)
                    await asyncio.sleep(0.05)

            monkeypatch.setattr(loop, "sock_connect", sock_connect, raising=False)
            monkeypatch.setattr(
                loop, "getaddrinfo", resolve_to(("127.0.0.1", 1), address), raising=False
            )
            connecting = loop.create_task(
                loop.create_connection(Recorder, "a.name", 1, happy_eyeballs_delay=0.01)
            )
            await leaving
            connecting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await connecting

    run(main)


def fail_with(*errors: OSError) -> Callable[..., Any]:
    left = list(errors)

    async def sock_connect(sock: Any, address: Any) -> None:
        raise left.pop(0)

    return sock_connect


@pytest.mark.parametrize("delay", [None, 1.0])
def test_what_is_raised_if_none_answers(
    run: Run, monkeypatch: pytest.MonkeyPatch, delay: float | None
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        two = resolve_to(("127.0.0.1", 1), ("127.0.0.1", 2))
        monkeypatch.setattr(loop, "getaddrinfo", two, raising=False)

        async def connect(errors: list[OSError], **options: Any) -> None:
            monkeypatch.setattr(loop, "sock_connect", fail_with(*errors), raising=False)
            await loop.create_connection(
                Recorder, "a.name", 1, happy_eyeballs_delay=delay, **options
            )

        same = [OSError("gone"), OSError("gone")]
        with pytest.raises(OSError, match=r"^gone$") as one:
            await connect(same)
        assert one.value is same[0]
        with pytest.raises(OSError, match=r"^Multiple exceptions: first, second$"):
            await connect([OSError("first"), OSError("second")])
        both = [OSError("first"), OSError("second")]
        with pytest.raises(ExceptionGroup, match="create_connection failed") as group:
            await connect(list(both), all_errors=True)
        assert list(group.value.exceptions) == both

    run(main)


def test_local_address(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with listening() as server, listening() as taken:
            address = server.getsockname()
            transport, protocol = await loop.create_connection(
                Recorder, *address, local_addr=("127.0.0.1", 0)
            )
            assert transport.get_extra_info("sockname")[0] == "127.0.0.1"
            transport.close()
            await protocol.lost
            with pytest.raises(OSError, match="error while attempting to bind on address"):
                await loop.create_connection(Recorder, *address, local_addr=taken.getsockname())
            with pytest.raises(OSError, match="no matching local address with family="):
                await loop.create_connection(Recorder, *address, local_addr=("::1", 0))

    run(main)
