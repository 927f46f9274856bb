"""What a TLS connection is made with: contexts, timeouts, water marks, the scratch buffer."""

from __future__ import annotations

import ssl
import weakref
from asyncio.transports import Transport
from typing import Any

from . import outbox


class _SSLProtocolTransport(Transport):
    """The class that a TLSTransport answers with: programs look for "ssl" in its name."""


SCRATCH = 256 * 1024  # bytes: what one read from the socket may bring

_buffers: weakref.WeakKeyDictionary[Any, bytearray] = weakref.WeakKeyDictionary()


def scratch_of(loop: Any) -> bytearray:
    """The loop's buffer for received bytes: one will do, as nothing stays in it."""
    buffer = _buffers.get(loop)
    if buffer is None:
        buffer = _buffers[loop] = bytearray(SCRATCH)
    return buffer


def client_context(server_side: bool, server_hostname: str | None) -> ssl.SSLContext:
    """What `ssl=True` means."""
    if server_side:
        raise ValueError("Server side SSL needs a valid SSLContext")
    context = ssl.create_default_context()
    if not server_hostname:
        context.check_hostname = False
    return context


def checked_timeout(name: str, timeout: float | None, default: float) -> float:
    """Seconds; ValueError unless positive."""
    if timeout is None:
        return default
    if timeout <= 0:
        raise ValueError(f"{name} should be a positive number, got {timeout}")
    return timeout


def water_marks(high: int | None, low: int | None, default_kib: int) -> tuple[int, int]:
    """(high, low) in bytes, by a default that asyncio has in KiB."""
    return outbox.water_marks(high, low, 1024 * default_kib)
