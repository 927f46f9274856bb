"""SocketTransport: what every connected socket's transport has: who is told, the water marks, and the end.

Rules. Every end goes through `close` or `_force_close`, and `connection_lost` is called exactly once, from the loop.
Water marks count what the socket did not take: a subclass asks `_maybe_pause_protocol` only when it waits for the
socket.

Memory. Most connections of a large server are idle, so one holds no more than it needs while nothing happens. Its
outbox is made when something must wait, and what `get_extra_info` knows when somebody asks. The peer's address,
which the kernel forgets before we do, is packed into a number. A connection that a server accepted keeps its
descriptor and lets go of the socket object, which is made again for whoever wants it; and its context is a snapshot
(runtime.h) while nothing runs in it.
"""

from __future__ import annotations

import asyncio.protocols as _protocols
import asyncio.transports as _transports
import os
import socket
import warnings
from types import MethodType
from typing import TYPE_CHECKING, Any

from .. import constants
from ..core import runtime
from ..core.watch import Channel
from ..log import logger
from ..trsock import TransportSocket
from .outbox import Outbox, water_marks

if TYPE_CHECKING:
    import contextvars

    import cython
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares it
    from ..core.runtime import context_slim, dict_drop

HIGH_WATER_BYTES = 65536
NOTHING = Outbox()  # that of a transport that has none of its own; always empty
PACKED_V4 = 1 << 48  # above an IPv4 address (32 bits) and a port (16)

runtime.init()


class SocketTransport(Channel):
    """The part of a socket's transport that is not reading or writing.

    Args:
        loop: a loop of ours.
        sock: connected and non-blocking; the transport closes it.
        protocol: who is told.
        extra: for `get_extra_info`.
        server: the Server that accepted the connection; told when it begins and ends.
        context: what protocol methods are called in; a copy of the current one if omitted.
    """

    __slots__ = (
        "_loop",
        "_socket",
        "_sock_fd",
        "_conn_lost",
        "_open",
        "_unbound",
        "_buffered",
        "_described",
        "_protocol_paused",
        "_writing",
        "_closing",
        "_protocol_connected",
        "_protocol",
        "_receive",
        "_context",
        "_server",
        "_extra",
        "_peer_v4",
        "_outbox",
        "_high_water",
        "_low_water",
        "_empty_waiter",
        "__dict__",
    )

    _start_tls_compatible = True
    _sendfile_compatible = constants._SendfileMode.TRY_NATIVE

    def __cinit__(self) -> None:
        """Compiled, what is called before `__init__` or without it meets a transport that has ended."""
        self._outbox = NOTHING
        self._closing = True
        self._conn_lost = 1

    def __init__(
        self,
        loop: Any,
        sock: socket.socket,
        protocol: Any,
        extra: dict[str, Any] | None,
        server: Any,
        context: contextvars.Context | None,
    ) -> None:
        Channel.__init__(self)
        dict_drop(self)
        self._loop = loop
        hold(sock)
        self._socket: Any = sock
        self._sock_fd = sock.fileno()
        self._open = True
        self._context = runtime.snapshot() if context is None else context
        self._server = server
        self._extra = None if extra is None else dict(extra)
        self._described = False
        self._peer_v4 = 0
        self._keep_peername()
        self._outbox = NOTHING
        self._high_water = HIGH_WATER_BYTES
        self._low_water = HIGH_WATER_BYTES // 4
        self._protocol_paused = False
        self._writing = False
        self._closing = False
        self._conn_lost = 0
        self._protocol_connected = True
        self._empty_waiter: Any = None
        self.set_protocol(protocol)
        if server is not None:
            server._attach(self)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return _transports.Transport

    def __repr__(self) -> str:
        info = [type(self).__name__]
        if not self._open:
            info.append("closed")
        elif self._closing:
            info.append("closing")
        info.append(f"fd={self._sock_fd}")
        if self._loop is not None and not self._loop.is_closed():
            reading = self.is_reading()  # type: ignore[attr-defined]  # the subclass's
            info.append(f"read={'polling' if reading else 'idle'}")
            state = "polling" if self._writing else "idle"
            info.append(f"write=<{state}, bufsize={self.get_write_buffer_size()}>")
        return f"<{' '.join(info)}>"

    def __del__(self) -> None:
        if self._open:
            warnings.warn(f"unclosed transport {self!r}", ResourceWarning, source=self)
            self._release()
            if self._server is not None:
                self._server._detach(self)

    # What asyncio.Transport offers.

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """ "socket", "sockname", "peername"; what TLS adds is on its own transport."""
        if not self._described and name in ("socket", "sockname", "peername"):
            if name == "peername" and self._peer_v4 != 0:
                return unpack(self._peer_v4)
            if self._open:
                self._describe()
        return default if self._extra is None else self._extra.get(name, default)

    def get_protocol(self) -> Any:
        """Who is told what arrives."""
        return self._protocol

    def set_protocol(self, protocol: Any) -> None:
        """Exchanges the protocol; what arrives next goes to the new one."""
        self._protocol = protocol
        self._buffered = takes_buffers(protocol)
        # a protocol that only writes need not have it
        self._set_receiver(None if self._buffered else getattr(protocol, "data_received", None))

    def _set_receiver(self, receive: Any) -> None:
        """Of a method its function: no method object for each connection, no call through one for each packet."""
        self._unbound = type(receive) is MethodType and receive.__self__ is self._protocol
        self._receive = receive.__func__ if self._unbound else receive

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        return bool(self._closing)

    def abort(self) -> None:
        """Ends the connection now; what is not sent is lost."""
        self._force_close(None)

    def get_write_buffer_size(self) -> int:
        """Bytes that wait to be sent."""
        return int(self._outbox.size)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """The low and the high water mark in bytes."""
        return (self._low_water, self._high_water)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Above `high` waiting bytes the protocol is told to pause, below `low` to resume.

        Raises:
            ValueError: not high >= low >= 0.
        """
        self._high_water, self._low_water = water_marks(high, low, HIGH_WATER_BYTES)
        if self._writing:
            self._maybe_pause_protocol()

    def _begin_watching(self, waiter: Any) -> bool:
        """Reads from now on. False if the kernel watches no more descriptors: then this is the end."""
        try:
            self._loop._watch_read(self._sock_fd, self)
        except (OSError, MemoryError) as exc:  # ENOSPC or ENOMEM; or it is ours that is out
            self._fatal_error(exc)
            if waiter is not None and not waiter.done():
                waiter.set_exception(exc)
            return False
        return True

    # Back-pressure.

    def _start_writing(self) -> None:
        """The socket is full: wait until it is writable."""
        self._writing = True
        try:
            self._loop._watch_write(self._sock_fd, self)
        except (OSError, MemoryError) as exc:  # nobody watches it: it would wait for ever
            self._fatal_error(exc, "Fatal write error on socket transport")

    def _stop_writing(self) -> None:
        if self._writing:
            self._writing = False
            self._loop._unwatch_write(self._sock_fd, self)

    def _maybe_pause_protocol(self) -> None:
        if not self._protocol_paused and self._outbox.size > self._high_water:
            self._protocol_paused = True
            self._tell_protocol("pause_writing")

    def _maybe_resume_protocol(self) -> None:
        if self._protocol_paused and self._outbox.size <= self._low_water:
            self._protocol_paused = False
            self._tell_protocol("resume_writing")

    def _tell_protocol(self, method: str) -> None:
        try:
            getattr(self._protocol, method)()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:  # a protocol may fail in any way; the bytes still go out
            self._loop.call_exception_handler(
                {
                    "message": f"protocol.{method}() failed",
                    "exception": exc,
                    "transport": self,
                    "protocol": self._protocol,
                }
            )

    # The end.

    def _fatal_error(self, exc: BaseException, message: str = "Fatal error on transport") -> None:
        """Reports an error and ends the connection; the network's own errors only in debug mode."""
        if isinstance(exc, OSError):
            if self._loop.get_debug():
                logger.debug("%r: %s", self, message, exc_info=True)
        else:
            self._loop.call_exception_handler(
                {
                    "message": message,
                    "exception": exc,
                    "transport": self,
                    "protocol": self._protocol,
                }
            )
        self._force_close(exc)

    def _force_close(self, exc: BaseException | None) -> None:
        if self._conn_lost > 0:
            return
        self._outbox.clear()
        self._stop_writing()
        if not self._closing:
            self._closing = True
            self._loop._unwatch_read(self._sock_fd, self)
        self._conn_lost += 1
        self._loop.call_soon(self._call_connection_lost, exc, context=self._own_context())

    def _call_connection_lost(self, exc: BaseException | None) -> None:
        self._loop._unwatch(self._sock_fd, self)
        try:
            if self._protocol_connected:
                self._protocol.connection_lost(exc)
        finally:
            self._conn_lost += 1
            if self._socket is not None and not self._described:
                self._describe()
            try:
                self._release()
            finally:  # somebody may have closed the descriptor; who waits for the end need not suffer
                self._protocol = None
                self._receive = None
                self._loop = None
                server, self._server = self._server, None
                if server is not None:
                    server._detach(self)
                waiter = self._empty_waiter
                if waiter is not None and not waiter.done():
                    waiter.set_exception(ConnectionError("Connection is closed by peer"))

    # The socket, and what is known of it.

    @property
    def _sock(self) -> Any:
        """The socket, to be used while the transport is open; None after its end."""
        if self._open and self._socket is None:
            self._socket = socket.socket(fileno=self._sock_fd)
            self._socket.setblocking(False)
            hold(self._socket)
        return self._socket if self._open else None

    def _uses(self, fd: int) -> bool:
        """Whether this descriptor is its own, and will be in the next turn."""
        if self._closing or not self._open:
            return False
        return self._socket is None or bool(self._socket.fileno() == fd)

    def _release(self) -> None:
        """Closes the socket."""
        self._open = False
        if self._socket is None:
            os.close(self._sock_fd)
        else:
            release(self._socket)
            self._socket = None

    def _go_idle(self) -> None:
        """The connection is made: lets go of what can be had again."""
        context_slim(self)
        if cython.compiled and self._server is not None and not self._described:
            sock = self._socket
            if type(sock) is socket.socket:  # accepted for us: nobody else has it
                detach(sock)
                self._socket = None

    def _describe(self) -> None:
        self._described = True
        known = {} if self._extra is None else self._extra
        if self._peer_v4 != 0:
            known["peername"] = unpack(self._peer_v4)
        sock = self._sock
        known["socket"] = TransportSocket(sock)
        try:
            known["sockname"] = sock.getsockname()
        except OSError:  # not connected any more
            known["sockname"] = None
        self._extra = known

    def _keep_peername(self) -> None:
        known = {} if self._extra is None else self._extra
        if "peername" not in known:
            try:
                known["peername"] = self._socket.getpeername()
            except OSError:  # not connected any more
                known["peername"] = None
        self._peer_v4 = pack(known["peername"])
        if self._peer_v4 != 0:
            del known["peername"]
        self._extra = known if known else None

    def _own_outbox(self) -> Outbox:
        """Its own, for something to be put into."""
        if self._outbox is NOTHING:
            self._outbox = Outbox()
        return self._outbox

    def _own_context(self) -> contextvars.Context:
        context = runtime.context_of(self._context)
        self._context = context
        return context


def hold(sock: Any) -> None:
    """Keeps the descriptor open although its maker may close the socket: we use its number."""
    sock._io_refs += 1


def release(sock: Any) -> None:
    """Closes a socket that was held."""
    sock._io_refs -= 1
    sock.close()


def detach(sock: Any) -> None:
    """Leaves the descriptor of a socket that was held to its transport."""
    sock._io_refs -= 1
    sock.detach()


def takes_buffers(protocol: Any) -> bool:
    """Whether it is a BufferedProtocol; as uvloop does, one that has no other way counts too. Our TLS takes both."""
    if isinstance(protocol, _protocols.BufferedProtocol):
        return not getattr(protocol, "_prefers_bytes", False)
    return not hasattr(protocol, "data_received") and hasattr(protocol, "get_buffer")


def pack(name: Any) -> int:
    """An IPv4 address, as the socket module says it, in one number; 0 for every other name."""
    if type(name) is not tuple or len(name) != 2 or type(name[1]) is not int:
        return 0
    host, port = name
    try:
        address = socket.inet_pton(socket.AF_INET, host)
    except (OSError, TypeError):  # another family's pair
        return 0
    return PACKED_V4 | int.from_bytes(address, "big") << 16 | port if 0 <= port < 65536 else 0


def unpack(packed: int) -> tuple[str, int]:
    """What `pack` was given."""
    address = (packed >> 16 & 0xFFFFFFFF).to_bytes(4, "big")
    return (socket.inet_ntop(socket.AF_INET, address), packed & 0xFFFF)
