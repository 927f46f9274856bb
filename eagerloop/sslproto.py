"""asyncio.sslproto's names."""

from __future__ import annotations

import ssl

from .transports.tlsoptions import _SSLProtocolTransport
from .transports.tlsprotocol import TLSProtocol as SSLProtocol

__all__ = ("SSLProtocol", "_SSLProtocolTransport")

SSLAgainErrors = (ssl.SSLWantReadError, ssl.SSLSyscallError)
