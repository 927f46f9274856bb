"""TLSProtocol: TLS between a transport and the application's protocol.

    transport  --get_buffer, buffer_updated-->  TLSProtocol  --data_received-->  application
    transport  <------------- write ----------  TLSProtocol  <---- write ------  TLSTransport

It drives a TLSState (tlsstate.py, with the table of states) and holds what a state needs: timers,
the backlog of what could not be encrypted yet, and the pauses both ways. Any transport will do:
ours, another loop's, or a TLSTransport.

Reading. Received bytes pass through one scratch buffer per loop, which is empty again before
anything else runs. What a packet held is delivered in one call.

Writing. The first write of a turn is encrypted and sent at once. What follows in the same turn
waits for its end (`flush`) or for 16 KiB, and goes out in as few records as it fits in: else a
small write costs a record of its own, in time and in 22 bytes.

Ending, each within ssl_shutdown_timeout, each with one connection_lost:
- close(): what was written goes out, then close_notify; what the peer still sends is dropped, and
  the connection is closed when its close_notify comes, or as soon as it sends anything else.
- the peer's close_notify, or its end of file without one: eof_received, then as close().
- a TLS error: the alert that says why goes out, then the connection is closed with the error.
"""

from __future__ import annotations

import ssl
import weakref
from asyncio.exceptions import CancelledError
from asyncio.protocols import BufferedProtocol
from collections import deque
from typing import TYPE_CHECKING, Any

from ..constants import (
    FLOW_CONTROL_HIGH_WATER_SSL_READ,
    FLOW_CONTROL_HIGH_WATER_SSL_WRITE,
    LOG_THRESHOLD_FOR_CONNLOST_WRITES,
    SSL_HANDSHAKE_TIMEOUT,
    SSL_SHUTDOWN_TIMEOUT,
)
from ..core.turn import Turn
from ..core.watch import Channel
from ..log import logger
from . import tlsstate
from .tlsstate import TLSState
from .tlstransport import TLSTransport

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future, TimerHandle
    from collections.abc import Iterable

    from .tlsstate import Data

_SCRATCH = 256 * 1024  # bytes: what one read from the socket may bring
_RECORD = 16384  # bytes of data in a record
_PIECE = 8 * _RECORD  # bytes encrypted before the transport may say that it has enough

# which of the application's callbacks have been called
_INIT, _CONNECTED, _EOF, _LOST = range(4)

_buffers: weakref.WeakKeyDictionary[Any, bytearray] = weakref.WeakKeyDictionary()


def scratch_of(loop: Any) -> bytearray:
    """The loop's scratch buffer."""
    buffer = _buffers.get(loop)
    if buffer is None:
        buffer = _buffers[loop] = bytearray(_SCRATCH)
    return buffer


def client_context(server_side: bool, server_hostname: str | None) -> ssl.SSLContext:
    """What `ssl=True` means."""
    if server_side:
        raise ValueError("Server side SSL needs a valid SSLContext")
    context = ssl.create_default_context()
    if not server_hostname:
        context.check_hostname = False
    return context


def checked_timeout(name: str, timeout: float | None, default: float) -> float:
    if timeout is None:
        return default
    if timeout <= 0:
        raise ValueError(f"{name} should be a positive number, got {timeout}")
    return timeout


def water_marks(high: int | None, low: int | None, default: int) -> tuple[int, int]:
    """(high, low) in bytes, each from the other or from `default`, in KiB, where it is None."""
    if high is None:
        high = default * 1024 if low is None else 4 * low
    if low is None:
        low = high // 4
    if not high >= low >= 0:
        raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
    return high, low


class TLSProtocol(Channel):
    """The layer between a transport and an application's protocol (asyncio's SSLProtocol).

    Args:
        loop: the transport's.
        app_protocol: the application's.
        sslcontext: None: the default for clients.
        waiter: settled when the handshake is done or has failed; may be None.
        server_side: which end of the connection this is.
        server_hostname: a client's: whose certificate it expects.
        call_connection_made: False if the application has a connection already (start_tls).
        ssl_handshake_timeout: seconds; None: 60.
        ssl_shutdown_timeout: seconds; None: 30.
    """

    __slots__ = (
        "_app_buffered",
        "_app_paused",
        "_app_protocol",
        "_app_stage",
        "_app_transport",
        "_backlog",
        "_backlog_size",
        "_conn_lost",
        "_corked",
        "_failure",
        "_handshake_start",
        "_handshake_timeout",
        "_handshake_timer",
        "_loop",
        "_peer_eof",
        "_read_high",
        "_read_low",
        "_reading_paused",
        "_scratch",
        "_scratch_view",
        "_shutdown_timeout",
        "_shutdown_timer",
        "_sslcontext",
        "_tls",
        "_transport",
        "_transport_full",
        "_transport_paused",
        "_turn",
        "_waiter",
        "_write_high",
        "_write_low",
    )

    def __init__(
        self,
        loop: AbstractEventLoop,
        app_protocol: Any,
        sslcontext: ssl.SSLContext | None,
        waiter: Future[None] | None,
        server_side: bool = False,
        server_hostname: str | None = None,
        call_connection_made: bool = True,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
    ) -> None:
        self._flush_due = False
        self._handshake_timeout = checked_timeout(
            "ssl_handshake_timeout", ssl_handshake_timeout, SSL_HANDSHAKE_TIMEOUT
        )
        self._shutdown_timeout = checked_timeout(
            "ssl_shutdown_timeout", ssl_shutdown_timeout, SSL_SHUTDOWN_TIMEOUT
        )
        if not sslcontext:
            sslcontext = client_context(server_side, server_hostname)
        self._sslcontext = sslcontext
        self._tls = TLSState(sslcontext, server_side, server_hostname)
        self._loop = loop
        self._turn = loop if isinstance(loop, Turn) else None
        self._waiter = waiter
        self._scratch = scratch_of(loop)
        self._scratch_view = memoryview(self._scratch)
        # the application's side
        self._app_stage: int = _INIT if call_connection_made else _CONNECTED
        self._app_paused = False  # it was told to pause writing
        self._reading_paused = False  # it asked us to pause reading
        self._set_app_protocol(app_protocol)
        self._app_transport: TLSTransport | None = TLSTransport(loop, self)
        # written and not encrypted yet
        self._backlog: deque[Data] = deque()
        self._backlog_size = 0
        self._corked = False  # this turn's first write has gone out
        # the transport's side
        self._transport: Any = None
        self._transport_full = False  # it told us to pause writing
        self._transport_paused = False  # we paused its reading
        self._peer_eof = False
        self._conn_lost = 0  # writes after the end
        self._failure: BaseException | None = None  # why we are closing
        self._handshake_start = 0.0
        self._handshake_timer: TimerHandle | None = None
        self._shutdown_timer: TimerHandle | None = None
        self._read_high, self._read_low = water_marks(None, None, FLOW_CONTROL_HIGH_WATER_SSL_READ)
        self._write_high, self._write_low = water_marks(
            None, None, FLOW_CONTROL_HIGH_WATER_SSL_WRITE
        )

    def _set_app_protocol(self, protocol: Any) -> None:
        self._app_protocol = protocol
        self._app_buffered = isinstance(protocol, BufferedProtocol)

    # What the transport calls.

    def connection_made(self, transport: Any) -> None:
        """Begin the handshake."""
        self._transport = transport
        if self._tls.state != tlsstate._NEW:  # closed meanwhile
            transport.abort()
            return
        if self._loop.get_debug():
            logger.debug("%r starts SSL handshake", self)
            self._handshake_start = self._loop.time()
        self._tls.advance(tlsstate.HANDSHAKE)
        self._handshake_timer = self._loop.call_later(
            self._handshake_timeout, self._on_handshake_timeout
        )
        self._go_on_with_handshake()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._scratch_view

    def buffer_updated(self, nbytes: int) -> None:
        """The transport has put `nbytes` into the scratch buffer."""
        tls = self._tls
        tls.feed(self._scratch, nbytes)
        if tls.state == tlsstate._OPEN:
            self._deliver()
        elif tls.state == tlsstate._HANDSHAKE:
            self._go_on_with_handshake()
        elif tls.state == tlsstate._FLUSHING:
            self._go_on_with_flush()
        elif tls.state == tlsstate._SHUTDOWN:
            self._go_on_with_shutdown()

    def data_received(self, data: Data) -> None:
        """For a transport, or a reader's leftovers, that has bytes instead of room for them."""
        view = memoryview(data).cast("B")
        while len(view) > 0:
            count = min(len(view), _SCRATCH)
            self._scratch_view[:count] = view[:count]
            view = view[count:]
            self.buffer_updated(count)

    def eof_received(self) -> bool:
        """The peer will send no more. True: we close the transport ourselves, when we are done."""
        self._peer_eof = True
        if self._loop.get_debug():
            logger.debug("%r received EOF", self)
        state = self._tls.state
        if state == tlsstate._HANDSHAKE:
            self._handshake_failed(
                ConnectionResetError("the peer closed the connection during the SSL handshake")
            )
        elif state == tlsstate._OPEN and not self._reading_paused:
            self._deliver()
        elif state == tlsstate._FLUSHING:
            self._go_on_with_flush()
        elif state == tlsstate._SHUTDOWN:
            self._go_on_with_shutdown()
        return True

    def connection_lost(self, exc: BaseException | None) -> None:
        """The transport is closed: tell the application, once, and let go of everything."""
        if exc is None:
            exc = self._failure
        if self._tls.state != tlsstate._CLOSED:
            self._tls.advance(tlsstate.CLOSED)
        self._conn_lost += 1
        self._failure = None
        self._backlog.clear()
        self._backlog_size = 0
        if self._handshake_timer is not None:
            self._handshake_timer.cancel()
            self._handshake_timer = None
        if self._shutdown_timer is not None:
            self._shutdown_timer.cancel()
            self._shutdown_timer = None
        if self._app_transport is not None:
            self._app_transport._closed = True
        if self._app_stage == _CONNECTED or self._app_stage == _EOF:
            self._app_stage = _LOST
            self._loop.call_soon(self._app_protocol.connection_lost, exc)
        self._transport = None
        self._app_transport = None
        self._app_protocol = None
        if self._waiter is not None:  # the handshake was not done
            if exc is None:
                exc = ConnectionAbortedError("the connection was closed during the SSL handshake")
            self._wake_waiter(exc)

    def pause_writing(self) -> None:
        """The transport has enough."""
        assert not self._transport_full
        self._transport_full = True

    def resume_writing(self) -> None:
        """The transport has room again."""
        assert self._transport_full
        self._transport_full = False
        if self._tls.state == tlsstate._FLUSHING:
            self._go_on_with_flush()
        else:
            self._write_backlog()

    def flush(self) -> None:
        """The turn ends: encrypt what was written after its first write."""
        self._flush_due = False
        self._corked = False
        if self._backlog_size > 0:
            self._write_backlog()

    # Handshake.

    def _go_on_with_handshake(self) -> None:
        try:
            done = self._tls.handshake()
        except ssl.SSLError as exc:  # what the peer sent is refused, or is no TLS at all
            self._handshake_failed(exc)
            return
        self._send()
        if done:
            self._handshake_done()

    def _handshake_done(self) -> None:
        if self._handshake_timer is not None:
            self._handshake_timer.cancel()
            self._handshake_timer = None
        if self._loop.get_debug():
            took = self._loop.time() - self._handshake_start
            logger.debug("%r: SSL handshake took %.1f ms", self, took * 1e3)
        if self._app_stage == _INIT:
            self._app_stage = _CONNECTED
            self._app_protocol.connection_made(self._app_transport)
        self._wake_waiter(None)
        if self._tls.state == tlsstate._OPEN:
            self._deliver()

    def _handshake_failed(self, exc: BaseException) -> None:
        if isinstance(exc, ssl.CertificateError):
            message = "SSL handshake failed on verifying the certificate"
        else:
            message = "SSL handshake failed"
        self._fatal_error(exc, message)
        self._wake_waiter(exc)

    def _on_handshake_timeout(self) -> None:
        if self._tls.state == tlsstate._HANDSHAKE:
            self._fatal_error(
                ConnectionAbortedError(
                    f"SSL handshake is taking longer than {self._handshake_timeout} seconds: "
                    f"aborting the connection"
                )
            )

    def _wake_waiter(self, exc: BaseException | None) -> None:
        waiter = self._waiter
        self._waiter = None
        if waiter is not None and not waiter.done():
            if exc is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(exc)

    # Received data.

    def _deliver(self) -> None:
        """Give the application what can be decrypted, unless it has paused us."""
        tls = self._tls
        more = True
        try:
            while more and tls.state == tlsstate._OPEN and not self._reading_paused:
                room = tls.complete()
                if room == 0:
                    break
                more = self._deliver_buffered() if self._app_buffered else self._deliver_bytes(room)
            if tls.state == tlsstate._OPEN:
                if self._backlog_size > 0 and not self._corked:
                    self._write_backlog()
                else:
                    self._send()
        except Exception as exc:  # the application's callback failed, or what came is no TLS
            self._fatal_error(exc, "Fatal error on SSL protocol")
            return
        if tls.state == tlsstate._OPEN:
            if tls.eof or (self._peer_eof and not self._reading_paused):
                self._tell_eof()
                self._begin_shutdown()
            elif self._reading_paused or self._transport_paused:
                self._control_reading()

    def _deliver_bytes(self, room: int) -> bool:
        """Deliver in one call what there is, or a scratch buffer full; False: it was all."""
        tls = self._tls
        if room <= _RECORD:
            data = tls.read_bytes(room)
        else:
            size = 0
            while _SCRATCH - size > _RECORD and tls.has_record():
                count = tls.read_into(self._scratch_view[size:], _SCRATCH - size)
                if count == 0:
                    break
                size += count
            data = bytes(self._scratch_view[:size])
        if len(data) == 0:
            return False
        self._app_protocol.data_received(data)
        return not tls.eof

    def _deliver_buffered(self) -> bool:
        """Fill the application's buffer once; False: there was nothing to fill it with."""
        tls = self._tls
        buffer = memoryview(self._app_protocol.get_buffer(tls.unread()))
        room = len(buffer)
        if room == 0:
            raise RuntimeError("get_buffer() returned an empty buffer")
        size = 0
        while size < room and tls.has_record():
            count = tls.read_into(buffer[size:] if size > 0 else buffer, room - size)
            if count == 0:
                break
            size += count
        if size == 0:
            return False
        self._app_protocol.buffer_updated(size)
        return not tls.eof

    def _tell_eof(self) -> None:
        if self._app_stage != _CONNECTED:
            return
        self._app_stage = _EOF
        try:
            if self._app_protocol.eof_received():
                logger.warning("returning true from eof_received() has no effect when using ssl")
        except Exception as exc:  # whatever the application's callback raises ends the connection
            self._fatal_error(exc, "Error calling eof_received()")

    def _pause_reading(self) -> None:
        self._reading_paused = True

    def _resume_reading(self) -> None:
        if self._reading_paused:
            self._reading_paused = False
            self._loop.call_soon(self._after_resume)

    def _after_resume(self) -> None:
        if self._tls.state == tlsstate._OPEN and not self._reading_paused:
            self._deliver()

    def _control_reading(self) -> None:
        """Pause or resume the transport, by what waits to be decrypted."""
        if self._transport is None or self._peer_eof:
            return
        size = self._tls.unread()
        if size >= self._read_high and not self._transport_paused:
            self._transport_paused = True
            self._transport.pause_reading()
        elif size <= self._read_low and self._transport_paused:
            self._transport_paused = False
            self._transport.resume_reading()

    # Data to send.

    def _write(self, data: Data) -> None:
        """Encrypt `data`, or keep it until that can be done."""
        if not self._may_write():
            return
        size = len(data)
        corked = self._corked
        self._cork()  # first, so that our flush comes before the transport's
        if (
            corked
            or size > _PIECE
            or self._backlog_size > 0
            or self._transport_full
            or self._tls.state != tlsstate._OPEN
        ):
            self._append(data)
            if not corked or self._backlog_size >= _RECORD:
                self._write_backlog()
        else:
            self._write_now(data, size)

    def _write_now(self, data: Data, size: int) -> None:
        try:
            count = self._tls.write(data)
        except Exception as exc:  # OpenSSL's verdict, or not a buffer at all
            self._fatal_error(exc, "Fatal error on SSL protocol")
            return
        if count < size:
            self._backlog.appendleft(bytes(data)[count:])
            self._backlog_size += size - count
        self._send()

    def _append(self, data: Data) -> None:
        """Keep `data` for later; a buffer that may change is copied."""
        if type(data) is not bytes:
            data = bytes(data)
        self._backlog.append(data)
        self._backlog_size += len(data)

    def _write_lines(self, lines: Iterable[Data]) -> None:
        if not self._may_write():
            return
        for data in lines:
            if len(data) > 0:
                self._append(data)
        corked = self._corked
        self._cork()
        if not corked or self._backlog_size >= _RECORD:
            self._write_backlog()

    def _may_write(self) -> bool:
        if self._tls.state <= tlsstate._OPEN:
            return True
        if self._conn_lost >= LOG_THRESHOLD_FOR_CONNLOST_WRITES:
            logger.warning("SSL connection is closed")
        self._conn_lost += 1
        return False

    def _cork(self) -> None:
        """Hold further writes of this turn until `flush`; only a loop of ours has such an end."""
        if self._turn is not None and not self._corked:
            self._corked = True
            self._turn._flush_later(self)

    def _write_backlog(self) -> None:
        """Encrypt and send what is waiting, for as long as the transport takes it."""
        tls = self._tls
        if tls.state != tlsstate._OPEN and tls.state != tlsstate._FLUSHING:
            self._control_writing()
            return
        try:
            while self._backlog_size > 0 and not self._transport_full:
                data = self._next_piece()
                count = tls.write(data)
                if count < len(data):
                    self._backlog.appendleft(data[count:])
                    self._backlog_size += len(data) - count
                    if count == 0:
                        break
                self._send_quietly()
        except Exception as exc:  # OpenSSL's verdict
            self._fatal_error(exc, "Fatal error on SSL protocol")
            return
        self._send()

    def _next_piece(self) -> Data:
        """Take the next bytes to encrypt: small ones together, a large one in parts."""
        backlog = self._backlog
        data = backlog.popleft()
        size = len(data)
        if size > _PIECE:
            view = memoryview(data)
            backlog.appendleft(view[_PIECE:])
            self._backlog_size -= _PIECE
            return view[:_PIECE]
        if len(backlog) > 0 and size + len(backlog[0]) <= _RECORD:
            pieces = [data]
            while len(backlog) > 0 and size + len(backlog[0]) <= _RECORD:
                data = backlog.popleft()
                pieces.append(data)
                size += len(data)
            data = b"".join(pieces)
        self._backlog_size -= size
        return data

    def _send_quietly(self) -> None:
        data = self._tls.output()
        if len(data) > 0 and self._transport is not None:
            self._transport.write(data)

    def _send(self) -> None:
        """Pass on what TLSState has for the peer; tell the application if that is too much."""
        self._send_quietly()
        self._control_writing()

    def _control_writing(self) -> None:
        size = self._backlog_size
        if size >= self._write_high and not self._app_paused:
            self._app_paused = True
            self._tell_flow("pause_writing")
        elif size <= self._write_low and self._app_paused:
            self._app_paused = False
            self._tell_flow("resume_writing")

    def _tell_flow(self, name: str) -> None:
        if self._app_protocol is None:
            return
        try:
            getattr(self._app_protocol, name)()
        except Exception as exc:  # the application's callback failed: reported, not fatal
            self._loop.call_exception_handler(
                {
                    "message": f"protocol.{name}() failed",
                    "exception": exc,
                    "transport": self._app_transport,
                    "protocol": self,
                }
            )

    # The end.

    def _close(self) -> None:
        """The application's close()."""
        if self._tls.state == tlsstate._OPEN:
            self._begin_shutdown()
        elif self._tls.state <= tlsstate._HANDSHAKE:
            self._abort(None)

    def _begin_shutdown(self) -> None:
        if self._tls.state != tlsstate._OPEN:
            return
        if self._app_transport is not None:
            self._app_transport._closed = True
        self._tls.advance(tlsstate.FLUSHING)
        self._start_shutdown_timer()
        self._go_on_with_flush()

    def _start_shutdown_timer(self) -> None:
        if self._shutdown_timer is None:
            self._shutdown_timer = self._loop.call_later(
                self._shutdown_timeout, self._on_shutdown_timeout
            )

    def _go_on_with_flush(self) -> None:
        self._write_backlog()
        if self._tls.state == tlsstate._FLUSHING and self._backlog_size == 0:
            self._tls.advance(tlsstate.SHUTDOWN)
            self._go_on_with_shutdown()

    def _go_on_with_shutdown(self) -> None:
        try:
            done = self._tls.shut_down()
        except ssl.SSLError as exc:  # damaged records
            self._fatal_error(exc)
            return
        self._send()
        if (done or self._peer_eof) and self._transport is not None:
            self._transport.close()

    def _on_shutdown_timeout(self) -> None:
        self._force_close(TimeoutError("SSL shutdown timed out"))

    def _abort(self, exc: BaseException | None) -> None:
        if self._tls.state != tlsstate._CLOSED:
            self._tls.advance(tlsstate.CLOSED)
        self._force_close(exc)

    def _force_close(self, exc: BaseException | None) -> None:
        """Close the transport at once; what it has not sent is lost."""
        transport = self._transport
        if transport is None:
            return
        if self._failure is None:
            self._failure = exc
        force_close = getattr(transport, "_force_close", None)
        if force_close is None:
            transport.abort()
        else:
            force_close(exc)

    def _fatal_error(self, exc: BaseException, message: str = "Fatal error on transport") -> None:
        """End the connection with `exc`; an alert that is on its way may still go out."""
        transport = self._transport
        if transport is not None and self._failure is None:
            self._failure = exc
            self._backlog.clear()
            self._backlog_size = 0
            if self._app_transport is not None:
                self._app_transport._closed = True
            self._send_quietly()
            self._tls.advance(tlsstate.CLOSED)
            if transport.get_write_buffer_size() == 0:
                self._force_close(exc)
            else:
                self._start_shutdown_timer()
                transport.close()
        if isinstance(exc, OSError):
            if self._loop.get_debug():
                logger.debug("%r: %s", self, message, exc_info=exc)
        elif not isinstance(exc, CancelledError):
            self._loop.call_exception_handler(
                {
                    "message": message,
                    "exception": exc,
                    "transport": transport,
                    "protocol": self,
                }
            )

    # What TLSTransport asks.

    def _get_extra_info(self, name: str, default: Any = None) -> Any:
        if name == "sslcontext":
            return self._sslcontext
        if self._tls.established:
            ssl_object = self._tls.ssl_object
            if name == "ssl_object":
                return ssl_object
            if name == "peercert":
                return ssl_object.getpeercert()
            if name == "cipher":
                return ssl_object.cipher()
            if name == "compression":
                return ssl_object.compression()
        if self._transport is None:
            return default
        return self._transport.get_extra_info(name, default)
