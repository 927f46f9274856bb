"""connection_lost is called exactly once, whatever ends the connection and from wherever."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Run
from tests.net.peers import nonblocking_pair

ENDS: dict[str, Callable[[Any], None]] = {
    "close": lambda transport: transport.close(),
    "abort": lambda transport: transport.abort(),
    "close, abort": lambda transport: (transport.close(), transport.abort())[0],
    "write_eof, close": lambda transport: (transport.write_eof(), transport.close())[0],
    "write, close": lambda transport: (transport.write(b"x" * 10), transport.close())[0],
}
CALLBACKS = ["connection_made", "data_received", "eof_received", "pause_writing", "resume_writing"]


class Ending(asyncio.Protocol):
    """Ends its connection in one of its methods."""

    def __init__(self, method: str, end: Callable[[Any], None]) -> None:
        self.lost: list[Exception | None] = []
        self.transport: Any = None
        self.method = method
        self.end = end

    def ends(self, method: str) -> None:
        if method == self.method:
            self.end(self.transport)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.set_write_buffer_limits(high=1000)
        self.ends("connection_made")

    def data_received(self, data: bytes) -> None:
        self.ends("data_received")

    def eof_received(self) -> bool:
        self.ends("eof_received")
        return True

    def pause_writing(self) -> None:
        self.ends("pause_writing")

    def resume_writing(self) -> None:
        self.ends("resume_writing")

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(exc)
        self.transport.close()
        self.transport.abort()
        with contextlib.suppress(RuntimeError):  # after write_eof it says so
            self.transport.write(b"too late")


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("method", CALLBACKS)
def test_ended_by_its_protocol(run: Run, method: str, end: str) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        heard: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda loop, context: heard.append(context))
        left, right = nonblocking_pair()
        transport, protocol = await loop.create_connection(
            lambda: Ending(method, ENDS[end]), sock=left
        )
        with right:
            if method == "data_received":
                right.send(b"x")
            elif method == "eof_received":
                right.shutdown(socket.SHUT_WR)
            elif method in {"pause_writing", "resume_writing"}:
                transport.write(bytes(1_000_000))
            async with asyncio.timeout(10):
                while not protocol.lost:
                    try:
                        if not right.recv(100_000):
                            break
                    except BlockingIOError:
                        await asyncio.sleep(0.001)
                while not protocol.lost:
                    await asyncio.sleep(0.001)
            await asyncio.sleep(0.005)
            assert protocol.lost == [None]
            assert heard == []

    run(main)


def test_a_peer_that_leaves_while_the_protocol_closes(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        for delay in range(6):
            left, right = nonblocking_pair()
            transport, protocol = await loop.create_connection(
                lambda: Ending("eof_received", ENDS["close"]), sock=left
            )
            transport.write(bytes(1_000_000))
            right.close()
            for _ in range(delay):
                await asyncio.sleep(0)
            transport.close()
            async with asyncio.timeout(10):
                while not protocol.lost:
                    await asyncio.sleep(0.001)
            await asyncio.sleep(0.005)
            assert len(protocol.lost) == 1

    run(main)
