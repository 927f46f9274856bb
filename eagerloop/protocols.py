"""asyncio.protocols: the stdlib's own abstract classes."""

from __future__ import annotations

from asyncio.protocols import (
    BaseProtocol,
    BufferedProtocol,
    DatagramProtocol,
    Protocol,
    SubprocessProtocol,
)
from asyncio.protocols import (  # type: ignore[attr-defined]
    _feed_data_to_buffered_proto as _feed_data_to_buffered_proto,  # some feed a new protocol by it
)

__all__ = (
    "BaseProtocol",
    "BufferedProtocol",
    "DatagramProtocol",
    "Protocol",
    "SubprocessProtocol",
)
