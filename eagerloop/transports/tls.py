"""Ways into TLS: on a new socket, and on a connection that has begun without it.

TLS over anything is one engine (tlsprotocol.py). Plain Python: this runs once per connection.
"""

from __future__ import annotations

import ssl
from asyncio.protocols import BufferedProtocol
from typing import TYPE_CHECKING, Any

from .stream import StreamTransport
from .tlsoptions import SCRATCH
from .tlsprotocol import TLSProtocol
from .tlstransport import TLSTransport

if TYPE_CHECKING:
    import contextvars
    import socket
    from asyncio import AbstractEventLoop, Future


class SSLProtocol(TLSProtocol, BufferedProtocol):
    """TLSProtocol as the transport below wants it: an asyncio.BufferedProtocol."""

    __slots__ = ()

    max_size = SCRATCH
    _prefers_bytes = True  # what is received is copied to OpenSSL once: no buffer is asked for


def make_tls_transport(
    loop: AbstractEventLoop,
    sock: socket.socket,
    protocol: Any,
    sslcontext: ssl.SSLContext | None,
    waiter: Future[None] | None = None,
    *,
    server_side: bool = False,
    server_hostname: str | None = None,
    extra: dict[str, Any] | None = None,
    server: Any = None,
    ssl_handshake_timeout: float | None = None,
    ssl_shutdown_timeout: float | None = None,
    call_connection_made: bool = True,
    context: contextvars.Context | None = None,
) -> TLSTransport:
    """A transport for TLS on a connected socket; the handshake begins in the next turn.

    Args:
        waiter: settled when the handshake is done, or has failed.
        ssl_handshake_timeout: seconds; None: 60.
        ssl_shutdown_timeout: seconds; None: 30.

    Raises:
        ValueError: a timeout is not positive, or the context needs a host name.
    """
    layer = SSLProtocol(
        loop,
        protocol,
        sslcontext,
        waiter,
        server_side,
        server_hostname,
        call_connection_made=call_connection_made,
        ssl_handshake_timeout=ssl_handshake_timeout,
        ssl_shutdown_timeout=ssl_shutdown_timeout,
    )
    transport = layer._app_transport
    assert transport is not None
    try:
        below = StreamTransport(loop, sock, layer, extra=extra, server=server, context=context)
    except BaseException:  # whatever it was, this transport never opens and need not warn
        transport._closed = True
        raise
    owners: Any = loop._transports  # type: ignore[attr-defined]  # a loop of ours
    owners.add(sock.fileno(), below)
    return transport


async def start_tls(
    loop: AbstractEventLoop,
    transport: Any,
    protocol: Any,
    sslcontext: ssl.SSLContext,
    *,
    server_side: bool = False,
    server_hostname: str | None = None,
    ssl_handshake_timeout: float | None = None,
    ssl_shutdown_timeout: float | None = None,
) -> TLSTransport:
    """Go on over TLS on an open transport; returns the one that `protocol` is to use from now on.

    Raises:
        TypeError: the context is none, or the transport cannot carry TLS.
        ConnectionResetError: the transport is closed already, or the peer closes it meanwhile.
        ConnectionAbortedError: the handshake took too long, or the transport was aborted.
        ssl.SSLError: the handshake failed.
    """
    if not isinstance(sslcontext, ssl.SSLContext):
        raise TypeError(
            f"sslcontext is expected to be an instance of ssl.SSLContext, got {sslcontext!r}"
        )
    if not getattr(transport, "_start_tls_compatible", False):
        raise TypeError(f"transport {transport!r} is not supported by start_tls()")
    if transport.is_closing():
        raise ConnectionResetError("Failed to start TLS: the transport is closed")

    waiter: Future[None] | None = loop.create_future()
    assert waiter is not None
    layer = SSLProtocol(
        loop,
        protocol,
        sslcontext,
        waiter,
        server_side,
        server_hostname,
        call_connection_made=False,
        ssl_handshake_timeout=ssl_handshake_timeout,
        ssl_shutdown_timeout=ssl_shutdown_timeout,
    )
    # nothing may be received between here and connection_made
    transport.pause_reading()
    transport.set_protocol(layer)
    if getattr(transport, "_protocol_paused", False):  # the layer is told when it ends, not of it
        layer._transport_full = layer._app.paused = True
    hello = take_hello(protocol) if server_side else b""
    begin = loop.call_soon(begin_handshake, layer, transport, hello)
    resume = loop.call_soon(transport.resume_reading)
    secured = layer._app_transport
    assert secured is not None
    try:
        await waiter
    except BaseException:  # cancelled, or the handshake failed
        transport.close()
        begin.cancel()
        resume.cancel()
        waiter = None  # its exception's traceback holds this frame
        raise
    return secured


def take_hello(protocol: Any) -> bytes:
    """What a server's StreamReader has got of the client's hello.

    Not so on a client: a server does not speak first in TLS, so what is there came without
    protection and must not be taken for anything else.
    """
    reader = getattr(protocol, "_stream_reader", None)
    received = getattr(reader, "_buffer", None)
    if not isinstance(received, bytearray):
        return b""
    hello = bytes(received)
    received.clear()
    return hello


def begin_handshake(layer: SSLProtocol, transport: Any, hello: bytes) -> None:
    layer.connection_made(transport)
    if hello:
        layer.data_received(hello)
