"""The event loop that programs get: asyncio's interface, each method handing over to the file that
does it.

`base_events` has the loop's life and its callbacks, `net` the sockets, `process` signals, pipes and
children, `transports` the bytes. Signatures are the newest CPython's on every Python.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from .base_events import BaseEventLoop
from .core.handle import Handle
from .net import connect, endpoint, listen, resolve
from .net.readiness import Owners, check_free, is_possible, watchable
from .net.security import Security
from .net.sendfile import FileSending
from .net.sockcalls import SocketCalls
from .poll.select import Select
from .process.pipes import connect_pipe
from .process.reaper import Reaper
from .process.spawn import Spawning
from .transports import tls
from .transports.datagram import DatagramTransport
from .transports.pipe import ReadPipeTransport
from .transports.stream import StreamTransport
from .transports.tlstransport import TLSTransport
from .transports.writepipe import WritePipeTransport

if TYPE_CHECKING:
    from asyncio import (
        BaseProtocol,
        DatagramProtocol,
        Future,
        ReadTransport,
        Transport,
        WriteTransport,
    )
    from collections.abc import Callable
    from contextvars import Context
    from selectors import BaseSelector
    from ssl import SSLContext
    from typing import TypeVar, TypeVarTuple

    from _typeshed import FileDescriptorLike

    from .net.cares import CaresResolver
    from .net.listen import Server
    from .net.resolve import AddrInfo, Host, Port

    Args = TypeVarTuple("Args")
    P = TypeVar("P", bound=BaseProtocol)
    D = TypeVar("D", bound=DatagramProtocol)


class EventLoop(SocketCalls, FileSending, Spawning, BaseEventLoop):  # type: ignore[misc]
    """eagerloop's event loop. `eagerloop.new_event_loop()` makes one.

    Args:
        selector: one of the standard library's `selectors` to poll with, as asyncio's loops take it.
        poller: "epoll", "select" or "null"; by default EAGERLOOP_POLLER, or the platform's best.
        eager: tasks start eagerly unless `eager_start=False` is given.
        resolver: "executor" or "aiodns"; by default EAGERLOOP_RESOLVER, or the executor.

    Raises:
        ValueError: there is no such poller or resolver here.
    """

    __slots__ = ("_cares", "_reaper", "_transports")

    def __init__(
        self,
        selector: BaseSelector | None = None,
        *,
        poller: str | None = None,
        eager: bool = False,
        resolver: str | None = None,
    ) -> None:
        super().__init__(poller=poller if selector is None else Select(selector), eager=eager)
        self._transports = Owners(self._poller_object.watches)
        self._reaper = Reaper(self)
        self._cares: CaresResolver | None = None
        try:
            self._cares = resolve.make_cares(self, resolver)
        except ValueError:
            self.close()
            raise

    def close(self) -> None:
        """Close the loop, and with it the watch over its children and c-ares; see `BaseEventLoop.close`."""
        if not self.is_running():
            self._reaper.close()
            if self._cares is not None:
                self._cares.close()
        super().close()

    # --- readiness of descriptors

    def _ensure_fd_no_transport(self, fd: Any) -> None:
        check_free(self._transports, fd)

    def _add_reader(
        self, fd: int, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Handle:
        self._check_closed()
        handle = Handle(callback, args, self, context)
        self._watch_read(fd, handle)
        return handle

    def _add_writer(
        self, fd: int, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Handle:
        self._check_closed()
        handle = Handle(callback, args, self, context)
        self._watch_write(fd, handle)
        return handle

    def _remove_reader(self, fd: int) -> bool:
        return not self.is_closed() and is_possible(fd) and self._unwatch_read(fd)

    def _remove_writer(self, fd: int) -> bool:
        return not self.is_closed() and is_possible(fd) and self._unwatch_write(fd)

    def add_reader(
        self, fd: FileDescriptorLike, callback: Callable[[*Args], object], *args: *Args
    ) -> None:
        """Call `callback(*args)` in every turn in which `fd` can be read; replaces an earlier one.

        Args:
            fd: a descriptor, or what has a `fileno()`.

        Raises:
            ValueError: it is neither.
            RuntimeError: a transport uses it, or the loop is closed.
            OSError: the kernel cannot poll it.
        """
        self._ensure_fd_no_transport(fd)
        self._add_reader(watchable(fd), callback, *args)

    def remove_reader(self, fd: FileDescriptorLike) -> bool:
        """Stop what `add_reader` began; True if there was a callback."""
        self._ensure_fd_no_transport(fd)
        return self._remove_reader(watchable(fd, or_closed=True))

    def add_writer(
        self, fd: FileDescriptorLike, callback: Callable[[*Args], object], *args: *Args
    ) -> None:
        """`add_reader`, for when `fd` can be written."""
        self._ensure_fd_no_transport(fd)
        self._add_writer(watchable(fd), callback, *args)

    def remove_writer(self, fd: FileDescriptorLike) -> bool:
        """Stop what `add_writer` began; True if there was a callback."""
        self._ensure_fd_no_transport(fd)
        return self._remove_writer(watchable(fd, or_closed=True))

    # --- names and addresses

    async def getaddrinfo(
        self,
        host: Host,
        port: Port,
        *,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> list[AddrInfo]:
        """`socket.getaddrinfo` without blocking the loop; numeric addresses are answered at once.

        Raises:
            OSError: no such name, as `socket.gaierror`.
        """
        return await resolve.getaddrinfo(self, host, port, family, type, proto, flags)

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> tuple[str, str]:
        """`socket.getnameinfo` without blocking the loop: (host, service)."""
        return await resolve.getnameinfo(self, sockaddr, flags)

    # --- streams

    async def create_connection(
        self,
        protocol_factory: Callable[[], P],
        host: Any = None,
        port: Any = None,
        *,
        ssl: SSLContext | bool | None = None,
        family: int = 0,
        proto: int = 0,
        flags: int = 0,
        sock: socket.socket | None = None,
        local_addr: Any = None,
        server_hostname: str | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
        happy_eyeballs_delay: float | None = None,
        interleave: int | None = None,
        all_errors: bool = False,
    ) -> tuple[Transport, P]:
        """Connect over TCP; return the transport and its protocol.

        Args:
            protocol_factory: makes the protocol, once there is a connection.
            host: a name or an address; None is this machine.
            port: a number, or a service's name.
            ssl: a context, or True for the default one; otherwise bytes go as they are.
            family: of the address, as `proto` and `flags` in `socket.getaddrinfo`.
            sock: a connected socket, instead of host and port.
            local_addr: (host, port) to connect from.
            server_hostname: the name that the certificate must carry, by default `host`.
            ssl_handshake_timeout: seconds, by default 60.
            ssl_shutdown_timeout: seconds, by default 30.
            happy_eyeballs_delay: seconds after which the next address is tried beside those
                before it (RFC 8305 recommends 0.25); by default one is tried after the other.
            interleave: addresses of the first family before the families take turns; by default
                1 if there is such a delay, else they stay in the resolver's order.
            all_errors: tell of all addresses' errors by an ExceptionGroup (CPython 3.12).

        Raises:
            OSError: no address answers, or the name is unknown; `ssl.SSLError` is one too.
            ConnectionAbortedError: the handshake took too long.
            ValueError: arguments that exclude each other, or too few.
        """
        return await connect.create_connection(
            self, protocol_factory, host, port,
            Security(ssl, server_hostname, ssl_handshake_timeout, ssl_shutdown_timeout),
            family=family, proto=proto, flags=flags, sock=sock, local_addr=local_addr,
            happy_eyeballs_delay=happy_eyeballs_delay, interleave=interleave, all_errors=all_errors,
        )  # fmt: skip

    async def create_unix_connection(
        self,
        protocol_factory: Callable[[], P],
        path: Any = None,
        *,
        ssl: SSLContext | bool | None = None,
        sock: socket.socket | None = None,
        server_hostname: str | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
    ) -> tuple[Transport, P]:
        """`create_connection` to the Unix socket `path`; TLS needs a `server_hostname`."""
        security = Security(ssl, server_hostname, ssl_handshake_timeout, ssl_shutdown_timeout)
        return await connect.create_unix_connection(self, protocol_factory, path, security, sock)

    async def connect_accepted_socket(
        self,
        protocol_factory: Callable[[], P],
        sock: socket.socket,
        *,
        ssl: SSLContext | bool | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
    ) -> tuple[Transport, P]:
        """A server's transport and protocol over `sock`, which was accepted elsewhere."""
        security = Security(ssl, "", ssl_handshake_timeout, ssl_shutdown_timeout)
        return await connect.connect_accepted_socket(self, protocol_factory, sock, security)

    async def create_server(  # type: ignore[override]  # typeshed spells it as overloads
        self,
        protocol_factory: Callable[[], BaseProtocol],
        host: Any = None,
        port: Any = None,
        *,
        family: int = socket.AF_UNSPEC,
        flags: int = socket.AI_PASSIVE,
        sock: socket.socket | None = None,
        backlog: int = 100,
        ssl: SSLContext | None = None,
        reuse_address: bool | None = None,
        reuse_port: bool | None = None,
        keep_alive: bool | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
        start_serving: bool = True,
    ) -> Server:
        """Listen on TCP and make a protocol for each client.

        Args:
            protocol_factory: called once for each connection.
            host: a name or an address, or several; None or "" is every interface.
            port: a number, or a service's name; 0 lets the kernel choose, for each address anew.
            sock: a socket that is bound, instead of host and port.
            backlog: connections that the kernel keeps until they are accepted.
            ssl: a context with the server's certificate.
            reuse_address: take over an address whose connections linger; by default yes.
            reuse_port: share the address with other processes that say so too.
            keep_alive: let the kernel ask silent peers whether they live (CPython 3.13).
            start_serving: False waits for `Server.start_serving`.

        Raises:
            OSError: an address is taken, or none of them is this machine's.
            ValueError: arguments that exclude each other, or too few.
        """
        return await listen.create_server(
            self, protocol_factory, host, port,
            Security(ssl, None, ssl_handshake_timeout, ssl_shutdown_timeout),
            family=family, flags=flags, sock=sock, backlog=backlog, reuse_address=reuse_address,
            reuse_port=reuse_port, keep_alive=keep_alive, start_serving=start_serving,
        )  # fmt: skip

    async def create_unix_server(  # type: ignore[override]  # typeshed's names less
        self,
        protocol_factory: Callable[[], BaseProtocol],
        path: Any = None,
        *,
        sock: socket.socket | None = None,
        backlog: int = 100,
        ssl: SSLContext | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
        start_serving: bool = True,
        cleanup_socket: bool = True,
        mode: int | None = None,
    ) -> Server:
        """`create_server` on the Unix socket `path`.

        Args:
            cleanup_socket: remove the file at the end, if it is still this one (CPython 3.13).
            mode: the file's permissions, from before the first client on; not in asyncio.
        """
        return await listen.create_unix_server(
            self, protocol_factory, path,
            Security(ssl, None, ssl_handshake_timeout, ssl_shutdown_timeout),
            sock=sock, backlog=backlog, start_serving=start_serving,
            cleanup_socket=cleanup_socket, mode=mode,
        )  # fmt: skip

    def _stop_serving(self, sock: socket.socket) -> None:
        self._remove_reader(sock.fileno())
        sock.close()

    def _make_socket_transport(
        self,
        sock: socket.socket,
        protocol: BaseProtocol,
        waiter: Future[None] | None = None,
        *,
        extra: dict[str, Any] | None = None,
        server: Server | None = None,
        context: Context | None = None,
    ) -> StreamTransport:
        self._ensure_fd_no_transport(sock)
        transport = StreamTransport(
            self, sock, protocol, waiter, extra=extra, server=server, context=context
        )
        self._keep_owner(sock, transport)
        return transport

    def _keep_owner(self, sock: socket.socket, transport: Any) -> None:
        try:
            self._transports.add(sock.fileno(), transport)
        except BaseException:  # no memory: it has begun, and nobody would ever end it
            transport.abort()
            raise

    # --- TLS

    def _make_ssl_transport(
        self,
        rawsock: socket.socket,
        protocol: BaseProtocol,
        sslcontext: SSLContext | None,
        waiter: Future[None] | None = None,
        **options: Any,
    ) -> TLSTransport:
        self._ensure_fd_no_transport(rawsock)
        return tls.make_tls_transport(self, rawsock, protocol, sslcontext, waiter, **options)

    async def start_tls(  # type: ignore[override]  # a Transport by its __class__
        self,
        transport: Any,
        protocol: BaseProtocol,
        sslcontext: SSLContext,
        *,
        server_side: bool = False,
        server_hostname: str | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
    ) -> TLSTransport:
        """Go on over TLS; return the transport that `protocol` uses from now on.

        Raises:
            TypeError: `sslcontext` is none, or the transport cannot carry TLS.
            ConnectionError: the connection ends meanwhile, or the handshake took too long.
            ssl.SSLError: the handshake failed.
        """
        return await tls.start_tls(
            self, transport, protocol, sslcontext,
            server_side=server_side, server_hostname=server_hostname,
            ssl_handshake_timeout=ssl_handshake_timeout, ssl_shutdown_timeout=ssl_shutdown_timeout,
        )  # fmt: skip

    # --- datagrams

    async def create_datagram_endpoint(  # type: ignore[override]  # typeshed has it in two forms
        self,
        protocol_factory: Callable[[], D],
        local_addr: Any = None,
        remote_addr: Any = None,
        *,
        family: int = 0,
        proto: int = 0,
        flags: int = 0,
        reuse_port: bool | None = None,
        allow_broadcast: bool | None = None,
        sock: socket.socket | None = None,
    ) -> tuple[DatagramTransport, D]:
        """A transport of datagrams, and its protocol.

        Args:
            local_addr: (host, port) to bind to; with `family=AF_UNIX` a path.
            remote_addr: where datagrams go that name no address, and the only place they come from.
            reuse_port: share the address with other processes that say so too.
            allow_broadcast: the socket may send to a broadcast address.
            sock: a socket, instead of all these.

        Raises:
            OSError: no address can be had.
            ValueError: arguments that exclude each other, or too few.
        """
        return await endpoint.create_datagram_endpoint(
            self, protocol_factory, local_addr, remote_addr, family=family, proto=proto,
            flags=flags, reuse_port=reuse_port, allow_broadcast=allow_broadcast, sock=sock,
        )  # fmt: skip

    def _make_datagram_transport(
        self,
        sock: socket.socket,
        protocol: DatagramProtocol,
        address: Any = None,
        waiter: Future[None] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> DatagramTransport:
        self._ensure_fd_no_transport(sock)
        transport = DatagramTransport(self, sock, protocol, address, waiter, extra)
        self._keep_owner(sock, transport)
        return transport

    # --- pipes and signals

    async def connect_read_pipe(
        self, protocol_factory: Callable[[], P], pipe: Any
    ) -> tuple[ReadTransport, P]:
        """A transport that reads from the file object `pipe`, which it takes over, and its protocol.

        Raises:
            ValueError: it is no pipe, socket or character device.
        """
        return await connect_pipe(self, ReadPipeTransport, protocol_factory, pipe)

    async def connect_write_pipe(
        self, protocol_factory: Callable[[], P], pipe: Any
    ) -> tuple[WriteTransport, P]:
        """A transport that writes to the file object `pipe`, which it takes over, and its protocol.

        Raises:
            ValueError: it is no pipe, socket or character device.
        """
        return await connect_pipe(self, WritePipeTransport, protocol_factory, pipe)

    def add_signal_handler(
        self, sig: int, callback: Callable[[*Args], object], *args: *Args
    ) -> None:
        """Call `callback(*args)` in the loop when `sig` arrives; replaces an earlier callback.

        Raises:
            TypeError: a coroutine was given, or `sig` is no number.
            ValueError: there is no such signal.
            RuntimeError: the loop is closed, not in the main thread, or `sig` cannot be caught.
        """
        self._signals.add(sig, callback, args)

    def remove_signal_handler(self, sig: int) -> bool:
        """Give `sig` its default back; True if there was a handler."""
        return self._signals.remove(sig)
