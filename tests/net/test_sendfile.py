"""Files onto sockets: by the kernel and by hand, to the end, in part, and interrupted."""

from __future__ import annotations

import asyncio
import io
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eagerloop.constants import SENDFILE_UNSENT_BYTES
from eagerloop.net import sendfile
from tests.conftest import Run
from tests.net.peers import Recorder, nonblocking_pair

DATA = os.urandom(1_500_000)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Any]:
    path = tmp_path / "file"
    path.write_bytes(DATA)
    with path.open("rb") as opened:
        yield opened


class NotAFile(io.BytesIO):
    """Bytes without a descriptor: the kernel has nothing to copy from."""


def source(file: Any, native: bool) -> Any:
    return file if native else NotAFile(DATA)


class Strange(asyncio.Transport):
    """Says nothing of sendfile."""

    def is_closing(self) -> bool:
        return False


async def read_all(sock: socket.socket) -> bytes:
    loop: Any = asyncio.get_running_loop()
    got = bytearray()
    while chunk := await loop.sock_recv(sock, 300_000):
        got += chunk
    return bytes(got)


PARTS = [(0, None), (0, 1000), (1000, None), (1000, 1000), (len(DATA) - 10, 100), (len(DATA), None)]


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize(("offset", "count"), PARTS)
def test_sock_sendfile(run: Run, file: Any, native: bool, offset: int, count: int | None) -> None:
    expected = DATA[offset:] if count is None else DATA[offset : offset + count]
    origin = source(file, native)

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with right:
            reading = loop.create_task(read_all(right))
            with left:
                sent = await loop.sock_sendfile(left, origin, offset, count)
            assert sent == len(expected)
            assert await reading == expected
        assert origin.tell() == offset + sent

    run(main)


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize(("offset", "count"), PARTS)
def test_sendfile(run: Run, file: Any, native: bool, offset: int, count: int | None) -> None:
    expected = DATA[offset:] if count is None else DATA[offset : offset + count]
    origin = source(file, native)

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        transport, protocol = await loop.create_connection(Recorder, sock=left)
        with right:
            reading = loop.create_task(read_all(right))
            transport.write(b"before ")
            sent = await loop.sendfile(transport, origin, offset, count)
            transport.write(b" behind")
            transport.close()
            assert await reading == b"before " + expected + b" behind"
            await protocol.lost
        assert sent == len(expected)
        assert origin.tell() == offset + sent

    run(main)


class Limited:
    """A TCP connection in the middle of a large file, with what limits its unsent bytes."""

    def __init__(self, file: Any, own: int = 0) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        with listener:
            self.left = socket.create_connection(listener.getsockname())
            self.right, _ = listener.accept()
        for sock in (self.left, self.right):
            sock.setblocking(False)
        self.left.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 50_000)  # the file does not fit
        if own:
            self.left.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, own)
        self.before = self.limit()
        self.sending: Any = asyncio.create_task(self.send(file))

    async def send(self, file: Any) -> int:
        loop: Any = asyncio.get_running_loop()
        return int(await loop.sock_sendfile(self.left, file))

    def limit(self) -> int:
        return self.left.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)

    def close(self) -> None:
        self.left.close()
        self.right.close()


needs_a_limit = pytest.mark.skipif(
    not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="this system does not limit unsent bytes"
)


@needs_a_limit
@pytest.mark.parametrize("end", ["sent", "cancelled", "reset"])
def test_unsent_bytes_are_limited_meanwhile(run: Run, file: Any, end: str) -> None:
    async def main() -> None:
        it = Limited(file)
        await asyncio.sleep(0.01)
        assert it.limit() == SENDFILE_UNSENT_BYTES != it.before
        if end == "sent":
            reading = asyncio.create_task(read_all(it.right))
            assert await it.sending == len(DATA)
            it.left.shutdown(socket.SHUT_WR)
            assert await reading == DATA
        elif end == "cancelled":
            it.sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await it.sending
        else:
            it.right.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            it.right.close()
            with pytest.raises(ConnectionError):
                await asyncio.wait_for(it.sending, 5)
        assert it.limit() == it.before
        it.close()

    run(main)


@needs_a_limit
def test_a_stricter_limit_stays(run: Run, file: Any) -> None:
    async def main() -> None:
        it = Limited(file, own=10_000)
        await asyncio.sleep(0.01)
        assert it.limit() == it.before == 10_000
        it.sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await it.sending
        it.close()

    run(main)


@needs_a_limit
def test_a_socket_closed_meanwhile_keeps_no_limit(run: Run, file: Any) -> None:
    """Its number may be another's by then."""

    async def main() -> None:
        it = Limited(file)
        await asyncio.sleep(0.01)
        asyncio.get_running_loop().remove_writer(it.left.fileno())
        it.close()
        it.sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await it.sending

    run(main)


def test_behind_what_is_still_to_write(run: Run, file: Any) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        transport, protocol = await loop.create_connection(Recorder, sock=left)
        queued = bytes(3_000_000)
        transport.write(queued)
        sending = loop.create_task(loop.sendfile(transport, file))
        await asyncio.sleep(0.01)
        with pytest.raises(RuntimeError, match="unable to write; sendfile is in progress"):
            transport.write(b"too early")
        with right:
            reading = loop.create_task(read_all(right))
            assert await sending == len(DATA)
            transport.close()
            assert await reading == queued + DATA
            await protocol.lost

    run(main)


@pytest.mark.parametrize("native", [True, False])
def test_reading_pauses_and_goes_on(run: Run, file: Any, native: bool) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        transport, protocol = await loop.create_connection(Recorder, sock=left)
        with right:
            right.send(b"hello")
            sending = loop.create_task(loop.sendfile(transport, source(file, native)))
            await asyncio.sleep(0.01)
            reading = loop.create_task(read_all(right))
            await sending
            assert transport.get_protocol() is protocol
            assert await protocol.wait_for(5) == b"hello"
            transport.close()
            await reading
            await protocol.lost

    run(main)


@pytest.mark.parametrize("native", [True, False])
def test_cancelled_the_file_tells_how_far_it_got(run: Run, file: Any, native: bool) -> None:
    origin = source(file, native)

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        sending = loop.create_task(loop.sock_sendfile(left, origin))
        await asyncio.sleep(0.05)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        left.close()
        with right:
            got = await read_all(right)
        assert got == DATA[: len(got)]
        assert 0 < len(got) < len(DATA)
        if native:
            assert origin.tell() == len(got)

    run(main)


@pytest.mark.parametrize("native", [True, False])
def test_a_peer_that_leaves(run: Run, file: Any, native: bool) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        transport, protocol = await loop.create_connection(Recorder, sock=left)
        sending = loop.create_task(loop.sendfile(transport, source(file, native)))
        await asyncio.sleep(0.05)
        right.close()
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(sending, 5)
        transport.close()
        await protocol.lost

    run(main)


@pytest.mark.parametrize("native", [True, False])
def test_an_abort_ends_it(run: Run, file: Any, native: bool) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        transport, protocol = await loop.create_connection(Recorder, sock=left)
        sending = loop.create_task(loop.sendfile(transport, source(file, native)))
        await asyncio.sleep(0.05)
        transport.abort()
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(sending, 5)
        await protocol.lost
        right.close()

    run(main)


def test_without_fallback(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with right:
            unavailable = pytest.raises(asyncio.SendfileNotAvailableError, match="not a regular")
            with unavailable:
                await loop.sock_sendfile(left, NotAFile(DATA), fallback=False)
            transport, protocol = await loop.create_connection(Recorder, sock=left)
            with unavailable:
                await loop.sendfile(transport, NotAFile(DATA), fallback=False)
            transport.close()
            with pytest.raises(RuntimeError, match="Transport is closing"):
                await loop.sendfile(transport, NotAFile(DATA))
            await protocol.lost
        with pytest.raises(RuntimeError, match="sendfile is not supported for transport"):
            await loop.sendfile(Strange(), NotAFile(DATA))

    run(main)


def test_a_growing_file_is_sent_to_its_end(run: Run, file: Any, tmp_path: Path) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with right:
            sending = loop.create_task(loop.sock_sendfile(left, file))
            await asyncio.sleep(0.02)
            with (tmp_path / "file").open("ab") as more:
                more.write(b"more")
            reading = loop.create_task(read_all(right))
            assert await sending == len(DATA) + 4
            left.close()
            assert await reading == DATA + b"more"

    run(main)


@pytest.mark.parametrize(
    ("offset", "count", "error", "message"),
    [
        (-1, None, ValueError, "offset must be a non-negative integer"),
        ("x", None, TypeError, "offset must be a non-negative integer"),
        (0, 0, ValueError, "count must be a positive integer"),
        (0, "x", TypeError, "count must be a positive integer"),
    ],
)
def test_wrong_parts(
    run: Run, file: Any, offset: Any, count: Any, error: type[Exception], message: str
) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left, right:
            with pytest.raises(error, match=message):
                await loop.sock_sendfile(left, file, offset, count)

    run(main)


def test_wrong_files_and_sockets(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        path = tmp_path / "text"
        path.write_text("text")
        with left, right, path.open() as text, path.open("rb") as binary:
            with pytest.raises(ValueError, match="file should be opened in binary mode"):
                await loop.sock_sendfile(left, text)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
                datagrams.setblocking(False)
                with pytest.raises(ValueError, match="only SOCK_STREAM type sockets"):
                    await loop.sock_sendfile(datagrams, binary)

    run(main)


def test_an_empty_file(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        path = tmp_path / "empty"
        path.touch()
        with left, right, path.open("rb") as empty:
            assert await loop.sock_sendfile(left, empty) == 0
            assert await sendfile.Transfer(left, empty, 0, None).run(loop) == 0

    run(main)


def test_cancelled_behind_what_is_still_to_write(run: Run, file: Any) -> None:
    """It had not begun: the transport writes and reads as before."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        transport, protocol = await loop.create_connection(Recorder, sock=left)
        queued = bytes(3_000_000)
        transport.write(queued)
        sending = loop.create_task(loop.sendfile(transport, file))
        await asyncio.sleep(0.01)
        with pytest.raises(RuntimeError, match="Empty waiter is already set"):
            await loop.sendfile(transport, file)  # the first one goes on
        assert not transport.is_reading()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        transport.write(b"end")
        transport.close()
        with right:
            assert await read_all(right) == queued + b"end"
        await protocol.lost

    run(main)


@pytest.mark.parametrize("on_transport", [True, False])
@pytest.mark.parametrize("native", [True, False])
def test_cancelled_and_the_file_closed(
    run: Run, file: Any, native: bool, on_transport: bool
) -> None:
    """`with open(...)` ends before the task does: its cancellation is no error of the file's."""
    origin = source(file, native)

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with right:
            transport, protocol = await loop.create_connection(Recorder, sock=left)
            if on_transport:
                sending = loop.create_task(loop.sendfile(transport, origin))
            else:
                other, peer = nonblocking_pair()
                sending = loop.create_task(loop.sock_sendfile(other, origin))
            await asyncio.sleep(0.05)
            sending.cancel()
            origin.close()
            with pytest.raises(asyncio.CancelledError):
                await sending
            if not on_transport:
                other.close()
                peer.close()
            transport.abort()
            await protocol.lost

    run(main)


@pytest.mark.parametrize("paused_before", [False, True])
def test_the_protocol_hears_of_each_pause_once(run: Run, paused_before: bool) -> None:
    """Cancelled while the socket is full: whoever writes next has to know, and to hear its end."""
    told: list[str] = []

    class Writer(Recorder):
        def pause_writing(self) -> None:
            told.append("pause")

        def resume_writing(self) -> None:
            told.append("resume")

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        transport, protocol = await loop.create_connection(Writer, sock=left)
        if paused_before:
            transport.write(bytes(3_000_000))
        by_hand = sendfile._sendfile_fallback(loop, transport, NotAFile(DATA), 0, None)
        sending = loop.create_task(by_hand)
        await asyncio.sleep(0.05)
        assert transport.get_write_buffer_size() > transport.get_write_buffer_limits()[1]
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert told == ["pause"]
        with right:
            reading = loop.create_task(read_all(right))
            while transport.get_write_buffer_size():
                await asyncio.sleep(0)
            assert told == ["pause", "resume"]
            transport.close()
            await reading
            await protocol.lost

    run(main)
