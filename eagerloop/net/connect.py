"""Outgoing streams: create_connection, create_unix_connection, connect_accepted_socket.

One socket is tried per address, in order or in a race (`eyeballs`). Until a transport owns it a
socket belongs to the coroutine that made it, which closes it on every way out, cancellation at any
await included.
"""

from __future__ import annotations

import os
import socket
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..log import logger
from .eyeballs import connect_any
from .readiness import check_not_tls
from .resolve import ensure_resolved

if TYPE_CHECKING:
    from asyncio import BaseProtocol, Transport
    from collections.abc import Callable
    from typing import TypeVar

    from ..eventloop import EventLoop
    from .security import Security

    P = TypeVar("P", bound=BaseProtocol)


async def open_transport(
    loop: EventLoop,
    sock: socket.socket,
    protocol_factory: Callable[[], P],
    security: Security,
    *,
    server_side: bool = False,
) -> tuple[Transport, P]:
    """A transport over a connected socket, which is closed if that fails."""
    try:
        sock.setblocking(False)
        context = copy_context()
        protocol = protocol_factory()
        waiter = loop.create_future()
        transport: Any
        if security:
            transport = loop._make_ssl_transport(
                sock,
                protocol,
                security.context,
                waiter,
                server_side=server_side,
                server_hostname=security.server_hostname,
                context=context,
                **security.transport_arguments(),
            )
        else:
            transport = loop._make_socket_transport(sock, protocol, waiter, context=context)
    except BaseException:  # nobody else knows the socket yet
        sock.close()
        raise
    try:
        await waiter
        return transport, protocol
    except BaseException:  # a failed handshake or a cancellation: either way it is not the caller's
        transport.close()
        raise
    finally:
        del waiter  # it holds the exception, whose traceback holds this frame


def _for_client(security: Security, host: Any) -> Security:
    """*security* with asyncio's default for the name that the certificate must carry."""
    if not security:
        if security.server_hostname is not None:
            raise ValueError("server_hostname is only meaningful with ssl")
    elif security.server_hostname is None:
        if not host:
            raise ValueError("You must set server_hostname when using ssl without a host")
        security = replace(security, server_hostname=host)
    security.check_timeouts()
    return security


async def create_connection(
    loop: EventLoop,
    protocol_factory: Callable[[], P],
    host: Any,
    port: Any,
    security: Security,
    *,
    family: int,
    proto: int,
    flags: int,
    sock: socket.socket | None,
    local_addr: Any,
    happy_eyeballs_delay: float | None,
    interleave: int | None,
    all_errors: bool,
) -> tuple[Transport, P]:
    security = _for_client(security, host)
    if sock is not None:
        check_not_tls(sock)
    if host is not None or port is not None:
        if sock is not None:
            raise ValueError("host/port and sock can not be specified at the same time")
        look_up = partial(ensure_resolved, loop, family=family, proto=proto, flags=flags)
        infos = await look_up((host, port))
        local_infos = None if local_addr is None else await look_up(local_addr)
        if interleave is None and happy_eyeballs_delay is not None:
            interleave = 1
        sock = await connect_any(
            loop, infos, local_infos, happy_eyeballs_delay, interleave, all_errors
        )
    elif sock is None:
        raise ValueError("host and port was not specified and no sock specified")
    elif sock.type != socket.SOCK_STREAM:
        raise ValueError(f"A Stream Socket was expected, got {sock!r}")
    transport, protocol = await open_transport(loop, sock, protocol_factory, security)
    if loop.get_debug():
        logger.debug(
            "%r connected to %s:%r: (%r, %r)",
            transport.get_extra_info("socket"),
            host,
            port,
            transport,
            protocol,
        )
    return transport, protocol


async def create_unix_connection(
    loop: EventLoop,
    protocol_factory: Callable[[], P],
    path: Any,
    security: Security,
    sock: socket.socket | None,
) -> tuple[Transport, P]:
    if security:
        if security.server_hostname is None:
            raise ValueError("you have to pass server_hostname when using ssl")
    else:
        security = _for_client(security, None)
    if path is not None:
        if sock is not None:
            raise ValueError("path and sock can not be specified at the same time")
        path = os.fspath(path)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            await loop.sock_connect(sock, path)
        except BaseException:  # cancellation too: the socket is ours alone
            sock.close()
            raise
    elif sock is None:
        raise ValueError("no path and sock were specified")
    elif sock.family != socket.AF_UNIX or sock.type != socket.SOCK_STREAM:
        raise ValueError(f"A UNIX Domain Stream Socket was expected, got {sock!r}")
    return await open_transport(loop, sock, protocol_factory, security)


async def connect_accepted_socket(
    loop: EventLoop,
    protocol_factory: Callable[[], P],
    sock: socket.socket,
    security: Security,
) -> tuple[Transport, P]:
    if sock.type != socket.SOCK_STREAM:
        raise ValueError(f"A Stream Socket was expected, got {sock!r}")
    security.check_timeouts()
    check_not_tls(sock)
    transport, protocol = await open_transport(
        loop, sock, protocol_factory, security, server_side=True
    )
    if loop.get_debug():
        logger.debug(
            "%r handled: (%r, %r)", transport.get_extra_info("socket"), transport, protocol
        )
    return transport, protocol
