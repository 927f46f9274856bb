"""Both ends of pipes, for the tests of whatever works on them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import eagerloop

PIPE_BYTES = 64 * 1024  # what a pipe of Linux holds


class Reader(eagerloop.Protocol):
    def __init__(self) -> None:
        self.heard: list[str] = []
        self.data = bytearray()
        self.lost: eagerloop.Future[BaseException | None] = eagerloop.Future()
        self.arrived = eagerloop.Event()
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.heard.append("made")

    def data_received(self, data: bytes) -> None:
        assert type(data) is bytes
        self.data += data
        self.arrived.set()

    def eof_received(self) -> None:
        self.heard.append("eof")

    def connection_lost(self, exc: BaseException | None) -> None:
        self.heard.append("lost")
        self.lost.set_result(exc)

    async def has(self, size: int) -> bytes:
        while len(self.data) < size:
            self.arrived.clear()
            await self.arrived.wait()
        return bytes(self.data)


class Writer(eagerloop.BaseProtocol):
    def __init__(self) -> None:
        self.heard: list[str] = []
        self.lost: eagerloop.Future[BaseException | None] = eagerloop.Future()

    def connection_made(self, transport: Any) -> None:
        self.heard.append("made")

    def pause_writing(self) -> None:
        self.heard.append("pause")

    def resume_writing(self) -> None:
        self.heard.append("resume")

    def connection_lost(self, exc: BaseException | None) -> None:
        self.heard.append("lost")
        self.lost.set_result(exc)


async def reading(fd: int) -> tuple[Any, Reader]:
    loop = eagerloop.get_running_loop()
    transport, protocol = await loop.connect_read_pipe(Reader, open(fd, "rb", 0))
    return transport, protocol


async def writing(fd: int) -> tuple[Any, Writer]:
    loop = eagerloop.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(Writer, open(fd, "wb", 0))
    return transport, protocol


def drain(fd: int) -> bytes:
    """What is in a pipe now."""
    os.set_blocking(fd, False)
    chunks = []
    try:
        while chunk := os.read(fd, 1 << 20):
            chunks.append(chunk)
    except BlockingIOError:
        pass
    return b"".join(chunks)


async def until(condition: Callable[[], object]) -> None:
    async with eagerloop.timeout(20):
        while not condition():
            await eagerloop.sleep(0.001)
