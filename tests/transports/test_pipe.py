"""Pipe transports that read, on real pipes and ttys."""

from __future__ import annotations

import asyncio
import gc
import os
import tty
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

import eagerloop
from eagerloop.transports.pipe import ReadPipeTransport
from eagerloop.transports.writepipe import WritePipeTransport
from tests.transports.pipes import Reader, reading, until, writing


def test_data_end_and_loss_come_in_this_order() -> None:
    async def main() -> None:
        ours, theirs = os.pipe()
        transport, protocol = await reading(ours)
        assert protocol.heard == ["made"]
        assert protocol.transport is transport
        os.write(theirs, b"one ")
        assert await protocol.has(4) == b"one "
        os.write(theirs, b"two")
        os.close(theirs)
        assert await protocol.lost is None
        assert protocol.data == b"one two"
        assert protocol.heard == ["made", "eof", "lost"]
        assert transport.is_closing()
        assert transport.get_extra_info("pipe").closed
        assert transport.get_extra_info("nothing", 7) == 7

    eagerloop.run(main())


def test_transports_are_asyncios() -> None:
    async def main() -> None:
        ours, theirs = os.pipe()
        reader, read_protocol = await reading(ours)
        writer, write_protocol = await writing(theirs)
        assert isinstance(reader, asyncio.ReadTransport)
        assert isinstance(reader, ReadPipeTransport)
        assert isinstance(writer, asyncio.WriteTransport)
        assert isinstance(writer, WritePipeTransport)
        for method in (writer.pause_reading, writer.resume_reading, writer.is_reading):
            with pytest.raises(NotImplementedError):
                method()
        assert reader.get_protocol() is read_protocol
        assert writer.get_protocol() is write_protocol
        assert repr(reader) == f"<ReadPipeTransport fd={ours} polling>"
        assert repr(writer) == f"<WritePipeTransport fd={theirs} idle bufsize=0>"
        writer.close()
        assert await read_protocol.lost is None
        assert await write_protocol.lost is None
        assert repr(reader) == f"<ReadPipeTransport closed fd={ours} closed>"

    eagerloop.run(main())


def test_pause_leaves_the_data_in_the_pipe() -> None:
    async def main() -> None:
        ours, theirs = os.pipe()
        transport, protocol = await reading(ours)
        transport.pause_reading()
        assert not transport.is_reading()
        transport.pause_reading()
        os.write(theirs, b"waits")
        await eagerloop.sleep(0.02)
        assert protocol.data == b""
        transport.resume_reading()
        assert transport.is_reading()
        assert await protocol.has(5) == b"waits"
        transport.close()
        transport.resume_reading()
        await protocol.lost
        os.close(theirs)

    eagerloop.run(main())


def test_paused_by_connection_made() -> None:
    class Pauser(Reader):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            transport.pause_reading()

    async def main() -> None:
        ours, theirs = os.pipe()
        os.write(theirs, b"early")
        loop = eagerloop.get_running_loop()
        transport, protocol = await loop.connect_read_pipe(Pauser, open(ours, "rb", 0))
        await eagerloop.sleep(0.02)
        assert protocol.data == b""
        transport.resume_reading()
        assert await protocol.has(5) == b"early"
        transport.close()
        await protocol.lost
        os.close(theirs)

    eagerloop.run(main())


def test_the_protocol_can_be_changed_while_data_flows() -> None:
    async def main() -> None:
        ours, theirs = os.pipe()
        transport, first = await reading(ours)
        os.write(theirs, b"a")
        await first.has(1)
        second = Reader()
        transport.set_protocol(second)
        os.write(theirs, b"b")
        assert await second.has(1) == b"b"
        assert first.data == b"a"
        os.close(theirs)
        await second.lost

    eagerloop.run(main())


def test_an_exception_in_data_received_is_reported_and_reading_goes_on() -> None:
    class Careless(Reader):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if data == b"bad":
                raise ZeroDivisionError

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        contexts: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _, context: contexts.append(context))
        ours, theirs = os.pipe()
        _, protocol = await loop.connect_read_pipe(Careless, open(ours, "rb", 0))
        os.write(theirs, b"bad")
        await protocol.has(3)
        await until(lambda: contexts)
        assert isinstance(contexts[0]["exception"], ZeroDivisionError)
        os.write(theirs, b"good")
        assert await protocol.has(7) == b"badgood"
        os.close(theirs)
        await protocol.lost

    eagerloop.run(main())


def test_tty_in_both_directions() -> None:
    async def main() -> None:
        master, slave = os.openpty()
        tty.setraw(slave)
        _, read_protocol = await reading(slave)
        writer, write_protocol = await writing(os.dup(slave))
        os.write(master, b"typed")
        assert await read_protocol.has(5) == b"typed"
        writer.write(b"shown")
        await until(lambda: os.read(master, 100) == b"shown")
        writer.close()
        await write_protocol.lost
        os.close(master)
        exc = await read_protocol.lost
        assert exc is None or isinstance(exc, OSError)

    eagerloop.run(main())


@pytest.fixture
def two_pipes() -> Iterator[tuple[int, int]]:
    ours, theirs = os.pipe()
    yield ours, theirs
    for fd in (ours, theirs):
        try:
            os.close(fd)
        except OSError:  # its transport has closed it
            pass


def test_unclosed_transports_warn(two_pipes: tuple[int, int]) -> None:
    async def main() -> None:
        await reading(two_pipes[0])
        await writing(two_pipes[1])

    loop = eagerloop.new_event_loop()
    loop.run_until_complete(main())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loop.close()
        gc.collect()
    texts = [str(warning.message) for warning in caught]
    assert f"unclosed transport <ReadPipeTransport fd={two_pipes[0]} open>" in texts
    assert f"unclosed transport <WritePipeTransport fd={two_pipes[1]} open>" in texts


def test_attributes_can_be_set() -> None:
    """As on asyncio's: programs and tests hang things on transports, and replace methods."""

    async def main() -> None:
        ours, theirs = os.pipe()
        transport, protocol = await reading(ours)
        called = []
        transport.pause_reading = lambda: called.append("mine")
        transport.pause_reading()
        assert called == ["mine"]
        transport.close()
        await protocol.lost
        os.close(theirs)

    eagerloop.run(main())
