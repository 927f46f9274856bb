"""StreamReader: feeding, the end, the pause of its transport, and subclasses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import eagerloop
from eagerloop.streams import StreamReader
from tests.conftest import Run


class Pausable:
    """Enough of a transport to be paused."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")


class Unpausable:
    def pause_reading(self) -> None:
        raise NotImplementedError


def test_a_limit_must_be_positive(loop: eagerloop.EventLoop) -> None:
    with pytest.raises(ValueError, match="Limit cannot be <= 0"):
        StreamReader(limit=0, loop=loop)


def test_the_running_loop_is_the_default(run: Run) -> None:
    async def main() -> bool:
        return StreamReader()._loop is eagerloop.get_running_loop()

    assert run(main)


def test_the_transport_is_paused_above_twice_the_limit_and_resumed_at_the_limit(run: Run) -> None:
    async def main() -> None:
        reader, transport = StreamReader(limit=4), Pausable()
        reader.set_transport(transport)
        reader.feed_data(b"12345678")
        assert transport.calls == []
        reader.feed_data(b"9")
        assert transport.calls == ["pause"]
        assert repr(reader).endswith(" paused>")
        assert await reader.readexactly(4) == b"1234"
        assert transport.calls == ["pause"]
        assert await reader.readexactly(1) == b"5"
        assert transport.calls == ["pause", "resume"]

    run(main)


def test_a_read_longer_than_the_limit_resumes_and_is_not_paused_again(run: Run) -> None:
    async def main() -> None:
        reader, transport = StreamReader(limit=4), Pausable()
        reader.set_transport(transport)
        reader.feed_data(b"x" * 9)
        read = eagerloop.create_task(reader.readexactly(30))
        await eagerloop.sleep(0)
        assert transport.calls == ["pause", "resume"]
        reader.feed_data(b"x" * 15)
        assert transport.calls == ["pause", "resume"]
        reader.feed_data(b"x" * 20)
        assert transport.calls == ["pause", "resume", "pause"]
        assert await read == b"x" * 30

    run(main)


def test_a_transport_that_cannot_pause_is_forgotten(run: Run) -> None:
    async def main() -> None:
        reader = StreamReader(limit=1)
        reader.set_transport(Unpausable())
        reader.feed_data(b"abc")
        assert reader._transport is None
        assert not reader._paused

    run(main)


def test_a_second_transport_is_a_bug(run: Run) -> None:
    async def main() -> None:
        reader = StreamReader()
        reader.set_transport(Pausable())
        with pytest.raises(AssertionError, match="Transport already set"):
            reader.set_transport(Pausable())

    run(main)


def test_nothing_may_follow_the_end(run: Run) -> None:
    async def main() -> None:
        reader = StreamReader()
        reader.feed_data(b"x")
        reader.feed_eof()
        assert not reader.at_eof()
        with pytest.raises(AssertionError, match="feed_data after feed_eof"):
            reader.feed_data(b"y")
        assert await reader.read() == b"x"
        assert reader.at_eof()
        assert await reader.read() == b""

    run(main)


def test_repr(loop: eagerloop.EventLoop) -> None:
    reader = StreamReader(limit=123, loop=loop)
    reader.feed_data(b"data")
    reader.feed_eof()
    reader.set_exception(RuntimeError())
    assert repr(reader) == "<StreamReader 4 bytes eof limit=123 exception=RuntimeError()>"


def test_debug_mode_remembers_where_it_was_made(loop: eagerloop.EventLoop) -> None:
    assert StreamReader(loop=loop)._source_traceback is None
    loop.set_debug(True)
    stack = StreamReader(loop=loop)._source_traceback
    assert stack is not None
    assert any(frame.filename == __file__ for frame in stack)


def test_code_that_empties_the_buffer_itself(run: Run) -> None:
    async def main() -> None:
        reader = StreamReader()
        reader.feed_data(b"first")
        line = eagerloop.create_task(reader.readline())
        await eagerloop.sleep(0)
        reader._buffer.clear()
        reader.feed_data(b"second\n")
        assert await line == b"second\n"

    run(main)


def test_a_subclass_sees_what_is_fed_and_iterates_with_its_own_readline(run: Run) -> None:
    class Shouting(StreamReader):
        def feed_data(self, data: Any) -> None:
            super().feed_data(bytes(data).upper())

        async def readline(self) -> bytes:
            line: bytes = await super().readline()
            return b"> " + line if line else line

    async def main() -> list[bytes]:
        reader = Shouting()
        reader.feed_data(b"a\nb\n")
        reader.feed_eof()
        return [line async for line in reader]

    assert run(main) == [b"> A\n", b"> B\n"]


def test_on_a_foreign_loop() -> None:
    async def main() -> bytes:
        reader = StreamReader()
        read = asyncio.ensure_future(reader.readline())
        await asyncio.sleep(0)
        reader.feed_data(b"over ")
        reader.feed_data(b"there\n")
        line: bytes = await read
        return line

    with asyncio.Runner() as runner:
        assert runner.run(main()) == b"over there\n"
