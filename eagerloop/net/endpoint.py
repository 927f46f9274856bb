"""Datagram endpoints: create_datagram_endpoint in all its forms."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from ..log import logger
from .listen import set_reuse_port
from .resolve import ensure_resolved
from .unixpath import is_abstract, remove_stale

if TYPE_CHECKING:
    from asyncio import DatagramProtocol
    from collections.abc import Callable
    from typing import TypeVar

    from ..eventloop import EventLoop
    from ..transports.datagram import DatagramTransport

    D = TypeVar("D", bound=DatagramProtocol)
    # ((family, protocol), (local address, remote address))
    Candidate = tuple[tuple[int, int], tuple[Any, Any]]


async def create_datagram_endpoint(
    loop: EventLoop,
    protocol_factory: Callable[[], D],
    local_addr: Any,
    remote_addr: Any,
    *,
    family: int,
    proto: int,
    flags: int,
    reuse_port: bool | None,
    allow_broadcast: bool | None,
    sock: socket.socket | None,
) -> tuple[DatagramTransport, D]:
    remote: Any = None
    if sock is not None:
        _check_socket(
            sock,
            local_addr=local_addr,
            remote_addr=remote_addr,
            family=family,
            proto=proto,
            flags=flags,
            reuse_port=reuse_port,
            allow_broadcast=allow_broadcast,
        )
        sock.setblocking(False)
    else:
        candidates = await _candidates(loop, local_addr, remote_addr, family, proto, flags)
        sock, remote = await _open_any(
            loop,
            candidates,
            bool(local_addr),
            bool(remote_addr),
            bool(reuse_port),
            bool(allow_broadcast),
        )
    transport, protocol = await _open_transport(loop, sock, protocol_factory, remote)
    if loop.get_debug():
        report = logger.info if local_addr else logger.debug
        report(
            "Datagram endpoint local_addr=%r remote_addr=%r created: (%r, %r)",
            local_addr,
            remote_addr,
            transport,
            protocol,
        )
    return transport, protocol


def _check_socket(sock: socket.socket, **options: Any) -> None:
    """Refuse a stream, and options that only the maker of a socket can set."""
    if sock.type == socket.SOCK_STREAM:
        raise ValueError(f"A datagram socket was expected, got {sock!r}")
    given = ", ".join(f"{name}={value}" for name, value in options.items() if value)
    if given:
        raise ValueError(
            f"socket modifier keyword arguments can not be used when sock is specified. ({given})"
        )


async def _candidates(
    loop: EventLoop, local_addr: Any, remote_addr: Any, family: int, proto: int, flags: int
) -> list[Candidate]:
    if not (local_addr or remote_addr):
        if family == 0:
            raise ValueError("unexpected address family")
        return [((family, proto), (None, None))]
    if family == getattr(socket, "AF_UNIX", None):
        for path in (local_addr, remote_addr):
            if path is not None and not isinstance(path, str):
                raise TypeError("string is expected")
        if local_addr and not is_abstract(local_addr):
            remove_stale(local_addr)
        return [((family, proto), (local_addr, remote_addr))]
    return await _resolve_pairs(loop, local_addr, remote_addr, family, proto, flags)


async def _resolve_pairs(
    loop: EventLoop, local_addr: Any, remote_addr: Any, family: int, proto: int, flags: int
) -> list[Candidate]:
    """Local and remote addresses joined by (family, protocol), where every address asked for has
    one.
    """
    pairs: dict[tuple[int, int], list[Any]] = {}
    for side, address in enumerate((local_addr, remote_addr)):
        if address is None:
            continue
        if not (isinstance(address, tuple) and len(address) == 2):
            raise TypeError("2-tuple is expected")
        for info in await ensure_resolved(
            loop, address, family=family, type=socket.SOCK_DGRAM, proto=proto, flags=flags
        ):
            pairs.setdefault((info[0], info[2]), [None, None])[side] = info[4]
    candidates: list[Candidate] = [
        (key, (local, remote))
        for key, (local, remote) in pairs.items()
        if (local is not None or not local_addr) and (remote is not None or not remote_addr)
    ]
    if not candidates:
        raise ValueError("can not get address information")
    return candidates


async def _open_any(
    loop: EventLoop,
    candidates: list[Candidate],
    bind: bool,
    connect: bool,
    reuse_port: bool,
    allow_broadcast: bool,
) -> tuple[socket.socket, Any]:
    """The first candidate's socket that can be had, and its remote address; or the first one's
    error.
    """
    failure: OSError | None = None
    try:
        for (family, proto), (local, remote) in candidates:
            sock: socket.socket | None = None
            try:
                sock = socket.socket(family, socket.SOCK_DGRAM, proto)
                if reuse_port:
                    set_reuse_port(sock)
                if allow_broadcast:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                sock.setblocking(False)
                if bind:
                    sock.bind(local)
                if connect and not allow_broadcast:
                    # a connected socket would not hear the answers to a broadcast
                    await loop.sock_connect(sock, remote)
                return sock, remote
            except BaseException as exc:  # cancellation too: the socket is ours alone
                if sock is not None:
                    sock.close()
                if not isinstance(exc, OSError):
                    raise
                failure = failure or exc
        assert failure is not None
        raise failure
    finally:
        del failure  # its traceback holds this frame


async def _open_transport(
    loop: EventLoop,
    sock: socket.socket,
    protocol_factory: Callable[[], D],
    remote: Any,
) -> tuple[DatagramTransport, D]:
    try:
        protocol = protocol_factory()
        waiter = loop.create_future()
        transport = loop._make_datagram_transport(sock, protocol, remote, waiter)
    except BaseException:  # nobody else knows the socket yet
        sock.close()
        raise
    try:
        await waiter
        return transport, protocol
    except BaseException:  # cancelled, or no memory for a pair: the transport is not the caller's
        transport.close()
        raise
