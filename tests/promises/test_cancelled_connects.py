"""A connect cancelled at any point leaves its descriptor closed once, free for the next, and
nobody's.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.net.peers import Echo, Recorder, nonblocking_pair, port_of

TURNS = 12  # more than any of these takes from its start to its end


async def exercise(loop: Any) -> None:
    """Two descriptors, probably with numbers just given back, work and stay open."""
    left, right = nonblocking_pair()
    woken = loop.create_future()
    loop.add_reader(left, lambda: woken.done() or woken.set_result(None))
    right.send(b"x")
    await asyncio.wait_for(woken, 5)
    assert loop.remove_reader(left)
    transport, protocol = await loop.create_connection(Recorder, sock=left)
    assert await protocol.wait_for(1) == b"x"
    for _ in range(3):
        await asyncio.sleep(0)
    right.send(b"y")  # EBADF if someone closed it a second time
    assert await protocol.wait_for(2) == b"xy"
    transport.close()
    await protocol.lost
    right.close()


async def cancel_after(turns: int, connecting: Coroutine[Any, Any, Any]) -> None:
    loop: Any = asyncio.get_running_loop()
    task = loop.create_task(connecting)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    try:
        transport, protocol = await task
    except asyncio.CancelledError:
        pass  # before its end, as wanted
    else:
        transport.close()
        await protocol.lost
    await exercise(loop)


@pytest.mark.parametrize("turns", range(TURNS))
@pytest.mark.parametrize(
    "options", [{}, {"happy_eyeballs_delay": 0.001}, {"local_addr": ("127.0.0.1", 0)}]
)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_tcp(run: Run, turns: int, options: dict[str, Any], host: str) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        server = await loop.create_server(Echo, "127.0.0.1", 0)
        await cancel_after(
            turns, loop.create_connection(Recorder, host, port_of(server), **options)
        )
        server.close()
        await asyncio.wait_for(server.wait_closed(), 5)

    run(main)


@pytest.mark.parametrize("turns", range(TURNS))
def test_unix(run: Run, tmp_path: Path, turns: int) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        server = await loop.create_unix_server(Echo, tmp_path / "s")
        await cancel_after(turns, loop.create_unix_connection(Recorder, tmp_path / "s"))
        server.close()
        await asyncio.wait_for(server.wait_closed(), 5)

    run(main)


@pytest.mark.parametrize("turns", range(TURNS))
def test_while_nobody_answers(run: Run, turns: int) -> None:
    """The SYN is out and no answer comes: a full backlog keeps silent."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen(0)
            fillers = [socket.socket() for _ in range(4)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(server.getsockname())
            await cancel_after(turns, loop.create_connection(Recorder, *server.getsockname()))
            for filler in fillers:
                filler.close()

    run(main)


@pytest.mark.parametrize("turns", range(TURNS))
def test_a_socket_of_the_callers(run: Run, turns: int) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        await cancel_after(turns, loop.create_connection(Recorder, sock=left))
        assert (left.fileno() == -1) is (turns > 0)  # not taken over before it began
        left.close()
        right.close()

    run(main)


@pytest.mark.parametrize("turns", range(TURNS))
@pytest.mark.parametrize(
    "options", [{"local_addr": ("127.0.0.1", 0)}, {"remote_addr": ("127.0.0.1", 9)}]
)
def test_datagrams(run: Run, turns: int, options: dict[str, Any]) -> None:
    class Quiet(asyncio.DatagramProtocol):
        def __init__(self) -> None:
            self.lost = asyncio.get_running_loop().create_future()

        def connection_lost(self, exc: Exception | None) -> None:
            self.lost.set_result(exc)

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        await cancel_after(turns, loop.create_datagram_endpoint(Quiet, **options))

    run(main)
