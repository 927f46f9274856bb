"""Protocols that write down what they are told."""

from __future__ import annotations

import asyncio
from typing import Any

import eagerloop


class Recorder(asyncio.Protocol):
    """Events in order, data joined; `lost` is settled with what connection_lost said."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.data = bytearray()
        self.transport: Any = None
        self.lost: eagerloop.Future[BaseException | None] = (
            eagerloop.get_running_loop().create_future()
        )

    def connection_made(self, transport: Any) -> None:
        self.events.append("made")
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        assert type(data) is bytes
        if self.events[-1] != "data":
            self.events.append("data")
        self.data += data

    def eof_received(self) -> bool | None:
        self.events.append("eof")
        return None

    def pause_writing(self) -> None:
        self.events.append("pause")

    def resume_writing(self) -> None:
        self.events.append("resume")

    def connection_lost(self, exc: BaseException | None) -> None:
        self.events.append("lost")
        self.lost.set_result(exc)  # a second time would be an error

    async def until(self, count: int) -> bytes:
        """The data, as soon as there are `count` bytes of it."""
        async with eagerloop.timeout(10):
            while len(self.data) < count:
                await eagerloop.sleep(0.001)
        return bytes(self.data)


class Flowing(asyncio.Protocol):
    """Knows whether it is paused: a pause while paused would be an error. `ends` has one entry."""

    def __init__(self) -> None:
        self.paused = False
        self.ends: list[BaseException | None] = []

    def pause_writing(self) -> None:
        assert not self.paused
        self.paused = True

    def resume_writing(self) -> None:
        assert self.paused
        self.paused = False

    def connection_lost(self, exc: BaseException | None) -> None:
        self.ends.append(exc)


class BufferedRecorder(Recorder, asyncio.BufferedProtocol):
    """The same with a buffer of its own, of `room` bytes."""

    room = 1000

    def __init__(self) -> None:
        super().__init__()
        self.buffer = bytearray(self.room)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        assert 0 < nbytes <= self.room
        self.data_received(bytes(self.buffer[:nbytes]))


def reports(loop: eagerloop.AbstractEventLoop) -> list[dict[str, Any]]:
    """Collects what the loop's exception handler is told from now on."""
    found: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: found.append(context))
    return found
