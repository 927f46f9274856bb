"""asyncio.base_subprocess's names."""

from __future__ import annotations

from .process.child import ChildTransport as BaseSubprocessTransport
from .process.child import ReadPipeProtocol as ReadSubprocessPipeProto
from .process.child import WritePipeProtocol as WriteSubprocessPipeProto

__all__ = ("BaseSubprocessTransport", "ReadSubprocessPipeProto", "WriteSubprocessPipeProto")
