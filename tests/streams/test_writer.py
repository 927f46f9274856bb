"""StreamWriter over real sockets."""

from __future__ import annotations

import gc
import socket
from typing import Any

import pytest

import eagerloop
from eagerloop.streams import StreamReader, StreamReaderProtocol, StreamWriter
from tests.conftest import Run


async def connected() -> tuple[StreamReader, StreamWriter, socket.socket]:
    """Streams on one end of a pair of sockets, and the other end."""
    mine, other = socket.socketpair()
    reader, writer = await eagerloop.open_connection(sock=mine)
    return reader, writer, other


def test_a_write_put_into_the_transport_is_the_one_that_is_called(run: Run) -> None:
    async def main() -> None:
        _, writer, other = await connected()
        with other:
            seen: list[Any] = []
            writer.transport.write = seen.append
            writer.write(b"one")
            assert seen == [b"one"]
            writer.close()
            await writer.wait_closed()

    run(main)


def test_what_is_written_arrives(run: Run) -> None:
    async def main() -> None:
        _, writer, other = await connected()
        with other:
            writer.write(b"one ")
            writer.writelines([b"two ", bytearray(b"three")])
            await writer.drain()
            writer.write_eof()
            other.setblocking(True)
            other.settimeout(5)
            received = b""
            while data := await eagerloop.get_running_loop().run_in_executor(None, other.recv, 99):
                received += data
            assert received == b"one two three"
            writer.close()
            await writer.wait_closed()

    run(main)


def test_drain_waits_while_the_peer_does_not_read(run: Run) -> None:
    async def main() -> None:
        _, writer, other = await connected()
        loop: Any = eagerloop.get_running_loop()
        with other:
            writer.write(bytes(8 << 20))
            drain = eagerloop.create_task(writer.drain())
            await eagerloop.sleep(0.02)
            assert not drain.done()
            other.setblocking(False)
            left = 8 << 20
            while left:
                left -= len(await loop.sock_recv(other, 1 << 20))
            await drain
            writer.close()
            await writer.wait_closed()

    run(main)


def test_drain_after_close_ends_a_loop_of_writes(run: Run) -> None:
    async def main() -> None:
        _, writer, other = await connected()
        with other:
            writer.close()
            assert writer.is_closing()

            async def go_on() -> None:
                while True:
                    writer.write(b"more")
                    await writer.drain()

            with pytest.raises(ConnectionResetError, match="Connection lost"):
                await go_on()
            await writer.wait_closed()

    run(main)


def test_drain_raises_what_the_reader_has(run: Run) -> None:
    async def main() -> None:
        reader, writer, other = await connected()
        with other:
            reader.set_exception(LookupError("from the reader"))
            with pytest.raises(LookupError, match="from the reader"):
                await writer.drain()
            writer.close()
            await writer.wait_closed()

    run(main)


def test_drain_over_a_protocol_with_a_helper_of_its_own(run: Run) -> None:
    class Own(StreamReaderProtocol):
        drained = 0

        async def _drain_helper(self) -> None:  # type: ignore[override]
            self.drained += 1

    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        mine, other = socket.socketpair()
        reader = StreamReader()
        transport, protocol = await loop.create_connection(lambda: Own(reader), sock=mine)
        writer = StreamWriter(transport, protocol, reader, loop)
        with other:
            await writer.drain()
            assert protocol.drained == 1
            writer.close()
            await writer.drain()
            await writer.wait_closed()

    run(main)


def test_the_transport_is_asked_for_information(run: Run) -> None:
    async def main() -> None:
        reader, writer, other = await connected()
        with other:
            assert writer.transport is reader._transport
            assert writer.get_extra_info("socket").fileno() >= 0
            assert writer.get_extra_info("nothing", 5) == 5
            text = repr(writer)
            assert text.startswith("<StreamWriter transport=<")
            assert " reader=<StreamReader transport=<" in text
            writer.close()
            await writer.wait_closed()

    run(main)


def test_a_dropped_writer_closes_and_warns(run: Run) -> None:
    async def main() -> None:
        reader, writer, other = await connected()
        with other:
            with pytest.warns(ResourceWarning, match="unclosed <StreamWriter"):
                del writer
                gc.collect()
            assert await reader.read() == b""

    run(main)


def test_a_writer_dropped_after_its_loop_says_so(loop: eagerloop.EventLoop) -> None:
    class Open:
        def is_closing(self) -> bool:
            return False

    writer = StreamWriter(Open(), None, None, loop)
    loop.close()
    with pytest.warns(ResourceWarning, match="loop is closed"):
        del writer
        gc.collect()


def test_a_reader_that_is_none_of_ours_is_refused(loop: eagerloop.EventLoop) -> None:
    with pytest.raises(AssertionError):
        StreamWriter(None, None, object(), loop)
