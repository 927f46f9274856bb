"""Datagrams: one socket, one protocol, whole messages.

Reading. A wake-up reads up to 32 datagrams into one buffer of the loop and hands on exact `bytes`.
Asking a socket that has nothing left costs a system call, so the number asked for follows the
traffic: one while single datagrams come, more as soon as they queue.

Writing. A datagram goes out at once, or waits in a queue if the kernel has no room. The queue
counts eight bytes more than each datagram has, so that empty ones count too (a UDP header is that
long).

Errors of one datagram (a refused one, no route) go to `error_received`; the endpoint lives on.
"""

from __future__ import annotations

import warnings
import weakref
from asyncio import transports as _transports
from collections import deque
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from ..constants import LOG_THRESHOLD_FOR_CONNLOST_WRITES
from ..core.watch import Channel
from ..log import logger
from ..trsock import TransportSocket

if TYPE_CHECKING:
    import socket
    from asyncio import DatagramProtocol, Future

    from _typeshed import ReadableBuffer

    from ..eventloop import EventLoop

HEADER_BYTES = 8
MAX_READS = 32
# The longest datagram: UDP's is 65,507 bytes, a Unix socket's is bounded by its send buffer.
MAX_BYTES = 256 * 1024
HIGH_WATER_BYTES = 64 * 1024

# One buffer a loop: a loop reads one socket at a time.
_scratch: weakref.WeakKeyDictionary[Any, memoryview] = weakref.WeakKeyDictionary()


class Both(_transports.Transport, _transports.DatagramTransport):
    """What `isinstance` sees: asyncio's datagram transports are of both kinds."""


class DatagramTransport(Channel):
    """asyncio's DatagramTransport over a bound, connected or plain datagram socket.

    Args:
        address: where datagrams go if the socket isn't connected; `sendto` then takes no other.
        waiter: a future to settle once `connection_made` has been called.
    """

    __slots__ = (
        "_sock",
        "_sock_fd",
        "_loop",
        "_context",
        "_extra",
        "_protocol",
        "_received",
        "_address",
        "_connected",
        "_scratch",
        "_batch",
        "_queue",
        "_size",
        "_low",
        "_high",
        "_protocol_paused",
        "_paused",
        "_closing",
        "_conn_lost",
    )

    def __init__(
        self,
        loop: EventLoop,
        sock: socket.socket,
        protocol: DatagramProtocol,
        address: Any = None,
        waiter: Future[None] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        Channel.__init__(self)
        self._sock = sock
        self._sock_fd = sock.fileno()
        self._loop = loop
        self._context = copy_context()
        self._extra = _describe(sock, extra)
        self._protocol = protocol
        self._received = protocol.datagram_received
        self._address = address
        self._connected = self._extra["peername"] is not None
        self._scratch = _scratch_of(loop)
        self._batch = 1
        self._queue = deque()
        self._size = 0
        self._low = HIGH_WATER_BYTES // 4
        self._high = HIGH_WATER_BYTES
        self._protocol_paused = False
        self._paused = False
        self._closing = False
        self._conn_lost = 0
        loop.call_soon(protocol.connection_made, self, context=self._context)
        # only now may it be read, and only then may the maker of the endpoint know
        loop.call_soon(self._start_reading, context=self._context)
        if waiter is not None:
            loop.call_soon(_settle, waiter, context=self._context)

    @property
    def __class__(self) -> type:
        return Both

    def __repr__(self) -> str:
        info = [type(self).__name__]
        if self._sock is None:
            info.append("closed")
        elif self._closing:
            info.append("closing")
        info.append(f"fd={self._sock_fd}")
        if self._sock is not None and not self._loop.is_closed():
            info.append("read=polling" if self.is_reading() else "read=idle")
            state = "polling" if self._queue else "idle"
            info.append(f"write=<{state}, bufsize={self._size}>")
        return f"<{' '.join(info)}>"

    def __del__(self) -> None:
        if self._sock is not None:
            warnings.warn(f"unclosed transport {self!r}", ResourceWarning, source=self)
            self._sock.close()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._extra.get(name, default)

    def get_protocol(self) -> Any:
        return self._protocol

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol
        self._received = protocol.datagram_received

    # reading

    def is_reading(self) -> bool:
        return not (self._closing or self._paused)

    def _start_reading(self) -> None:
        if self.is_reading():
            self._loop._watch_read(self._sock_fd, self)

    def pause_reading(self) -> None:
        if self.is_reading():
            self._paused = True
            self._loop._unwatch_read(self._sock_fd)

    def resume_reading(self) -> None:
        if self._paused and not self._closing:
            self._paused = False
            self._start_reading()

    def on_readable(self) -> None:
        self._context.run(self._read)

    def _read(self) -> None:
        count = 0
        while count < self._batch:
            if self._closing or self._paused:
                return
            try:
                size, address = self._sock.recvfrom_into(self._scratch)
            except (BlockingIOError, InterruptedError):
                self._batch = max(count, 1)
                return
            except OSError as exc:
                count += 1
                self._error_received(exc)
                continue
            count += 1
            try:
                self._received(bytes(self._scratch[:size]), address)
            except (SystemExit, KeyboardInterrupt):
                raise
            except (
                BaseException
            ) as exc:  # the endpoint outlives a datagram that its protocol cannot take
                self._report(exc, "protocol.datagram_received() failed")
        self._batch = min(2 * self._batch, MAX_READS)

    # writing

    def sendto(self, data: ReadableBuffer, addr: Any = None) -> None:
        """Send *data*, or queue it.

        Raises:
            TypeError: *data* has no bytes.
            ValueError: another address than the endpoint's.
        """
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(
                f"data argument must be a bytes-like object, not {type(data).__name__!r}"
            )
        if self._address:
            if addr is not None and addr != self._address:
                raise ValueError(f"Invalid address: must be None or {self._address}")
            addr = self._address
        if self._conn_lost:
            if self._conn_lost >= LOG_THRESHOLD_FOR_CONNLOST_WRITES:
                logger.warning("socket.send() raised exception.")
            self._conn_lost += 1
            return
        if not self._queue:
            if self._send(data, addr):
                return
            self._loop._watch_write(self._sock_fd, self)
        data = bytes(data)  # its owner may change it before it goes
        self._queue.append((data, addr))
        self._size += len(data) + HEADER_BYTES
        self._pause_if_high()

    def _send(self, data: ReadableBuffer, addr: Any) -> bool:
        """False if the kernel has no room now. An error ends the datagram: the protocol hears of
        it.
        """
        try:
            if self._connected:
                self._sock.send(data)
            else:
                self._sock.sendto(data, addr)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as exc:
            self._error_received(exc)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:  # an address that the socket cannot read
            self._fatal_error(exc, "Fatal write error on datagram transport")
        return True

    def on_writable(self) -> None:
        self._context.run(self._write)

    def _write(self) -> None:
        while self._queue and not self._conn_lost:
            data, addr = self._queue[0]
            if not self._send(data, addr):
                break
            if self._queue:  # a fatal error has emptied it
                self._queue.popleft()
                self._size -= len(data) + HEADER_BYTES
        if self._conn_lost:
            return
        self._resume_if_low()
        if not self._queue:
            self._loop._unwatch_write(self._sock_fd)
            if self._closing:
                self._conn_lost += 1
                self._loop.call_soon(self._connection_lost, None, context=self._context)

    # flow control

    def get_write_buffer_size(self) -> int:
        return self._size

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if high is None:
            high = HIGH_WATER_BYTES if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._high = high
        self._low = low
        self._pause_if_high()

    def _pause_if_high(self) -> None:
        if self._size > self._high and not self._protocol_paused:
            self._protocol_paused = True
            self._tell("pause_writing")

    def _resume_if_low(self) -> None:
        if self._protocol_paused and self._size <= self._low:
            self._protocol_paused = False
            self._tell("resume_writing")

    def _tell(self, method: str) -> None:
        try:
            getattr(self._protocol, method)()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:  # flow control goes on without it
            self._report(exc, f"protocol.{method}() failed")

    # the end

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """Send what is queued, then end."""
        if self._closing:
            return
        self._closing = True
        self._loop._unwatch_read(self._sock_fd)
        if not self._queue:
            self._conn_lost += 1
            self._loop.call_soon(self._connection_lost, None, context=self._context)

    def abort(self) -> None:
        """End at once; what is queued is lost."""
        self._force_close(None)

    def _force_close(self, exc: BaseException | None) -> None:
        if self._conn_lost:
            return
        self._queue.clear()
        self._size = 0
        self._closing = True
        self._conn_lost += 1
        self._loop._unwatch(self._sock_fd)
        self._loop.call_soon(self._connection_lost, exc, context=self._context)

    def _connection_lost(self, exc: BaseException | None) -> None:
        try:
            self._protocol.connection_lost(exc)
        finally:
            self._loop._unwatch(self._sock_fd)
            self._sock.close()
            self._sock = None
            self._protocol = None
            self._received = None

    def _error_received(self, exc: OSError) -> None:
        try:
            self._protocol.error_received(exc)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as failure:  # as with a datagram: the endpoint lives on
            self._report(failure, "protocol.error_received() failed")

    def _fatal_error(self, exc: BaseException, message: str) -> None:
        self._report(exc, message)
        self._force_close(exc)

    def _report(self, exc: BaseException, message: str) -> None:
        self._loop.call_exception_handler(
            {"message": message, "exception": exc, "transport": self, "protocol": self._protocol}
        )


def _describe(sock: socket.socket, extra: dict[str, Any] | None) -> dict[str, Any]:
    """What `get_extra_info` knows of a socket. The name of the peer is None where there is none."""
    known: dict[str, Any] = {"socket": TransportSocket(sock), "sockname": None, "peername": None}
    for name, ask in (("sockname", sock.getsockname), ("peername", sock.getpeername)):
        try:
            known[name] = ask()
        except OSError:
            continue  # not bound, not connected
    return known | (extra or {})


def _scratch_of(loop: Any) -> memoryview:
    buffer = _scratch.get(loop)
    if buffer is None:
        buffer = _scratch[loop] = memoryview(bytearray(MAX_BYTES))
    return buffer


def _settle(waiter: Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
