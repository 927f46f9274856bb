"""Application: the protocol above TLS, and which of its callbacks have been called.

    INIT -- connection_made --> CONNECTED -- eof_received --> EOF -- connection_lost --> LOST
                                    \\------------ connection_lost ------------------------^

connection_lost comes exactly once to who had connection_made, from here or from an earlier
transport (start_tls), and never to anyone else.
"""

from __future__ import annotations

import contextvars
from asyncio.exceptions import CancelledError
from typing import TYPE_CHECKING, Any

from ..constants import FLOW_CONTROL_HIGH_WATER_SSL_WRITE
from ..log import logger
from .socketed import takes_buffers
from .tlsoptions import SCRATCH, scratch_of, water_marks

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from .tlsstate import TLSState
    from .tlstransport import TLSTransport

_INIT, _CONNECTED, _EOF, _LOST = range(4)
_RECORD = 16384  # bytes of data in a record
_SCRATCH = SCRATCH


class Application:
    """The protocol above TLS.

    Args:
        loop: calls connection_lost, in a turn of its own.
        protocol: an asyncio Protocol or BufferedProtocol.
        transport: what the protocol is given.
        connected: it has had connection_made already.
    """

    __slots__ = (
        "buffered",
        "context",
        "high",
        "loop",
        "low",
        "paused",
        "protocol",
        "scratch",
        "stage",
        "transport",
        "view",
    )

    def __init__(
        self, loop: AbstractEventLoop, protocol: Any, transport: TLSTransport, connected: bool
    ) -> None:
        self.loop = loop
        self.transport: TLSTransport | None = transport
        self.stage: int = _CONNECTED if connected else _INIT
        self.scratch = scratch_of(loop)
        self.view = memoryview(self.scratch)
        self.context: contextvars.Context | None = None  # the connection's
        self.paused = False  # it was told to pause writing
        self.high, self.low = water_marks(None, None, FLOW_CONTROL_HIGH_WATER_SSL_WRITE)
        self.set_protocol(protocol)

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol
        self.buffered = takes_buffers(protocol)

    def made(self) -> bool:
        """The handshake is done. False: it has had connection_made already."""
        self.context = contextvars.copy_context()
        if self.stage != _INIT:
            return False
        self.stage = _CONNECTED
        self.protocol.connection_made(self.transport)
        return True

    def receive(self, tls: TLSState, room: int) -> bool:
        """Deliver what was decrypted, with one callback; False: there is no more.

        `room` is what `tls.complete()` said.
        """
        if self.buffered:
            return self.fill_buffer(tls)
        if room <= _RECORD or tls.is_last():
            data = tls.read_bytes(room)
        else:
            size = 0
            while _SCRATCH - size > _RECORD and tls.complete() > 0:
                count = tls.read_into(self.view[size:], _SCRATCH - size)
                if count == 0:
                    break
                size += count
            data = bytes(self.view[:size])
        if len(data) == 0:
            return False
        self.protocol.data_received(data)
        return not tls.eof

    def fill_buffer(self, tls: TLSState) -> bool:
        buffer = memoryview(self.protocol.get_buffer(tls.unread()))
        room = len(buffer)
        if room == 0:
            raise RuntimeError("get_buffer() returned an empty buffer")
        size = 0
        while size < room and tls.complete() > 0:
            count = tls.read_into(buffer[size:] if size > 0 else buffer, room - size)
            if count == 0:
                break
            size += count
        if size == 0:
            return False
        self.protocol.buffer_updated(size)
        return not tls.eof

    def ended(self) -> BaseException | None:
        """The peer will send no more. Returns what eof_received raised."""
        if self.stage == _CONNECTED:
            self.stage = _EOF
            try:
                keep_open = self.protocol.eof_received()
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as exc:  # a protocol may fail in any way; its connection ends
                return exc
            if keep_open:
                logger.warning("returning true from eof_received() has no effect when using ssl")
        return None

    def closing(self) -> None:
        """Its transport is closing, whether or not it asked for that."""
        if self.transport is not None:
            self.transport._closed = True

    def lost(self, exc: BaseException | None) -> None:
        """The connection is over: let go of everything."""
        self.closing()
        if self.stage == _CONNECTED or self.stage == _EOF:
            self.stage = _LOST
            self.loop.call_soon(self.protocol.connection_lost, exc)
        self.transport = None
        self.protocol = None

    def control_writing(self, size: int) -> None:
        """Tell it to pause or resume writing, by the `size` of what could not be sent yet.

        Nothing is never too much: no room would come to end such a pause.
        """
        if 0 < size >= self.high and not self.paused:
            self.paused = True
            self.tell("pause_writing")
        elif size <= self.low and self.paused:
            self.paused = False
            self.tell("resume_writing")

    def tell(self, name: str) -> None:
        if self.protocol is None:
            return
        try:
            getattr(self.protocol, name)()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:  # a protocol may fail in any way; the bytes still go out
            self.loop.call_exception_handler(
                {
                    "message": f"protocol.{name}() failed",
                    "exception": exc,
                    "transport": self.transport,
                    "protocol": self.protocol,
                }
            )

    def report(self, exc: BaseException, message: str, transport: Any, layer: Any) -> None:
        """Say that the connection ends with `exc`: what a network may do is for debug mode only."""
        if isinstance(exc, OSError):
            if self.loop.get_debug():
                logger.debug("%r: %s", layer, message, exc_info=exc)
        elif not isinstance(exc, CancelledError):
            self.loop.call_exception_handler(
                {"message": message, "exception": exc, "transport": transport, "protocol": layer}
            )
