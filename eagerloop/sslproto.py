"""asyncio.sslproto's names."""

from __future__ import annotations

import ssl

from .transports.tls import SSLProtocol
from .transports.tlsoptions import _SSLProtocolTransport

__all__ = ("SSLProtocol", "_SSLProtocolTransport")

SSLAgainErrors = (ssl.SSLWantReadError, ssl.SSLSyscallError)
