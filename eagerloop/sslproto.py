"""asyncio.sslproto's names."""

from __future__ import annotations

import ssl

from .transports.tlsprotocol import TLSProtocol as SSLProtocol
from .transports.tlstransport import TLSTransport as _SSLProtocolTransport

__all__ = ("SSLProtocol", "_SSLProtocolTransport")

SSLAgainErrors = (ssl.SSLWantReadError, ssl.SSLSyscallError)
