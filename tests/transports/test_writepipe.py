"""Pipe transports that write: nothing lost, nothing held for long, the end always heard of."""

from __future__ import annotations

import logging
import os
import socket
from typing import Any

import pytest

import eagerloop
from tests.transports.pipes import PIPE_BYTES, Writer, drain, reading, until, writing


def test_the_first_write_goes_out_at_once_and_the_rest_of_the_turn_together() -> None:
    async def main() -> None:
        theirs, ours = os.pipe()
        transport, protocol = await writing(ours)
        transport.write(b"first ")
        assert drain(theirs) == b"first "
        transport.write(b"second ")
        transport.write(bytearray(b"third"))
        assert transport.get_write_buffer_size() == 12
        assert drain(theirs) == b""
        await eagerloop.sleep(0)
        assert drain(theirs) == b"second third"
        assert transport.get_write_buffer_size() == 0
        transport.write(b"next turn")
        assert drain(theirs) == b"next turn"
        transport.write(b"-")
        transport.write(bytes(20_000))
        assert len(drain(theirs)) == 20_001  # much is never held
        transport.close()
        assert await protocol.lost is None
        os.close(theirs)

    eagerloop.run(main())


@pytest.mark.parametrize("last", ["close", "write_eof"])
def test_what_was_written_is_sent_before_the_end(last: str) -> None:
    async def main() -> None:
        theirs, ours = os.pipe()
        _, read_protocol = await reading(theirs)
        transport, protocol = await writing(ours)
        sent = bytes(range(256)) * 4096
        transport.write(sent)
        transport.write(b"end")
        assert transport.can_write_eof()
        getattr(transport, last)()
        getattr(transport, last)()
        assert transport.is_closing()
        assert await read_protocol.lost is None
        assert await protocol.lost is None
        assert read_protocol.data == sent + b"end"

    eagerloop.run(main())


def test_abort_drops_what_was_not_sent() -> None:
    async def main() -> None:
        theirs, ours = os.pipe()
        transport, protocol = await writing(ours)
        transport.write(bytes(10 * PIPE_BYTES))
        transport.abort()
        transport.abort()
        assert transport.get_write_buffer_size() == 0
        assert await protocol.lost is None
        assert len(drain(theirs)) == PIPE_BYTES
        assert protocol.heard == ["made", "pause", "lost"]
        os.close(theirs)

    eagerloop.run(main())


def test_every_size_arrives_whole_through_a_full_pipe() -> None:
    async def main() -> None:
        theirs, ours = os.pipe()
        _, read_protocol = await reading(theirs)
        transport, protocol = await writing(ours)
        expected = bytearray()
        for size in [0, 1, 2, 511, 4095, 4096, 4097, 65535, 65536, 65537, 200_000, 3, 70_000, 1]:
            piece = os.urandom(size)
            expected += piece
            transport.write(piece)
        for number in range(3000):
            piece = b"%d," % number * (number % 7)
            expected += piece
            transport.write(piece)
        transport.writelines([b"a", bytearray(b"b"), memoryview(b"c")])
        expected += b"abc"
        transport.close()
        await read_protocol.lost
        assert read_protocol.data == expected
        await protocol.lost

    eagerloop.run(main())


def test_buffers_may_be_changed_after_write() -> None:
    async def main() -> None:
        theirs, ours = os.pipe()
        _, read_protocol = await reading(theirs)
        transport, protocol = await writing(ours)
        first = bytearray(b"x" * (2 * PIPE_BYTES))
        second = bytearray(b"y" * 10)
        transport.write(first)
        transport.write(second)
        transport.write(memoryview(second)[::2])
        first[:] = b"!"
        second.extend(b"!")
        transport.write(memoryview(b"zzzz").cast("I"))
        transport.close()
        await read_protocol.lost
        assert read_protocol.data == b"x" * (2 * PIPE_BYTES) + b"y" * 15 + b"zzzz"
        await protocol.lost

    eagerloop.run(main())


def test_flow_control() -> None:
    async def main() -> None:
        theirs, ours = os.pipe()
        transport, protocol = await writing(ours)
        assert transport.get_write_buffer_limits() == (16 * 1024, 64 * 1024)
        transport.set_write_buffer_limits(high=1000)
        assert transport.get_write_buffer_limits() == (250, 1000)
        transport.set_write_buffer_limits(low=300)
        assert transport.get_write_buffer_limits() == (300, 1200)
        with pytest.raises(ValueError, match=r"high \(1\) must be >= low \(2\) must be >= 0"):
            transport.set_write_buffer_limits(high=1, low=2)
        transport.set_write_buffer_limits(high=1000, low=100)
        transport.write(bytes(PIPE_BYTES + 1000))
        assert protocol.heard == ["made"]
        transport.write(b"!")
        assert protocol.heard == ["made", "pause"]
        assert transport.get_write_buffer_size() == 1001
        assert "polling bufsize=1001" in repr(transport)
        drain(theirs)
        await until(lambda: protocol.heard == ["made", "pause", "resume"])
        transport.close()
        await protocol.lost
        os.close(theirs)

    eagerloop.run(main())


def test_limits_of_zero_pause_for_every_byte_left() -> None:
    async def main() -> None:
        theirs, ours = os.pipe()
        transport, protocol = await writing(ours)
        transport.set_write_buffer_limits(0)
        transport.write(bytes(PIPE_BYTES))
        transport.write(b"1")
        await eagerloop.sleep(0)
        assert protocol.heard == ["made", "pause"]
        drain(theirs)
        await until(lambda: protocol.heard == ["made", "pause", "resume"])
        transport.close()
        await protocol.lost
        os.close(theirs)

    eagerloop.run(main())


def test_a_protocol_that_fails_in_flow_control_is_reported() -> None:
    class Careless(Writer):
        def pause_writing(self) -> None:
            raise ZeroDivisionError

        resume_writing = pause_writing

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        contexts: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _, context: contexts.append(context))
        theirs, ours = os.pipe()
        transport, protocol = await loop.connect_write_pipe(Careless, open(ours, "wb", 0))
        transport.write(bytes(3 * PIPE_BYTES))
        while transport.get_write_buffer_size():
            drain(theirs)
            await eagerloop.sleep(0)
        assert [context["message"] for context in contexts] == [
            "protocol.pause_writing() failed",
            "protocol.resume_writing() failed",
        ]
        assert contexts[0]["transport"] is transport
        assert contexts[0]["protocol"] is protocol
        transport.close()
        await protocol.lost
        os.close(theirs)

    eagerloop.run(main())


def test_the_reader_leaves_an_idle_writer() -> None:
    async def main() -> None:
        theirs, ours = os.pipe()
        transport, protocol = await writing(ours)
        os.close(theirs)
        assert await protocol.lost is None
        assert transport.is_closing()

    eagerloop.run(main())


def test_the_reader_leaves_a_full_pipe() -> None:
    async def main() -> None:
        theirs, ours = os.pipe()
        transport, protocol = await writing(ours)
        transport.write(bytes(2 * PIPE_BYTES))
        os.close(theirs)
        assert isinstance(await protocol.lost, BrokenPipeError)
        assert protocol.heard[-1] == "lost"

    eagerloop.run(main())


def test_writing_to_a_broken_pipe(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        theirs, ours = os.pipe()
        transport, protocol = await writing(ours)
        os.close(theirs)
        transport.write(b"nobody reads this")  # before the poller has told us
        with caplog.at_level(logging.WARNING):
            for _ in range(4):
                transport.write(b"nor this")
            assert caplog.records == []
            transport.write(b"nor this")
        assert "pipe closed by peer or os.write(pipe, data) raised exception." in caplog.text
        assert isinstance(await protocol.lost, BrokenPipeError)
        assert protocol.heard == ["made", "lost"]

    eagerloop.run(main())


def test_a_socket_that_talks_back_is_not_taken_for_closed() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        transport, protocol = await writing(ours.detach())
        theirs.send(b"chatter")
        await eagerloop.sleep(0.02)
        assert not transport.is_closing()
        transport.write(b"heard")
        assert theirs.recv(100) == b"heard"
        theirs.close()
        transport.write(b"gone")
        assert isinstance(await protocol.lost, BrokenPipeError | ConnectionResetError)

    eagerloop.run(main())


def test_a_socket_whose_peer_leaves() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        _, protocol = await writing(ours.detach())
        theirs.close()
        assert await protocol.lost is None

    eagerloop.run(main())


@pytest.mark.parametrize("data", ["text", 5, None, [b"list"]])
def test_only_bytes_can_be_written(data: Any) -> None:
    async def main() -> None:
        theirs, ours = os.pipe()
        transport, protocol = await writing(ours)
        with pytest.raises(TypeError, match="data argument must be a bytes-like object, not"):
            transport.write(data)
        transport.close()
        await protocol.lost
        os.close(theirs)

    eagerloop.run(main())
