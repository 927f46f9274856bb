"""Accepting: one Acceptor per listening socket of a Server.

A connection's transport is made in the callback that accepted it: no task, no future and no turn
lies between `accept` and it. Protocol and transport run in their connection's own copy of the
server's context.
"""

from __future__ import annotations

import errno
import socket
from functools import partial
from typing import TYPE_CHECKING, Any

from ..constants import ACCEPT_RETRY_DELAY
from ..log import logger
from ..trsock import TransportSocket
from .readiness import NOT_NOW

if TYPE_CHECKING:
    from asyncio import BaseProtocol, Future, Transport
    from contextvars import Context

    from ..eventloop import EventLoop
    from .listen import Server

# Connections taken in one turn. A burst of more leaves the others their turn, and what is only needed
# until a connection has begun is used again for the next, instead of a thousand times at once.
MAX_ACCEPTS = 64

# The process or the system is out of descriptors or memory.
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

# What accept(2) on Linux passes on from the connection: it is broken, the listening socket is not.
_CONNECTIONS_OWN = frozenset(
    {
        errno.ENETDOWN,
        errno.EPROTO,
        errno.ENOPROTOOPT,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
    }
)


class Acceptor:
    """Accepts on *sock* for *server* between `start` and `stop`."""

    def __init__(self, server: Server, sock: socket.socket, context: Context) -> None:
        self._loop: EventLoop = server.get_loop()
        self._server = server
        self._sock = sock
        self._context = context
        self._retry: Any = None
        self._stopped = False

    def start(self) -> None:
        self._retry = None
        self._loop._add_reader(self._sock.fileno(), self._accept_ready, context=self._context)

    def stop(self) -> None:
        """Accept no more; the caller closes the socket."""
        self._stopped = True
        self._loop._remove_reader(self._sock.fileno())
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    def _accept_ready(self) -> None:
        # a backlog's worth and one for the race: more than that can wait a turn
        for _ in range(min(self._server.backlog + 1, MAX_ACCEPTS)):
            try:
                conn, address = self._sock.accept()
            except ConnectionAbortedError:
                continue  # it left before its turn
            except NOT_NOW:
                return
            except OSError as exc:
                if exc.errno in _CONNECTIONS_OWN:
                    continue  # so did this one
                self._back_off(exc)
                return
            context = self._context.copy()
            context.run(self._open, conn, address, context)
            if self._stopped:
                return  # the protocol's factory closed the server

    def _back_off(self, exc: OSError) -> None:
        """Try again later: the listening socket stays readable, so going on at once would spin."""
        exhausted = exc.errno in _EXHAUSTED
        self._loop.call_exception_handler(
            {
                "message": f"socket.accept() {'out of system resource' if exhausted else 'failed'}",
                "exception": exc,
                "socket": TransportSocket(self._sock),
            }
        )
        if not self._stopped:
            self._loop._remove_reader(self._sock.fileno())
            self._retry = self._loop.call_later(ACCEPT_RETRY_DELAY, self._start_again)

    def _start_again(self) -> None:
        if self._sock.fileno() < 0:
            return  # its owner has closed it
        try:
            self.start()
        except OSError as exc:  # what accept lacked, the poller lacks too: ENOMEM, say
            self._back_off(exc)

    def _open(self, conn: socket.socket, address: Any, context: Context) -> None:
        if self._loop.get_debug():
            logger.debug("%r got a new connection from %r: %r", self._server, address, conn)
        protocol: BaseProtocol | None = None
        try:
            conn.setblocking(False)
            protocol = self._server.protocol_factory()
            self._make_transport(conn, address, protocol, context)
        except (SystemExit, KeyboardInterrupt):
            conn.close()
            raise
        except BaseException as exc:  # one connection's failure must not stop the others
            conn.close()
            self._report(exc, protocol, None)

    def _make_transport(
        self, conn: socket.socket, address: Any, protocol: BaseProtocol, context: Context
    ) -> None:
        server = self._server
        extra = {"peername": address}
        if not server.security:
            self._loop._make_socket_transport(
                conn, protocol, extra=extra, server=server, context=context
            )
            return
        waiter: Future[None] = self._loop.create_future()
        transport = self._loop._make_ssl_transport(
            conn,
            protocol,
            server.security.context,
            waiter,
            server_side=True,
            extra=extra,
            server=server,
            context=context,
            **server.security.transport_arguments(),
        )
        over = partial(self._handshake_over, transport, protocol)
        waiter.add_done_callback(over, context=context)

    def _handshake_over(self, transport: Any, protocol: BaseProtocol, waiter: Future[None]) -> None:
        exc = None if waiter.cancelled() else waiter.exception()
        if exc is not None:
            transport.close()
            self._report(exc, protocol, transport)

    def _report(
        self, exc: BaseException, protocol: BaseProtocol | None, transport: Transport | None
    ) -> None:
        """Tell the exception handler, in debug mode only: strangers can cause this as often as they
        like.
        """
        if not self._loop.get_debug():
            return
        context: dict[str, Any] = {
            "message": "Error on transport creation for incoming connection",
            "exception": exc,
        }
        if protocol is not None:
            context["protocol"] = protocol
        if transport is not None:
            context["transport"] = transport
        self._loop.call_exception_handler(context)
