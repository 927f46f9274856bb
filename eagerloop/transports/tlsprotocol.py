# cython: nonecheck=True
"""TLSProtocol: TLS between a transport and the application's protocol.

    transport  --get_buffer, buffer_updated-->  TLSProtocol  --data_received-->  application
    transport  <------------- write ----------  TLSProtocol  <---- write ------  TLSTransport

It drives a TLSState (tlsstate.py, with the table of states) and holds what that needs: timers, the
backlog of what is not encrypted yet, the pauses both ways. Any transport will do, a TLSTransport too.
Writing. The first write of a turn is encrypted and sent at once, the others at the turn's end
(`flush`), or in pieces of 16 KiB, in few records: each costs time, and 22 bytes.

Ending, each within ssl_shutdown_timeout, each with one connection_lost:
- close(): what was written goes out, then close_notify; what the peer still sends is dropped, and
  the connection is closed when its close_notify comes, or as soon as it sends anything else.
- the peer's close_notify, or its end of file without one: eof_received, then as close().
- a TLS error: the alert that says why goes out, then the connection is closed with the error.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from .. import constants
from ..core.scheduler import Scheduler
from ..core.watch import Channel
from ..log import logger
from . import tlsstate
from .stream import StreamTransport
from .tlsapplication import Application
from .tlsbacklog import PIECE, RECORD, Backlog
from .tlsoptions import checked_timeout, client_context, water_marks
from .tlsstate import TLSState
from .tlstransport import TLSTransport

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future, TimerHandle
    from collections.abc import Iterable

    from .tlsstate import Data

_PIECE, _RECORD = PIECE, RECORD


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
        "_app",
        "_backlog",
        "_conn_lost",
        "_failure",
        "_handshake_start",
        "_handshake_timeout",
        "_held",
        "_loop",
        "_peer_eof",
        "_read_high",
        "_read_low",
        "_app_reading_paused",
        "_scheduler",
        "_sent_in_turn",
        "_shutdown_timeout",
        "_sslcontext",
        "_stream",
        "_timer",
        "_tls",
        "_transport",
        "_transport_full",
        "_transport_paused",
        "_waiter",
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
            "ssl_handshake_timeout", ssl_handshake_timeout, constants.SSL_HANDSHAKE_TIMEOUT
        )
        self._shutdown_timeout = checked_timeout(
            "ssl_shutdown_timeout", ssl_shutdown_timeout, constants.SSL_SHUTDOWN_TIMEOUT
        )
        self._sslcontext = sslcontext or client_context(server_side, server_hostname)
        self._tls = TLSState(self._sslcontext, server_side, server_hostname)
        self._loop = loop
        self._scheduler: Any = loop if isinstance(loop, Scheduler) else None
        self._waiter = waiter
        above = TLSTransport(loop, self)
        self._app = Application(loop, app_protocol, above, not call_connection_made)
        self._app_reading_paused = False  # the application asked us to pause
        self._held = False  # start_tls: its caller gets the transport before the first data comes
        self._backlog = Backlog()
        self._sent_in_turn = -1  # the turn in which a write last went out at once
        self._transport: Any = None
        self._stream: StreamTransport | None = None
        self._transport_full = False  # it told us to pause writing
        self._transport_paused = False  # we paused its reading
        self._peer_eof = False
        self._conn_lost = 0  # writes after the end
        self._failure: BaseException | None = None  # why we are closing
        self._handshake_start = 0.0
        self._timer: TimerHandle | None = None  # one: for the handshake, then for the shutdown
        most_bytes = constants.FLOW_CONTROL_HIGH_WATER_SSL_READ
        self._read_high, self._read_low = water_marks(None, None, most_bytes)

    @property
    def _app_transport(self) -> TLSTransport | None:
        return self._app.transport

    # What the transport calls.

    def connection_made(self, transport: Any) -> None:
        """Begin the handshake."""
        self._transport = transport
        self._stream = transport if type(transport) is StreamTransport else None
        if self._tls.state != tlsstate._NEW:  # closed meanwhile
            transport.abort()
            return
        if self._loop.get_debug():
            logger.debug("%r starts SSL handshake", self)
            self._handshake_start = self._loop.time()
        self._tls.advance(tlsstate.HANDSHAKE)
        self._timer = self._loop.call_later(self._handshake_timeout, self._on_handshake_timeout)
        self._go_on_with_handshake()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._app.view

    def buffer_updated(self, nbytes: int) -> None:
        """The transport has put `nbytes` into the scratch buffer."""
        self._take(bytes(self._app.view[:nbytes]))

    def data_received(self, data: Data) -> None:
        """The same from a transport that hands over bytes, as ours does."""
        self._take(data if type(data) is bytes else bytes(data))

    def _take(self, data: bytes) -> None:
        self._tls.feed(data)
        if self._tls.state == tlsstate._OPEN and not self._held:
            self._deliver()
        else:
            self._go_on()

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
        elif state != tlsstate._OPEN:
            self._go_on()
        elif not self._app_reading_paused and not self._held:
            self._deliver()
        return True

    def _go_on(self) -> None:
        """Something came while we are not open."""
        state = self._tls.state
        if state == tlsstate._HANDSHAKE:
            self._go_on_with_handshake()
        elif state == tlsstate._FLUSHING:
            self._go_on_with_flush()
        elif state == tlsstate._SHUTDOWN:
            self._go_on_with_shutdown()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The transport is closed: tell the application and let go of everything."""
        if self._failure is not None:  # what came first, whatever the transport met after it
            exc = self._failure
        self._failure = None
        self._end()
        self._conn_lost += 1
        self._cancel_timer()
        self._transport = self._stream = None
        self._app.lost(exc)
        if self._waiter is not None:  # the handshake was not done
            gone = ConnectionAbortedError("the connection was closed during the SSL handshake")
            self._wake_waiter(exc or gone)

    def pause_writing(self) -> None:
        """The transport has enough."""
        self._transport_full = True

    def resume_writing(self) -> None:
        """The transport has room again."""
        self._transport_full = False
        if self._tls.state == tlsstate._FLUSHING:
            self._go_on_with_flush()
        elif self._tls.state == tlsstate._OPEN:
            self._write_backlog()

    def flush(self) -> None:
        """The turn ends: encrypt what was written after its first write."""
        if self._backlog.size > 0:
            self._write_backlog()

    # Handshake.

    def _go_on_with_handshake(self) -> None:
        try:
            done = self._tls.handshake()
        except ssl.SSLError as exc:  # what the peer sent is refused, or is no TLS at all
            self._handshake_failed(exc)
            return
        self._pass_on()
        if done:
            self._handshake_done()

    def _handshake_done(self) -> None:
        self._cancel_timer()
        if self._loop.get_debug():
            took = self._loop.time() - self._handshake_start
            logger.debug("%r: SSL handshake took %.1f ms", self, took * 1e3)
        self._held = not self._app.made()
        self._wake_waiter(None)
        if self._held:  # the waiter's turn is the next one
            self._loop.call_soon(self._after_pause, context=self._app.context)
        elif self._tls.state == tlsstate._OPEN:
            self._deliver()

    def _handshake_failed(self, exc: BaseException) -> None:
        message = "SSL handshake failed"
        if isinstance(exc, ssl.CertificateError):
            message += " on verifying the certificate"
        self._fatal_error(exc, message)
        self._wake_waiter(exc)

    def _on_handshake_timeout(self) -> None:
        self._timer = None
        text = f"SSL handshake is taking longer than {self._handshake_timeout} seconds"
        exc = ConnectionAbortedError(f"{text}: aborting the connection")
        self._fatal_error(exc)
        self._force_close(exc)  # whatever the peer has not read yet

    def _wake_waiter(self, exc: BaseException | None) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            if exc is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(exc)

    # Received data.

    def _deliver(self) -> None:
        """Give the application what a packet held, in one call, unless it has paused us."""
        tls = self._tls
        more = True
        try:
            while more and tls.state == tlsstate._OPEN and not self._app_reading_paused:
                room = tls.complete()
                if room == 0:
                    break
                more = self._app.receive(tls, room)
            if tls.state == tlsstate._OPEN:
                if self._backlog.size > 0 and not self._flush_due:
                    self._write_backlog()
                elif tls.answered():
                    self._send()
        except Exception as exc:  # the application's callback failed, or what came is no TLS
            self._fatal_error(exc, "Fatal error on SSL protocol")
            return
        if tls.state == tlsstate._OPEN:
            if tls.eof or (self._peer_eof and not self._app_reading_paused):
                self._peer_ended()
            elif self._app_reading_paused or self._transport_paused:
                self._control_reading()

    def _peer_ended(self) -> None:
        exc = self._app.ended()
        if exc is None:
            self._close()
        else:
            self._fatal_error(exc, "Error calling eof_received()")

    def _resume_reading(self) -> None:
        if self._app_reading_paused:
            self._app_reading_paused = False
            self._loop.call_soon(self._after_pause, context=self._app.context)

    def _after_pause(self) -> None:
        self._held = False
        self._app.control_writing(self._backlog.size)  # start_tls: it may have been paused before
        if self._tls.state == tlsstate._OPEN and not self._app_reading_paused:
            self._deliver()

    def _control_reading(self) -> None:
        """Pause or resume the transport, by what waits to be decrypted."""
        if self._transport is None or self._peer_eof:
            return
        size = self._tls.unread()
        # what waits is the beginning of a record, or has to go before their close_notify is seen
        wanted = not self._app_reading_paused or self._tls.state != tlsstate._OPEN
        if size >= self._read_high and not self._transport_paused and not wanted:
            self._transport_paused = True
            self._transport.pause_reading()
        elif (size <= self._read_low or wanted) and self._transport_paused:
            self._transport_paused = False
            self._transport.resume_reading()

    # Data to send.

    def _write(self, data: Data) -> None:
        """Encrypt `data`, or keep it until that can be done."""
        if not self._may_write():
            return
        blocked = self._is_blocked()
        first = self._is_first_of_turn()
        if first and not blocked and self._backlog.size == 0 and len(data) <= _PIECE:
            self._encrypt(data)
            self._send()
        else:
            self._backlog.append(data)
            self._send_or_hold(first or blocked)

    def _write_lines(self, lines: Iterable[Data]) -> None:
        if not self._may_write():
            return
        for data in lines:
            self._backlog.append(data)
        self._send_or_hold(self._is_first_of_turn() or self._is_blocked())

    def _may_write(self) -> bool:
        if self._tls.state <= tlsstate._OPEN:
            return True
        if self._conn_lost >= constants.LOG_THRESHOLD_FOR_CONNLOST_WRITES:
            logger.warning("SSL connection is closed")
        self._conn_lost += 1
        return False

    def _is_blocked(self) -> bool:
        return self._transport_full or self._tls.state != tlsstate._OPEN

    def _is_first_of_turn(self) -> bool:
        """Whether nothing was written in this turn; only a loop of ours has turns to tell."""
        if self._scheduler is None:
            return True
        turn = self._scheduler._turn_number
        if self._sent_in_turn == turn:
            return False
        self._sent_in_turn = turn if self._scheduler._thread_id != 0 else -1
        return True

    def _send_or_hold(self, at_once: bool) -> None:
        if at_once or self._backlog.size >= _RECORD or self._scheduler is None:
            self._write_backlog()
        elif not self._flush_due:  # as in stream.py
            self._scheduler._flush_later(self)

    def _write_backlog(self) -> None:
        """Encrypt and send what is waiting, for as long as the transport takes it."""
        state = self._tls.state
        if state == tlsstate._OPEN or state == tlsstate._FLUSHING:
            while self._backlog.size > 0 and not self._transport_full:
                if not self._encrypt(self._backlog.take()):
                    break
                self._pass_on()
        self._send()

    def _encrypt(self, data: Data) -> bool:
        """False: it could not be done for now, or never."""
        try:
            count = self._tls.write(data)
        except ssl.SSLError as exc:
            self._fatal_error(exc, "Fatal error on SSL protocol")
            return False
        self._backlog.give_back(data, count)
        return count > 0

    def _pass_on(self) -> None:
        data = self._tls.output()
        if len(data) > 0:
            if self._stream is not None:
                self._stream._put(data)
            elif self._transport is not None:
                self._transport.write(data)

    def _send(self) -> None:
        """Pass on what there is for the peer; tell the application if too much is left."""
        self._pass_on()
        self._app.control_writing(self._backlog.size)

    # The end.

    def _close(self) -> None:
        """The application's close()."""
        if self._tls.state == tlsstate._OPEN:
            self._begin_shutdown()
        elif self._tls.state <= tlsstate._HANDSHAKE:
            self._abort(None)

    def _begin_shutdown(self) -> None:
        self._app.closing()
        self._tls.advance(tlsstate.FLUSHING)
        self._control_reading()
        self._start_shutdown_timer()
        self._go_on_with_flush()

    def _start_shutdown_timer(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(self._shutdown_timeout, self._on_shutdown_timeout)

    def _on_shutdown_timeout(self) -> None:
        self._timer = None
        self._force_close(TimeoutError("SSL shutdown timed out"))

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _go_on_with_flush(self) -> None:
        exc = self._tls.discard(self._app.view)
        if exc is not None:
            self._fatal_error(exc)
            return
        self._write_backlog()
        if self._tls.state == tlsstate._FLUSHING and self._backlog.size == 0:
            self._tls.advance(tlsstate.SHUTDOWN)
            self._go_on_with_shutdown()

    def _go_on_with_shutdown(self) -> None:
        try:
            # as asyncio does: to a peer that has ended without close_notify, none is sent either
            done = self._peer_eof or self._tls.shut_down()
        except ssl.SSLError as exc:  # damaged records
            self._fatal_error(exc)
            return
        self._send()
        if done and self._transport is not None:
            self._transport.close()

    def _end(self) -> None:
        """Nothing is received, encrypted or sent from here on."""
        if self._tls.state != tlsstate._CLOSED:
            self._tls.advance(tlsstate.CLOSED)
        self._app.closing()
        self._backlog.clear()

    def _abort(self, exc: BaseException | None) -> None:
        self.flush()
        self._end()
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
        """End the connection with `exc`; the alert that tells the peer why still goes out."""
        transport = self._transport
        if transport is not None and self._failure is None:
            self._failure = exc
            if not isinstance(exc, ssl.SSLError):
                self.flush()
            self._pass_on()
            self._end()
            self._cancel_timer()
            if transport.get_write_buffer_size() == 0:
                self._force_close(exc)
            else:
                self._start_shutdown_timer()
                transport.close()
        self._app.report(exc, message, transport, self)
