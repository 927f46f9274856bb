"""The event loop that programs get: asyncio's interface, each method handing over to the file that
does it.

`base_events` has the loop's life and its callbacks, `net` the sockets, `process` signals, pipes and
children, `transports` the bytes. Signatures are the newest CPython's on every Python.
"""

from __future__ import annotations

import socket
import subprocess
from operator import methodcaller
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from .base_events import BaseEventLoop
from .core.handle import Handle
from .net import connect, endpoint, listen, resolve, sendfile, sockcalls
from .net.readiness import check_free, descriptor_of
from .net.security import Security
from .poll.select import Select
from .process.pipes import connect_pipe
from .process.reaper import Reaper
from .process.spawn import spawn_exec, spawn_shell
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
    from collections.abc import Callable, Coroutine
    from contextvars import Context
    from selectors import BaseSelector
    from ssl import SSLContext
    from typing import TypeVar, TypeVarTuple

    from _typeshed import FileDescriptorLike, ReadableBuffer, WriteableBuffer

    from .net.listen import Server
    from .net.resolve import AddrInfo, Host, Port
    from .process.child import ChildTransport

    T = TypeVar("T")
    Args = TypeVarTuple("Args")
    P = TypeVar("P", bound=BaseProtocol)
    D = TypeVar("D", bound=DatagramProtocol)
    Later = Coroutine[Any, Any, T]


class EventLoop(BaseEventLoop):
    """eagerloop's event loop. `eagerloop.new_event_loop()` makes one.

    Args:
        selector: one of the standard library's `selectors` to poll with, as asyncio's loops take it.
        poller: "epoll", "select" or "null"; by default EAGERLOOP_POLLER, or the platform's best.
        eager: tasks start eagerly unless `eager_start=False` is given.
        resolver: "executor" or "aiodns"; by default EAGERLOOP_RESOLVER, or the executor.

    Raises:
        ValueError: there is no such poller or resolver here.
    """

    def __init__(
        self,
        selector: BaseSelector | None = None,
        *,
        poller: str | None = None,
        eager: bool = False,
        resolver: str | None = None,
    ) -> None:
        super().__init__(poller=poller if selector is None else Select(selector), eager=eager)
        # descriptor -> the transport that owns it, for as long as someone else knows the transport
        self._transports: WeakValueDictionary[int, Any] = WeakValueDictionary()
        self._reaper = Reaper(self)
        try:
            self._cares = resolve.make_cares(self, resolver)
        except ValueError:
            self.close()
            raise

    def close(self) -> None:
        if not self.is_running():
            self._reaper.close()
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
        return not self.is_closed() and self._unwatch_read(fd)

    def _remove_writer(self, fd: int) -> bool:
        return not self.is_closed() and self._unwatch_write(fd)

    def add_reader(
        self, fd: FileDescriptorLike, callback: Callable[[*Args], object], *args: *Args
    ) -> None:
        self._ensure_fd_no_transport(fd)
        self._add_reader(descriptor_of(fd), callback, *args)

    def remove_reader(self, fd: FileDescriptorLike) -> bool:
        self._ensure_fd_no_transport(fd)
        return self._remove_reader(descriptor_of(fd))

    def add_writer(
        self, fd: FileDescriptorLike, callback: Callable[[*Args], object], *args: *Args
    ) -> None:
        self._ensure_fd_no_transport(fd)
        self._add_writer(descriptor_of(fd), callback, *args)

    def remove_writer(self, fd: FileDescriptorLike) -> bool:
        self._ensure_fd_no_transport(fd)
        return self._remove_writer(descriptor_of(fd))

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
        return await resolve.getaddrinfo(self, host, port, family, type, proto, flags)

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> tuple[str, str]:
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
        self._transports[sock.fileno()] = transport
        return transport

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
        self._transports[sock.fileno()] = transport
        return transport

    # --- files

    async def sendfile(
        self,
        transport: Any,
        file: Any,
        offset: int = 0,
        count: int | None = None,
        *,
        fallback: bool = True,
    ) -> int:
        return await sendfile.sendfile(self, transport, file, offset, count, fallback)

    def _sendfile_native(
        self, transp: Any, file: Any, offset: int, count: int | None
    ) -> Later[int]:
        return sendfile.sendfile_native(self, transp, file, offset, count)

    async def sock_sendfile(
        self,
        sock: socket.socket,
        file: Any,
        offset: int = 0,
        count: int | None = None,
        *,
        fallback: bool | None = True,
    ) -> int:
        return await sendfile.sock_sendfile(self, sock, file, offset, count, bool(fallback))

    def _sock_sendfile_native(
        self, sock: socket.socket, file: Any, offset: int, count: int | None
    ) -> Later[int]:
        return sendfile.sock_sendfile_native(self, sock, file, offset, count)

    # --- sockets without a transport

    def sock_recv(self, sock: socket.socket, n: int) -> Later[bytes]:
        return sockcalls.attempt(self, sock, methodcaller("recv", n), writing=False)

    def sock_recv_into(self, sock: socket.socket, buf: WriteableBuffer) -> Later[int]:
        return sockcalls.attempt(self, sock, methodcaller("recv_into", buf), writing=False)

    def sock_recvfrom(self, sock: socket.socket, bufsize: int) -> Later[tuple[bytes, Any]]:
        return sockcalls.attempt(self, sock, methodcaller("recvfrom", bufsize), writing=False)

    def sock_recvfrom_into(
        self, sock: socket.socket, buf: WriteableBuffer, nbytes: int = 0
    ) -> Later[tuple[int, Any]]:
        call = methodcaller("recvfrom_into", buf, nbytes)
        return sockcalls.attempt(self, sock, call, writing=False)

    def sock_sendall(self, sock: socket.socket, data: ReadableBuffer) -> Later[None]:
        return sockcalls.sendall(self, sock, data)

    def sock_sendto(self, sock: socket.socket, data: ReadableBuffer, address: Any) -> Later[int]:
        return sockcalls.attempt(self, sock, methodcaller("sendto", data, address), writing=True)

    def sock_connect(self, sock: socket.socket, address: Any) -> Later[None]:
        return sockcalls.connect(self, sock, address)

    def sock_accept(self, sock: socket.socket) -> Later[tuple[socket.socket, Any]]:
        return sockcalls.attempt(self, sock, sockcalls.accept_one, writing=False)

    # --- pipes, children, signals

    async def connect_read_pipe(
        self, protocol_factory: Callable[[], P], pipe: Any
    ) -> tuple[ReadTransport, P]:
        return await connect_pipe(self, ReadPipeTransport, protocol_factory, pipe)

    async def connect_write_pipe(
        self, protocol_factory: Callable[[], P], pipe: Any
    ) -> tuple[WriteTransport, P]:
        return await connect_pipe(self, WritePipeTransport, protocol_factory, pipe)

    async def subprocess_exec(
        self,
        protocol_factory: Callable[[], P],
        program: Any,
        *args: Any,
        stdin: Any = subprocess.PIPE,
        stdout: Any = subprocess.PIPE,
        stderr: Any = subprocess.PIPE,
        universal_newlines: Any = False,
        shell: Any = False,
        bufsize: Any = 0,
        encoding: Any = None,
        errors: Any = None,
        text: Any = None,
        **kwargs: Any,
    ) -> tuple[ChildTransport, P]:
        return await spawn_exec(
            self, protocol_factory, (program, *args), stdin=stdin, stdout=stdout, stderr=stderr,
            universal_newlines=universal_newlines, shell=shell, bufsize=bufsize,
            encoding=encoding, errors=errors, text=text, **kwargs,
        )  # fmt: skip

    async def subprocess_shell(
        self,
        protocol_factory: Callable[[], P],
        cmd: bytes | str,
        *,
        stdin: Any = subprocess.PIPE,
        stdout: Any = subprocess.PIPE,
        stderr: Any = subprocess.PIPE,
        universal_newlines: Any = False,
        shell: Any = True,
        bufsize: Any = 0,
        encoding: Any = None,
        errors: Any = None,
        text: Any = None,
        **kwargs: Any,
    ) -> tuple[ChildTransport, P]:
        return await spawn_shell(
            self, protocol_factory, cmd, stdin=stdin, stdout=stdout, stderr=stderr,
            universal_newlines=universal_newlines, shell=shell, bufsize=bufsize,
            encoding=encoding, errors=errors, text=text, **kwargs,
        )  # fmt: skip

    def add_signal_handler(
        self, sig: int, callback: Callable[[*Args], object], *args: *Args
    ) -> None:
        self._signals.add(sig, callback, args)

    def remove_signal_handler(self, sig: int) -> bool:
        return self._signals.remove(sig)
