"""DatagramTransport: one datagram socket, one protocol, whole messages.

Reading. A wake-up reads up to 32 datagrams. Asking a socket that has nothing left costs a system
call, so the number asked for follows the traffic: one while single datagrams come, more as soon as
they queue.

Writing. A datagram goes out at once, or waits in a queue if the kernel has no room. The queue
counts eight bytes more than each datagram has (a UDP header's length), so that empty ones count.

Errors of one datagram (a refused one, no route) go to `error_received`; the endpoint lives on.
"""

from __future__ import annotations

import asyncio.transports as _transports
import socket
from collections import deque
from typing import TYPE_CHECKING, Any

from .. import constants
from ..core import runtime
from ..log import logger
from .socketed import SocketTransport

if TYPE_CHECKING:
    from asyncio import DatagramProtocol, Future

    import cython
    from _typeshed import ReadableBuffer

    from ..eventloop import EventLoop
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares it
    from ..core.runtime import call_one

HEADER_BYTES = 8
MAX_READS = 32
WOULD_BLOCK = -2

runtime.init()


class Both(_transports.Transport, _transports.DatagramTransport):
    """What `isinstance` sees: asyncio's datagram transports are of both kinds."""


class DatagramTransport(SocketTransport):
    """asyncio's DatagramTransport over a bound, connected or plain datagram socket.

    Args:
        address: where datagrams go if the socket isn't connected; `sendto` then takes no other.
        waiter: a future to settle once `connection_made` has been called.
    """

    __slots__ = ("_address", "_connected", "_peer", "_batch", "_queue", "_paused")

    _start_tls_compatible = False
    _sendfile_compatible = constants._SendfileMode.UNSUPPORTED

    def __init__(
        self,
        loop: EventLoop,
        sock: socket.socket,
        protocol: DatagramProtocol,
        address: Any = None,
        waiter: Future[None] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        SocketTransport.__init__(self, loop, sock, protocol, extra, None, None)
        self._address = address
        self._peer = runtime.peer_new(sock.family)
        self._batch = 1
        self._queue: deque[tuple[bytes, Any]] = deque()
        self._paused = False
        self._connected = self.get_extra_info("peername") is not None
        loop.call_soon(self._protocol.connection_made, self)
        # only now may it be read, and only then may the maker of the endpoint know
        loop.call_soon(self._begin_reading, waiter)

    def __dealloc__(self) -> None:
        runtime.peer_free(self._peer)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return Both

    def set_protocol(self, protocol: Any) -> None:
        """Exchanges the protocol; what arrives next goes to the new one."""
        self._protocol = protocol
        self._set_receiver(getattr(protocol, "datagram_received", None))  # it may only send

    # Reading.

    def is_reading(self) -> bool:
        """Whether what arrives is read."""
        return not self._closing and not self._paused

    def pause_reading(self) -> None:
        """Stops reading until `resume_reading`; the kernel drops what its buffer cannot take."""
        if self.is_reading():
            self._paused = True
            self._loop._unwatch_read(self._sock_fd, self)

    def resume_reading(self) -> None:
        """Reads again."""
        if self._paused and not self._closing:
            self._paused = False
            self._loop._watch_read(self._sock_fd, self)

    def _begin_reading(self, waiter: Future[None] | None) -> None:
        if self._open and self.is_reading():
            self._begin_watching(waiter)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def on_readable(self) -> None:
        call_one(self, self._read, None)

    def _read(self, _: None) -> None:
        self._read_batch()

    def _read_batch(self) -> None:
        count = 0
        while count < self._batch:
            if self._closing or self._paused:
                return
            data = None
            try:  # one for both calls: entering costs
                data = runtime.sock_recvfrom(self._socket, self._sock_fd, self._peer)
                if data is None:
                    break
                count += 1
                if self._unbound:
                    self._receive(self._protocol, data, runtime.peer_sender(self._peer))
                else:
                    self._receive(data, runtime.peer_sender(self._peer))
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as exc:  # a protocol may fail in any way; the endpoint lives on
                if data is not None:
                    self._report(exc, "protocol.datagram_received() failed")
                elif isinstance(exc, OSError):
                    count += 1
                    self._error_received(exc)
                else:
                    self._fatal_error(exc, "Fatal read error on datagram transport")
        # all that were asked for: there may be more next time; fewer: there were no more
        if count == self._batch:
            self._batch = min(2 * count, MAX_READS)
        else:
            self._batch = max(count, 1)

    # Writing.

    def sendto(self, data: ReadableBuffer, addr: Any = None) -> None:
        """Sends a datagram, or queues it.

        Raises:
            TypeError: that is not bytes-like.
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
        if self._conn_lost > 0 and (self._connected or not self._open):
            if self._conn_lost >= constants.LOG_THRESHOLD_FOR_CONNLOST_WRITES:
                logger.warning("socket.send() raised exception.")
            self._conn_lost += 1
            return
        if not self._writing:
            if self._send(data, addr) or self._conn_lost > 0:
                return
            self._start_writing()
            if self._conn_lost > 0:  # it cannot be waited for
                return
        data = bytes(data)  # its owner may change it before it goes
        self._queue.append((data, addr))
        self._own_outbox()
        self._outbox.size += len(data) + HEADER_BYTES
        self._maybe_pause_protocol()

    def _send(self, data: ReadableBuffer, addr: Any) -> bool:
        """False if the kernel has no room. An error ends the datagram: the protocol hears of it."""
        sent = 0
        try:
            if self._connected:
                sent = runtime.sock_send(self._socket, self._sock_fd, data)
                if sent < WOULD_BLOCK:
                    raise runtime.sock_error(sent)
            else:
                sent = runtime.sock_sendto(self._socket, self._sock_fd, data, addr, self._peer)
        except OSError as exc:
            self._error_received(exc)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:  # an address that the socket cannot read
            self._fatal_error(exc, "Fatal write error on datagram transport")
        return sent != WOULD_BLOCK

    def on_writable(self) -> None:
        call_one(self, self._write, None)

    def _write(self, _: None) -> None:
        while self._queue:
            data, addr = self._queue[0]
            if not self._send(data, addr):
                break
            if self._conn_lost > 0:
                return  # the end has emptied the queue
            self._queue.popleft()
            self._outbox.size -= len(data) + HEADER_BYTES
        self._maybe_resume_protocol()
        if not self._queue and self._conn_lost == 0:
            self._stop_writing()
            if self._closing:
                self._conn_lost += 1
                self._loop.call_soon(self._call_connection_lost, None)

    # The end.

    def close(self) -> None:
        """Ends it once everything is sent; nothing is read any more."""
        if self._closing:
            return
        self._closing = True
        self._loop._unwatch_read(self._sock_fd, self)
        if not self._queue:
            self._conn_lost += 1
            self._loop.call_soon(self._call_connection_lost, None, context=self._own_context())

    def _force_close(self, exc: BaseException | None) -> None:
        self._queue.clear()
        SocketTransport._force_close(self, exc)

    def _error_received(self, exc: OSError) -> None:
        try:
            self._protocol.error_received(exc)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as failure:  # as with a datagram: the endpoint lives on
            self._report(failure, "protocol.error_received() failed")

    def _report(self, exc: BaseException, message: str) -> None:
        self._loop.call_exception_handler(
            {"message": message, "exception": exc, "transport": self, "protocol": self._protocol}
        )
