"""asyncio.protocols: the stdlib's own abstract classes."""

from __future__ import annotations

from asyncio.protocols import (
    BaseProtocol,
    BufferedProtocol,
    DatagramProtocol,
    Protocol,
    SubprocessProtocol,
)

__all__ = (
    "BaseProtocol",
    "BufferedProtocol",
    "DatagramProtocol",
    "Protocol",
    "SubprocessProtocol",
)
