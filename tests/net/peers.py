"""Protocols that the tests of sockets talk with."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any


class Recorder(asyncio.Protocol):
    """Keeps what came. `lost` ends with connection_lost's exception."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.data = b""
        self.made = asyncio.get_running_loop().create_future()
        self.lost = asyncio.get_running_loop().create_future()
        self._arrived = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.made.set_result(transport)

    def data_received(self, data: bytes) -> None:
        self.data += data
        self._arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)
        self._arrived.set()

    async def wait_for(self, size: int) -> bytes:
        """The data, once there are *size* bytes of it."""
        async with asyncio.timeout(10):
            while len(self.data) < size and not self.lost.done():
                self._arrived.clear()
                await self._arrived.wait()
        return self.data


class Echo(Recorder):
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.transport.write(data)


class Datagrams(asyncio.DatagramProtocol):
    """Keeps the datagrams and errors that came."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.received: list[tuple[bytes, Any]] = []
        self.errors: list[Exception] = []
        self.lost = asyncio.get_running_loop().create_future()
        self._arrived = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.received.append((data, addr))
        self._arrived.set()

    def error_received(self, exc: Exception) -> None:
        self.errors.append(exc)
        self._arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)

    async def wait_for(self, count: int) -> list[tuple[bytes, Any]]:
        """The datagrams, once there are *count* of them."""
        async with asyncio.timeout(10):
            while len(self.received) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.received

    async def wait_for_errors(self, count: int) -> list[Exception]:
        async with asyncio.timeout(10):
            while len(self.errors) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.errors


def port_of(server: Any) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


def nonblocking_pair() -> tuple[socket.socket, socket.socket]:
    left, right = socket.socketpair()
    left.setblocking(False)
    right.setblocking(False)
    return left, right


def listening(backlog: int = 5) -> socket.socket:
    """A listening, non-blocking TCP socket on a free port."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(backlog)
    sock.setblocking(False)
    return sock


@contextlib.contextmanager
def refusing() -> Iterator[int]:
    """A port that is taken and that nobody listens on: every connect to it is refused."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]
