"""Listening: create_server, create_unix_server and the Server they return."""

from __future__ import annotations

import errno
import os
import socket
import sys
from asyncio.events import AbstractServer
from asyncio.exceptions import CancelledError
from collections.abc import Iterable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from ..log import logger
from ..tasks import gather
from ..trsock import TransportSocket
from .accept import Acceptor
from .readiness import check_not_tls
from .resolve import ensure_resolved
from .security import Security
from .unixpath import UnixPath

if TYPE_CHECKING:
    from asyncio import BaseProtocol, Future, Transport
    from asyncio.base_events import Server as _Base  # so that its annotation accepts ours
    from collections.abc import Callable

    from ..eventloop import EventLoop
    from .resolve import AddrInfo
else:
    _Base = AbstractServer


class Server(_Base):
    """Listening sockets and the connections they brought.

    Closed and empty are two things: `close` stops listening, the connections go on until they end
    or `close_clients` (or `abort_clients`) ends them, and `wait_closed` waits for both.
    """

    def __init__(
        self,
        loop: EventLoop,
        sockets: list[socket.socket],
        protocol_factory: Callable[[], BaseProtocol],
        ssl_context: Any,
        backlog: int,
        ssl_handshake_timeout: float | None,
        ssl_shutdown_timeout: float | None = None,
    ) -> None:
        self._loop = loop
        self._sockets: list[socket.socket] | None = sockets
        self._connections = 0  # not lost yet; an abandoned one may go
        self._waiters: list[Future[None]] | None = []  # None: closed and empty
        self._serving_forever_fut: Future[None] | None = None
        context = copy_context()
        self._acceptors = [Acceptor(self, sock, context) for sock in sockets]
        self._serving = False
        self._unix_path: UnixPath | None = None
        self.protocol_factory = protocol_factory
        self.backlog = backlog
        self.security = Security(ssl_context, None, ssl_handshake_timeout, ssl_shutdown_timeout)

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} sockets={self.sockets!r}>"

    # transports call these two

    def _attach(self, transport: Transport) -> None:
        self._connections += 1

    def _detach(self, transport: Transport) -> None:
        self._connections -= 1
        self._wake_if_over()

    @property
    def _clients(self) -> set[Transport]:
        """The transports that are open: searched for, as few ask."""
        return {client for client in self._loop._transports.all() if client._server is self}

    def _wake_if_over(self) -> None:
        if self._sockets is None and self._waiters is not None and self._connections == 0:
            waiters, self._waiters = self._waiters, None
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)

    # asyncio's interface

    def get_loop(self) -> EventLoop:
        """Give the loop that accepts the connections."""
        return self._loop

    def is_serving(self) -> bool:
        """Whether connections are accepted."""
        return self._serving

    @property
    def sockets(self) -> tuple[TransportSocket, ...]:  # type: ignore[override]  # so are asyncio's
        """The listening sockets, to be looked at; none once the server is closed."""
        return tuple(map(TransportSocket, self._sockets or ()))

    def close(self) -> None:
        """Stop listening, for good; the connections go on."""
        sockets, self._sockets = self._sockets, None
        if sockets is None:
            return
        acceptors, self._acceptors = self._acceptors, []  # they know us
        for acceptor in acceptors:
            acceptor.stop()
        for sock in sockets:
            self._loop._stop_serving(sock)
        if self._unix_path is not None:
            self._unix_path.remove()
        self._serving = False
        if self._serving_forever_fut is not None and not self._serving_forever_fut.done():
            self._serving_forever_fut.cancel()
        self._wake_if_over()

    def close_clients(self) -> None:
        """Close every connection, when what is written has been sent (CPython 3.13)."""
        for transport in self._clients:
            transport.close()

    def abort_clients(self) -> None:
        """Close every connection now; what is written is lost (CPython 3.13)."""
        for transport in self._clients:
            transport.abort()

    def _start_serving(self) -> None:
        if self._serving:
            return
        if self._sockets is None:
            raise RuntimeError(f"server {self!r} is closed")
        self._serving = True
        for sock, acceptor in zip(self._sockets, self._acceptors, strict=True):
            sock.listen(self.backlog)
            acceptor.start()

    async def start_serving(self) -> None:
        """Accept connections; does nothing if they are accepted already.

        Raises:
            RuntimeError: the server is closed.
            OSError: another one listens there.
        """
        self._start_serving()

    async def serve_forever(self) -> None:
        """Serve until cancelled or closed; both end in CancelledError, once the last client is
        gone.

        Raises:
            RuntimeError: the server is closed, or somebody is in here already.
        """
        if self._serving_forever_fut is not None:
            raise RuntimeError(f"server {self!r} is already being awaited on serve_forever()")
        if self._sockets is None:
            raise RuntimeError(f"server {self!r} is closed")
        self._start_serving()
        self._serving_forever_fut = self._loop.create_future()
        try:
            await self._serving_forever_fut
        except CancelledError:
            self.close()
            self.close_clients()
            await self.wait_closed()
            raise
        finally:
            self._serving_forever_fut = None

    async def wait_closed(self) -> None:
        """Wait until the server is closed and its last connection has ended (CPython 3.12)."""
        if self._waiters is None:
            return
        waiter = self._loop.create_future()
        self._waiters.append(waiter)
        await waiter


async def create_server(
    loop: EventLoop,
    protocol_factory: Callable[[], BaseProtocol],
    host: Any,
    port: Any,
    security: Security,
    *,
    family: int,
    flags: int,
    sock: socket.socket | None,
    backlog: int,
    reuse_address: bool | None,
    reuse_port: bool | None,
    keep_alive: bool | None,
    start_serving: bool,
) -> Server:
    security.check_server()
    if sock is not None:
        check_not_tls(sock)
    if host is not None or port is not None:
        if sock is not None:
            raise ValueError("host/port and sock can not be specified at the same time")
        if reuse_address is None:
            reuse_address = os.name == "posix" and sys.platform != "cygwin"
        options = _options(reuse_address, keep_alive)
        infos = await _addresses(loop, host, port, family, flags)
        sockets = _bind_all(loop, infos, options, bool(reuse_port))
    elif sock is None:
        raise ValueError("Neither host/port nor sock were specified")
    elif sock.type != socket.SOCK_STREAM:
        raise ValueError(f"A Stream Socket was expected, got {sock!r}")
    else:
        sockets = [sock]
    server = _serve(loop, sockets, protocol_factory, security, backlog, start_serving)
    if loop.get_debug():
        logger.info("%r is serving", server)
    return server


def _serve(
    loop: EventLoop,
    sockets: list[socket.socket],
    protocol_factory: Callable[[], BaseProtocol],
    security: Security,
    backlog: int,
    start_serving: bool,
) -> Server:
    for sock in sockets:
        sock.setblocking(False)
    server = Server(
        loop,
        sockets,
        protocol_factory,
        security.context,
        backlog,
        security.handshake_timeout,
        security.shutdown_timeout,
    )
    if start_serving:
        _start(server)
    return server


def _start(server: Server) -> None:
    try:
        server._start_serving()
    except BaseException:  # listen() failed: someone else listens there
        server.close()
        raise


async def _addresses(
    loop: EventLoop, host: Any, port: Any, family: int, flags: int
) -> list[AddrInfo]:
    """The addresses of one host or several, each once, in the order given."""
    if host == "":
        hosts: list[Any] = [None]
    elif isinstance(host, str) or not isinstance(host, Iterable):
        hosts = [host]
    else:
        hosts = list(host)
    found = await gather(
        *(ensure_resolved(loop, (name, port), family=family, flags=flags) for name in hosts)
    )
    return list(dict.fromkeys(info for infos in found for info in infos))


def _options(reuse_address: bool, keep_alive: bool | None) -> list[int]:
    options = [socket.SO_REUSEADDR] if reuse_address else []
    return [*options, socket.SO_KEEPALIVE] if keep_alive else options


def _bind_all(
    loop: EventLoop, infos: list[AddrInfo], options: list[int], reuse_port: bool
) -> list[socket.socket]:
    """A socket bound to each address that this machine has: all of them, or none is left open."""
    sockets: list[socket.socket] = []
    try:
        for info in infos:
            sock = _bind_one(loop, info, options, reuse_port)
            if sock is not None:
                sockets.append(sock)
        if not sockets:
            raise OSError(f"could not bind on any address out of {[info[4] for info in infos]!r}")
    except BaseException:  # all or none
        for sock in sockets:
            sock.close()
        raise
    return sockets


def _bind_one(
    loop: EventLoop, info: AddrInfo, options: list[int], reuse_port: bool
) -> socket.socket | None:
    """None if this machine lacks the family or the address."""
    family, type, proto, _, address = info
    try:
        sock = socket.socket(family, type, proto)
    except OSError:
        if loop.get_debug():
            logger.warning(
                "create_server() failed to create socket.socket(%r, %r, %r)",
                family,
                type,
                proto,
                exc_info=True,
            )
        return None
    try:
        for option in options:
            sock.setsockopt(socket.SOL_SOCKET, option, 1)
        if reuse_port and family in (socket.AF_INET, socket.AF_INET6):
            set_reuse_port(sock)  # Linux refuses it on other families
        if family == socket.AF_INET6 and hasattr(socket, "IPPROTO_IPV6"):
            # IPv4 has sockets of its own here: one that took both would be in their way
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if _bind(loop, sock, address):
            return sock
        sock.close()
        return None
    except BaseException:  # whatever it is, the caller never sees this socket
        sock.close()
        raise


def _bind(loop: EventLoop, sock: socket.socket, address: Any) -> bool:
    """False if this machine lacks the address."""
    try:
        sock.bind(address)
        return True
    except OSError as exc:
        text = f"error while attempting to bind on address {address!r}: {str(exc).lower()}"
        if exc.errno != errno.EADDRNOTAVAIL:
            raise OSError(exc.errno, text) from None
        if loop.get_debug():
            logger.warning(text)
        return False


def set_reuse_port(sock: socket.socket) -> None:
    """Raises:
    ValueError: the platform has no such option.
    """
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except AttributeError:
        raise ValueError("reuse_port not supported by socket module") from None
    except OSError:
        raise ValueError(
            "reuse_port not supported by socket module, SO_REUSEPORT defined but not implemented."
        ) from None


async def create_unix_server(
    loop: EventLoop,
    protocol_factory: Callable[[], BaseProtocol],
    path: Any,
    security: Security,
    *,
    sock: socket.socket | None,
    backlog: int,
    start_serving: bool,
    cleanup_socket: bool,
    mode: int | None,
) -> Server:
    security.check_server()
    if path is not None:
        if sock is not None:
            raise ValueError("path and sock can not be specified at the same time")
        sock = UnixPath.bind(path, mode)
    elif sock is None:
        raise ValueError("path was not specified, and no sock specified")
    elif sock.family != socket.AF_UNIX or sock.type != socket.SOCK_STREAM:
        raise ValueError(f"A UNIX Domain Stream Socket was expected, got {sock!r}")
    elif mode is not None:
        raise ValueError("mode is only meaningful with path")
    server = _serve(loop, [sock], protocol_factory, security, backlog, False)
    if cleanup_socket:
        server._unix_path = UnixPath.of(sock)
    if start_serving:
        _start(server)
    return server
