"""StreamTransport: a connected TCP or Unix socket, for Protocol and BufferedProtocol.

Reading. One recv per readiness, of 256 KiB at most, takes nearly always all there is; asking whether that was all would
be a system call for nothing. A connection that has more gives way to the others, and level-triggered polling brings us
back.

Writing. asyncio sends every write() at once, a system call each. Here

  - the first write of a turn on an idle transport is sent at once: a lone reply never waits;
  - what follows in the same turn is held while it is little, and goes out together when the turn flushes;
  - a connection that wrote several times when it last wrote is expected to do so again (an HTTP server's head and
    body): its first write is held too, and all of them are one system call;
  - large writes, and held bytes beyond HOLD_BYTES, go out now, with what was held before them.

What the socket does not take waits until it is writable, and only then do water marks count: bytes that are merely held
for the turn are no back-pressure. Held bytes go out before anything that must come after them: write_eof, close,
sendfile, start_tls.

The rest, such as water marks and the end, is SocketTransport's.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from .. import constants
from ..core import runtime, watch
from ..log import logger
from .socketed import SocketTransport

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Iterable

    Buffer = bytes | bytearray | memoryview

    import cython
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares it
    from ..core.runtime import call_one, tell_one, tell_two

HOLD_BYTES = 65536  # held until the turn ends; beyond it is sent now
LARGE_BYTES = 16384  # a write of this size is never held: holding costs a copy in a cold cache
WOULD_BLOCK = -2

runtime.init()


class StreamTransport(SocketTransport):
    """What create_connection and create_server give to protocols (asyncio.Transport).

    Args:
        waiter: a future that gets its result when reading has begun.

    The others are SocketTransport's.
    """

    __slots__ = ("_wrote_in_turn", "_last_read_bytes", "_joins", "_paused", "_eof")

    def __init__(
        self,
        loop: Any,
        sock: socket.socket,
        protocol: Any,
        waiter: Any = None,
        extra: dict[str, Any] | None = None,
        server: Any = None,
        context: contextvars.Context | None = None,
    ) -> None:
        self._wrote_in_turn = -1
        self._last_read_bytes = 0
        self._joins = False
        self._paused = False
        self._eof = False
        self._open = False  # if this fails the socket is still the caller's to close
        send_at_once(sock)
        SocketTransport.__init__(self, loop, sock, protocol, extra, server, context)
        loop.call_soon(self._protocol.connection_made, self, context=context)
        loop.call_soon(self._begin_reading, waiter)

    def is_reading(self) -> bool:
        """Whether what arrives is read."""
        return not self._closing and not self._paused

    def pause_reading(self) -> None:
        """Stops reading until `resume_reading`; the peer will notice when the kernel's buffers are full."""
        if self.is_reading():
            self._paused = True
            self._loop._unwatch_read(self._sock_fd, self)
            self._loop._transports.add(self._sock_fd, self)
            if self._loop.get_debug():
                logger.debug("%r pauses reading", self)

    def resume_reading(self) -> None:
        """Reads again."""
        if self._paused and not self._closing:
            self._paused = False
            self._loop._watch_read(self._sock_fd, self)
            if self._loop.get_debug():
                logger.debug("%r resumes reading", self)

    def write(self, data: Buffer) -> None:
        """Sends bytes, in order, without waiting; `data` may be changed afterwards.

        Raises:
            TypeError: that is not bytes-like.
            RuntimeError: after `write_eof`, or while a file is being sent.
        """
        self._write(data)

    def _write(self, data: Buffer) -> None:
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(
                "data argument must be a bytes, bytearray, or memoryview object, "
                f"not {type(data).__name__!r}"
            )
        if isinstance(data, memoryview):
            data = data.cast("B") if data.c_contiguous else data.tobytes()
        self._put(data)

    def _put(self, data: Buffer) -> None:
        self._check_writable("write")
        size = len(data)
        if size == 0:
            return
        if self._conn_lost > 0:
            self._warn_lost()
            return
        if self._wrote_in_turn == self._loop._turn_number:
            self._joins = True
        elif self._outbox.size == 0 and not self._holds_first(size):
            data = self._send_first(data, size)
            if data is None:
                return
        self._own_outbox().append(data)
        self._send_or_hold(len(data))

    def writelines(self, list_of_data: Iterable[Buffer]) -> None:
        """`write` for each, in as few system calls as possible."""
        self._check_writable("writelines")
        if self._conn_lost > 0:
            self._warn_lost()
            return
        pieces = []  # whole, before any of it is taken: the iterable may raise
        for data in list_of_data:
            if not isinstance(data, (bytes, bytearray, memoryview)):
                raise TypeError(
                    "data argument must be a bytes, bytearray, or memoryview object, "
                    f"not {type(data).__name__!r}"
                )
            if len(data) > 0:
                pieces.append(bytes(data) if isinstance(data, memoryview) else data)
        size = self._outbox.size
        for data in pieces:
            self._own_outbox().append(data)
        size = self._outbox.size - size
        if size > 0:
            if self._wrote_in_turn == self._loop._turn_number:
                self._joins = True
            elif not self._holds_first(size):
                size = HOLD_BYTES
            self._send_or_hold(size)

    def can_write_eof(self) -> bool:
        """True: a socket's sending side can be closed alone."""
        return True

    def write_eof(self) -> None:
        """Closes the sending side once everything is sent."""
        if self._closing or self._eof:
            return
        self._eof = True
        self._flush_now()
        if self._outbox.size == 0 and self._conn_lost == 0:
            self._shut_down_sending()

    def close(self) -> None:
        """Ends the connection once everything is sent; nothing is read any more."""
        if self._closing:
            return
        self._closing = True
        self._loop._unwatch_read(self._sock_fd, self)
        self._flush_now()
        if self._outbox.size == 0 and self._conn_lost == 0:
            self._conn_lost += 1
            self._stop_writing()
            self._loop.call_soon(self._call_connection_lost, None, context=self._own_context())

    # Called by the loop.

    def _begin_reading(self, waiter: Any) -> None:
        """After connection_made, which may have paused or closed it."""
        if self._open:
            try:
                self._go_idle()
            except MemoryError:  # it keeps what it has: somebody waits for the connection
                pass
            if self.is_reading() and self._begin_watching(waiter):
                self._loop._transports.drop(self._sock_fd)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _on_ready(self, event: int) -> None:
        if event == watch._WRITE:
            self.on_writable()
        elif self._buffered:
            self._read_into()
        else:
            self._read()

    def on_readable(self) -> None:
        self._on_ready(watch._READ)

    def on_writable(self) -> None:
        self._send_waiting()
        if self._outbox.size == 0 and self._conn_lost == 0:
            self._stop_writing()
            self._maybe_resume_protocol()
            if self._empty_waiter is not None and not self._empty_waiter.done():
                self._empty_waiter.set_result(None)
            if self._closing:
                self._flush_now()  # what resume_writing wrote last: nothing later would end it
            if self._conn_lost > 0 or self._outbox.size > 0:
                return  # resume_writing has ended the connection, or written
            if self._closing:
                self._conn_lost += 1
                self._loop.call_soon(self._call_connection_lost, None, context=self._own_context())
            elif self._eof:
                self._shut_down_sending()
        elif self._conn_lost == 0:
            self._maybe_resume_protocol()

    def _on_flush(self) -> None:
        self._flush_now()

    def flush(self) -> None:
        self._flush_now()

    # Reading.

    def _read(self) -> None:
        if self._closing or self._paused:
            return
        received = runtime.sock_recv(self._socket, self._sock_fd, self._last_read_bytes)
        if not isinstance(received, bytes):
            if received is not None:
                self._fatal_error(received, "Fatal read error on socket transport")
            return
        data = received
        self._last_read_bytes = len(data)
        if len(data) == 0:
            self._receive_eof()
            return
        if self._unbound:
            error = tell_two(self, self._receive, self._protocol, data)
        else:
            error = tell_one(self, self._receive, data)
        if error is not None:
            self._receive_failed(error, "data_received")

    def _receive_failed(self, exc: BaseException, method: str) -> None:
        """A protocol may fail in any way; its connection ends."""
        if isinstance(exc, (SystemExit, KeyboardInterrupt)):
            raise exc
        self._fatal_error(exc, f"Fatal error: protocol.{method}() call failed.")

    def _read_into(self) -> None:
        if self._closing or self._paused:
            return
        try:
            buffer = call_one(self, self._protocol.get_buffer, -1)
            if len(buffer) == 0:
                raise RuntimeError("get_buffer() returned an empty buffer")
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:  # a protocol may fail in any way; its connection ends
            self._fatal_error(exc, "Fatal error: protocol.get_buffer() call failed.")
            return
        try:
            count = runtime.sock_recv_into(self._socket, self._sock_fd, buffer)
        except Exception as exc:  # the socket failed, or the protocol's buffer cannot be written to
            self._fatal_error(exc, "Fatal read error on socket transport")
            return
        if count == WOULD_BLOCK:
            return
        if count == 0:
            self._receive_eof()
            return
        error = tell_one(self, self._protocol.buffer_updated, count)
        if error is not None:
            self._receive_failed(error, "buffer_updated")

    def _receive_eof(self) -> None:
        if self._loop.get_debug():
            logger.debug("%r received EOF", self)
        try:
            keep_open = self._own_context().run(self._protocol.eof_received)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:  # a protocol may fail in any way; its connection ends
            self._fatal_error(exc, "Fatal error: protocol.eof_received() call failed.")
            return
        if keep_open:
            self._loop._unwatch_read(self._sock_fd, self)
            self._loop._transports.add(self._sock_fd, self)
        else:
            self.close()

    # Writing.

    def _check_writable(self, method: str) -> None:
        if self._eof:
            raise RuntimeError(f"Cannot call {method}() after write_eof()")
        if self._empty_waiter is not None:
            raise RuntimeError(f"unable to {method}; sendfile is in progress")

    def _warn_lost(self) -> None:
        if self._conn_lost >= constants.LOG_THRESHOLD_FOR_CONNLOST_WRITES:
            logger.warning("socket.send() raised exception.")
        self._conn_lost += 1

    def _holds_first(self, size: int) -> bool:
        """The first write of a turn: whether others are expected to follow, and it is held for them."""
        running = self._loop._thread_id != 0
        self._wrote_in_turn = self._loop._turn_number if running else -1
        expected = self._joins
        self._joins = False  # until a second one comes
        return bool(expected and running and size < LARGE_BYTES)

    def _send_first(self, data: Any, size: int) -> Any:
        """It goes out at once; returns what is left, or None."""
        count = runtime.sock_send(self._socket, self._sock_fd, data)
        if count < WOULD_BLOCK:
            self._fatal_error(runtime.sock_error(count), "Fatal write error on socket transport")
            return None
        if count == WOULD_BLOCK:
            count = 0
        if count == size:
            return None
        self._start_writing()
        if self._conn_lost > 0:  # it cannot be waited for
            return None
        return memoryview(data)[count:] if count > 0 else data

    def _send_or_hold(self, added_bytes: int) -> None:
        """Something was put into the outbox."""
        if self._writing:
            self._maybe_pause_protocol()
        elif added_bytes >= LARGE_BYTES or self._outbox.size > HOLD_BYTES:
            self._flush_now()
        elif not self._flush_due:
            # from 3.12 on each such call is a look-up: the method may be overridden
            self._loop._flush_later(self)

    def _flush_now(self) -> None:
        """Sends what is held; what the socket does not take waits until it is writable."""
        if self._outbox.size > 0 and not self._writing and self._conn_lost == 0:
            self._send_waiting()
            if self._outbox.size > 0 and self._conn_lost == 0:
                self._start_writing()
                self._maybe_pause_protocol()

    def _send_waiting(self) -> None:
        """Sends as much as the socket takes."""
        box = self._outbox
        while box.size > 0 and self._conn_lost == 0:
            count = runtime.sock_sendmsg(
                self._socket, self._sock_fd, box.pieces, box.first, box.offset
            )
            if count < WOULD_BLOCK:
                box.clear()
                error = runtime.sock_error(count)
                self._fatal_error(error, "Fatal write error on socket transport")
                return
            if count == WOULD_BLOCK:
                return
            box.consume(count)

    def _force_close(self, exc: BaseException | None) -> None:
        box = self._outbox
        if box.size > 0 and not self._writing and self._conn_lost == 0:
            # held for the turn's end only. If that fails now, `exc` came first
            runtime.sock_sendmsg(self._socket, self._sock_fd, box.pieces, box.first, box.offset)
        SocketTransport._force_close(self, exc)

    def _shut_down_sending(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError as exc:  # the peer was faster
            self._fatal_error(exc, "Fatal error on shutdown of socket transport")

    # For sendfile: wait until the outbox is empty, and let nobody write meanwhile.

    def _make_empty_waiter(self) -> Any:
        if self._empty_waiter is not None:
            raise RuntimeError("Empty waiter is already set")
        self._flush_now()
        self._empty_waiter = self._loop.create_future()
        if self._outbox.size == 0:
            self._empty_waiter.set_result(None)
        return self._empty_waiter

    def _reset_empty_waiter(self) -> None:
        self._empty_waiter = None


def send_at_once(sock: socket.socket) -> None:
    """Without Nagle's algorithm, which would hold small writes back."""
    if (
        sock.family in (socket.AF_INET, socket.AF_INET6)
        and sock.type == socket.SOCK_STREAM
        and sock.proto in (0, socket.IPPROTO_TCP)
    ):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
