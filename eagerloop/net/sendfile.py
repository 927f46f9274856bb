"""Files onto sockets: `loop.sock_sendfile` and `loop.sendfile`.

The kernel copies where it can (sendfile(2), from page cache to socket); where it can't, and the
caller lets us, the file is read in the executor and written. Either way the file's position ends
just behind the last byte that was sent, after errors and cancellation too, so that the caller can
tell how far it got.

Over TCP the kernel is kept from taking more of a file than it is about to send. A whole file in its
queue goes out in one rush, which wakes the reader for each segment and displaces what other
connections have in the caches; in small portions the same file costs less than half the CPU time.
"""

from __future__ import annotations

import errno
import io
import os
import socket
from asyncio.exceptions import CancelledError, SendfileNotAvailableError
from asyncio.protocols import Protocol
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, NoReturn

from ..constants import SENDFILE_FALLBACK_READBUFFER_SIZE, SENDFILE_UNSENT_BYTES, _SendfileMode
from ..tasks.waiting import wait
from . import sockops
from .readiness import NOT_NOW, Watching, check_not_tls

if TYPE_CHECKING:
    from asyncio import BaseTransport, Future
    from collections.abc import Coroutine

    from ..eventloop import EventLoop

# Linux sends at most 2 GiB less a page a call; asking for more is an error on other systems.
_MAX_BYTES_PER_CALL = 0x7FFF_F000
_LEVEL = socket.IPPROTO_TCP
_UNSENT: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)


class FileSending:
    """The loop's methods that send files."""

    __slots__ = ()

    async def sendfile(
        self: Any,
        transport: Any,
        file: Any,
        offset: int = 0,
        count: int | None = None,
        *,
        fallback: bool = True,
    ) -> int:
        """Send a file over a transport; return the number of bytes.

        The kernel copies where it can. However it ends, `file` stands behind the last byte sent.

        Args:
            file: open for reading bytes.
            offset: where to begin, in bytes.
            count: how many bytes; None is to the end.
            fallback: read and write where the kernel cannot copy (TLS, what is no regular file).

        Raises:
            SendfileNotAvailableError: the kernel cannot, and `fallback` is False.
            RuntimeError: the transport is closing, or cannot send files at all.
        """
        return await sendfile(self, transport, file, offset, count, fallback)

    def _sendfile_native(
        self: Any, transp: Any, file: Any, offset: int, count: int | None
    ) -> Coroutine[Any, Any, int]:
        return sendfile_native(self, transp, file, offset, count)

    async def sock_sendfile(
        self: Any,
        sock: socket.socket,
        file: Any,
        offset: int = 0,
        count: int | None = None,
        *,
        fallback: bool | None = True,
    ) -> int:
        """`sendfile` over a socket without a transport."""
        return await sock_sendfile(self, sock, file, offset, count, bool(fallback))

    def _sock_sendfile_native(
        self: Any, sock: socket.socket, file: Any, offset: int, count: int | None
    ) -> Coroutine[Any, Any, int]:
        return sock_sendfile_native(self, sock, file, offset, count)


async def sock_sendfile(
    loop: EventLoop, sock: socket.socket, file: Any, offset: int, count: int | None, fallback: bool
) -> int:
    if loop.get_debug() and sock.gettimeout() != 0:
        raise ValueError("the socket must be non-blocking")
    check_not_tls(sock)
    _check(sock, file, offset, count)
    try:
        return await loop._sock_sendfile_native(sock, file, offset, count)
    except SendfileNotAvailableError:
        if not fallback:
            raise
    return await _sock_sendfile_fallback(loop, sock, file, offset, count)


def _check(sock: socket.socket, file: Any, offset: Any, count: Any) -> None:
    if "b" not in getattr(file, "mode", "b"):
        raise ValueError("file should be opened in binary mode")
    if sock.type != socket.SOCK_STREAM:
        raise ValueError("only SOCK_STREAM type sockets are supported")
    if count is not None:
        if not isinstance(count, int):
            raise TypeError(f"count must be a positive integer (got {count!r})")
        if count <= 0:
            raise ValueError(f"count must be a positive integer (got {count!r})")
    if not isinstance(offset, int):
        raise TypeError(f"offset must be a non-negative integer (got {offset!r})")
    if offset < 0:
        raise ValueError(f"offset must be a non-negative integer (got {offset!r})")


class Transfer:
    """One file on its way through the kernel. `sent` counts the bytes, whatever ends it."""

    def __init__(self, sock: socket.socket, file: Any, offset: int, count: int | None) -> None:
        """Raises:
        SendfileNotAvailableError: *file* has no descriptor to copy from.
        """
        if not hasattr(os, "sendfile"):
            raise SendfileNotAvailableError("os.sendfile() is not available")
        try:
            self._source: int = file.fileno()
            size = os.fstat(self._source).st_size
        except (AttributeError, io.UnsupportedOperation, OSError):
            raise SendfileNotAvailableError("not a regular file") from None
        self._sock = sock
        self._file = file
        self._offset = offset
        self._count = count
        self._end = offset + count if count else size  # a file may grow meanwhile
        self._empty = not (count or size)
        self.sent = 0

    async def run(self, loop: EventLoop, lost: Future[None] | None = None) -> int:
        """The number of bytes sent, once all are.

        Args:
            lost: gets an exception if the connection ends meanwhile.

        Raises:
            SendfileNotAvailableError: nothing was sent, and the kind of file may be why.
            OSError: the connection broke on the way.
        """
        if self._empty:
            return 0
        before = self._limit_unsent()
        try:
            if not self._step():
                with Watching(loop, self._sock.fileno(), writing=True) as watching:
                    if lost is not None:
                        lost.add_done_callback(watching.wake)
                    await watching.ready()
                    while not (lost is not None and lost.done()) and not self._step():
                        await watching.ready()
            if lost is not None and lost.done():
                lost.result()
        except OSError as exc:
            if not self.sent:
                raise SendfileNotAvailableError("os.sendfile call failed") from exc
            if exc.errno == errno.ENOTCONN:
                raise ConnectionError(errno.ENOTCONN, "socket is not connected") from exc
            raise
        finally:
            if before is not None and self._sock.fileno() >= 0:
                self._sock.setsockopt(_LEVEL, _UNSENT, before)  # type: ignore[arg-type]
            if not is_closed(self._file):
                os.lseek(self._source, self._offset + self.sent, os.SEEK_SET)
        return self.sent

    def _limit_unsent(self) -> int | None:
        """The socket's own limit, if ours takes its place for the time of the transfer."""
        if (
            _UNSENT is None
            or self._sock.family not in (socket.AF_INET, socket.AF_INET6)
            or self._end - self._offset <= SENDFILE_UNSENT_BYTES
        ):
            return None
        before = self._sock.getsockopt(_LEVEL, _UNSENT)
        if 0 < before <= SENDFILE_UNSENT_BYTES:
            return None
        self._sock.setsockopt(_LEVEL, _UNSENT, SENDFILE_UNSENT_BYTES)
        return before

    def _step(self) -> bool:
        """Send what the socket takes now. True once all is sent, False for another turn."""
        try:
            while True:
                wanted = self._count - self.sent if self._count else _MAX_BYTES_PER_CALL
                if wanted <= 0:
                    return True
                position = self._offset + self.sent
                target = self._sock.fileno()
                sent = os.sendfile(target, self._source, position, min(wanted, _MAX_BYTES_PER_CALL))
                if not sent:
                    return True  # the end of the file
                self.sent += sent
                if position + sent < self._end:
                    return False
        except NOT_NOW:
            return False


async def sock_sendfile_native(
    loop: EventLoop, sock: socket.socket, file: Any, offset: int, count: int | None
) -> int:
    loop._ensure_fd_no_transport(sock)
    return await Transfer(sock, file, offset, count).run(loop)


class _Pieces:
    """*file* from *offset*, *count* bytes or all, read in the executor; `sent` counts those gone.

    A read that has begun cannot be called back, and it moves the file. Who is cancelled waits for
    it, since only then the file can be put behind what was sent.
    """

    def __init__(self, loop: EventLoop, file: Any, offset: int, count: int | None) -> None:
        self._loop = loop
        self._file = file
        self._offset = offset
        self._left = count
        self._seekable = hasattr(file, "seek")
        if self._seekable:
            file.seek(offset)
        size = SENDFILE_FALLBACK_READBUFFER_SIZE
        self._buffer = memoryview(bytearray(min(count, size) if count else size))
        self._at_file = Lock()
        self._given_up = False
        self.sent = 0

    async def next(self) -> memoryview:
        """Empty at the end. It is good until the next one."""
        view = self._buffer if self._left is None else self._buffer[: self._left]
        if not view:
            return view
        reading = self._loop.run_in_executor(None, self._read, view)
        try:
            await wait([reading])
        except CancelledError:
            self._given_up = True
            # what cannot be put back need not be waited for either, and might never end
            while self._seekable and self._at_file.locked() and not reading.done():
                with suppress(CancelledError):  # the first one is raised
                    await wait([reading])
            reading.add_done_callback(_ignore)
            raise
        read = reading.result() or 0
        if self._left is not None:
            self._left -= read
        return view[:read]

    def _read(self, view: memoryview) -> int | None:
        """In a thread. One that comes too late leaves the file alone."""
        with self._at_file:
            return 0 if self._given_up else self._file.readinto(view)

    def end(self) -> None:
        """Put the file behind the last byte sent."""
        if self._seekable and not is_closed(self._file):
            self._file.seek(self._offset + self.sent)


def _ignore(reading: Future[Any]) -> None:
    """Nobody asks any more how the read ended."""
    if not reading.cancelled():
        reading.exception()


async def _sock_sendfile_fallback(
    loop: EventLoop, sock: socket.socket, file: Any, offset: int, count: int | None
) -> int:
    pieces = _Pieces(loop, file, offset, count)
    try:
        while piece := await pieces.next():
            while piece:
                sent = await sockops.call(loop, sock, True, "send", (piece,))
                pieces.sent += sent
                piece = piece[sent:]
        return pieces.sent
    finally:
        pieces.end()


def is_closed(file: Any) -> bool:
    """Its owner need not wait for a transfer that he has cancelled."""
    return bool(getattr(file, "closed", False))


async def sendfile(
    loop: EventLoop, transport: Any, file: Any, offset: int, count: int | None, fallback: bool
) -> int:
    if transport.is_closing():
        raise RuntimeError("Transport is closing")
    mode = getattr(transport, "_sendfile_compatible", _SendfileMode.UNSUPPORTED)
    if mode is _SendfileMode.UNSUPPORTED:
        raise RuntimeError(f"sendfile is not supported for transport {transport!r}")
    if mode is _SendfileMode.TRY_NATIVE:
        try:
            return await loop._sendfile_native(transport, file, offset, count)
        except SendfileNotAvailableError:
            if not fallback:
                raise
    if not fallback:
        raise SendfileNotAvailableError(
            f"fallback is disabled and native sendfile is not supported for transport {transport!r}"
        )
    return await _sendfile_fallback(loop, transport, file, offset, count)


async def sendfile_native(
    loop: EventLoop, transport: Any, file: Any, offset: int, count: int | None
) -> int:
    """sendfile(2) behind what the transport has still to write; meanwhile it neither reads nor
    writes.
    """
    _check(transport._sock, file, offset, count)
    resume = transport.is_reading()
    transport.pause_reading()
    empty = transport._make_empty_waiter()
    try:
        await empty
        lost = transport._empty_waiter = loop.create_future()
        return await Transfer(transport._sock, file, offset, count).run(loop, lost)
    finally:
        transport._reset_empty_waiter()
        if resume:
            transport.resume_reading()


async def _sendfile_fallback(
    loop: EventLoop, transport: Any, file: Any, offset: int, count: int | None
) -> int:
    pieces = _Pieces(loop, file, offset, count)
    stand_in = _StandIn(loop, transport)
    try:
        while piece := await pieces.next():
            await stand_in.drain()
            transport.write(piece)
            pieces.sent += len(piece)  # it goes out now, whoever is cancelled
        await stand_in.drain()
        return pieces.sent
    finally:
        stand_in.restore()
        pieces.end()


class _StandIn(Protocol):
    """Takes the protocol's place while its transport sends a file: it reads nothing and waits for
    the water marks.
    """

    def __init__(self, loop: EventLoop, transport: Any) -> None:
        self._loop = loop
        self._transport = transport
        self._protocol = transport.get_protocol()
        self._resume_reading = transport.is_reading()
        self._was_paused = transport._protocol_paused
        self._drained: Future[None] | None = None
        transport.pause_reading()
        transport.set_protocol(self)
        if self._was_paused:
            self.pause_writing()

    async def drain(self) -> None:
        if self._transport.is_closing():
            raise ConnectionError("Connection closed by peer")
        if self._drained is not None:
            await self._drained

    def restore(self) -> None:
        self._transport.set_protocol(self._protocol)
        if self._resume_reading:
            self._transport.resume_reading()
        if self._drained is not None:
            self._drained.cancel()  # nobody waits for it any more
        paused = self._transport._protocol_paused
        if self._was_paused and not paused:
            self._protocol.resume_writing()
        elif paused and not self._was_paused:
            self._protocol.pause_writing()

    def connection_made(self, transport: BaseTransport) -> NoReturn:
        raise RuntimeError("Invalid state: connection should have been established already.")

    def connection_lost(self, exc: Exception | None) -> None:
        if self._drained is not None and not self._drained.done():
            # the file is not through yet, so an orderly end is an error here
            self._drained.set_exception(exc or ConnectionError("Connection is closed by peer"))
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        if self._drained is None:
            self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    def data_received(self, data: bytes) -> NoReturn:
        raise RuntimeError("Invalid state: reading should be paused")

    def eof_received(self) -> NoReturn:
        raise RuntimeError("Invalid state: reading should be paused")
