# cython: nonecheck=True
"""TLSTransport: the transport that an application over TLS sees."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from ..constants import (
    FLOW_CONTROL_HIGH_WATER_SSL_READ,
    FLOW_CONTROL_HIGH_WATER_SSL_WRITE,
    _SendfileMode,
)
from .tlsoptions import _SSLProtocolTransport, water_marks

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Iterable

    from .tlsprotocol import TLSProtocol
    from .tlsstate import Data

# what get_extra_info answers after the handshake, and the method of ssl.SSLObject that knows
_FROM_TLS = {
    "cipher": "cipher",
    "compression": "compression",
    "peercert": "getpeercert",
    "ssl_object": "",
}


class TLSTransport:
    """asyncio.Transport (by `__class__`: that class has a slot of its own) over a TLSProtocol."""

    __slots__ = ("__weakref__", "_closed", "_loop", "_ssl_protocol")

    _start_tls_compatible = True
    _sendfile_compatible = _SendfileMode.FALLBACK

    def __init__(self, loop: AbstractEventLoop, ssl_protocol: TLSProtocol) -> None:
        self._loop = loop
        self._ssl_protocol = ssl_protocol
        self._closed = False

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return _SSLProtocolTransport

    def __repr__(self) -> str:
        state = "closed" if self._ssl_protocol._transport is None else "closing"
        return f"<TLSTransport {state if self._closed else 'open'}>"

    # The connection.

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """`sslcontext`, after the handshake also `ssl_object`, `peercert`, `cipher` and
        `compression`; everything else is asked of the transport below.
        """
        layer = self._ssl_protocol
        if name == "sslcontext":
            return layer._sslcontext
        if layer._tls.established and name in _FROM_TLS:
            ssl_object = layer._tls.ssl_object
            if name == "ssl_object":
                return ssl_object
            return getattr(ssl_object, _FROM_TLS[name])()
        if layer._transport is None:
            return default
        return layer._transport.get_extra_info(name, default)

    def set_protocol(self, protocol: Any) -> None:
        """Make `protocol` the one whose callbacks are called."""
        self._ssl_protocol._app.set_protocol(protocol)

    def get_protocol(self) -> Any:
        return self._ssl_protocol._app.protocol

    def is_closing(self) -> bool:
        """True after close() or abort(), or when the transport below is closing."""
        if self._closed:
            return True
        below = self._ssl_protocol._transport
        return below is not None and bool(below.is_closing())

    def close(self) -> None:
        """Send what was written and say goodbye; no more data will be received."""
        if not self._closed:
            self._closed = True
            self._ssl_protocol._close()

    def abort(self) -> None:
        """Close at once; what was not sent is lost."""
        self._force_close(None)

    def _force_close(self, exc: BaseException | None) -> None:
        self._closed = True
        self._ssl_protocol._abort(exc)

    # Reading.

    def is_reading(self) -> bool:
        return not self._ssl_protocol._app_reading_paused

    def pause_reading(self) -> None:
        """Deliver no data until resume_reading()."""
        self._ssl_protocol._app_reading_paused = True

    def resume_reading(self) -> None:
        """Deliver data again, beginning with the next turn."""
        self._ssl_protocol._resume_reading()

    def set_read_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set how many received bytes a paused application may leave before reading stops."""
        layer = self._ssl_protocol
        layer._read_high, layer._read_low = water_marks(high, low, FLOW_CONTROL_HIGH_WATER_SSL_READ)
        layer._control_reading()

    def get_read_buffer_limits(self) -> tuple[int, int]:
        return self._ssl_protocol._read_low, self._ssl_protocol._read_high

    def get_read_buffer_size(self) -> int:
        """Received bytes that are not decrypted yet."""
        return self._ssl_protocol._tls.unread()

    # Writing.

    def write(self, data: Data) -> None:
        """Send `data`, now or when there is room; never blocks."""
        check_bytes(data)
        if isinstance(data, memoryview):
            data = data.cast("B") if data.c_contiguous else bytes(data)
        if len(data) > 0:
            self._ssl_protocol._write(data)

    def writelines(self, list_of_data: Iterable[Data]) -> None:
        """`write` for several at once; none is sent if one cannot be."""
        lines = list(list_of_data)
        for data in lines:
            check_bytes(data)
        self._ssl_protocol._write_lines(lines)

    def write_eof(self) -> None:
        """TLS has no half-closed connections in asyncio."""
        raise NotImplementedError

    def can_write_eof(self) -> bool:
        return False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set how many unsent bytes pause the application's writing, and how many resume it."""
        app = self._ssl_protocol._app
        app.high, app.low = water_marks(high, low, FLOW_CONTROL_HIGH_WATER_SSL_WRITE)
        app.control_writing(self.get_write_buffer_size())

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._ssl_protocol._app.low, self._ssl_protocol._app.high

    def get_write_buffer_size(self) -> int:
        """Written bytes that are not encrypted yet."""
        return self._ssl_protocol._backlog.size

    @property
    def _protocol_paused(self) -> bool:
        return self._ssl_protocol._app.paused

    def _test__append_write_backlog(self, data: bytes) -> None:
        """asyncio's suite fills the backlog by this name."""
        self._ssl_protocol._backlog.append(data)

    def __del__(self) -> None:
        if not self._closed:
            self._closed = True
            warnings.warn(
                "unclosed transport <asyncio._SSLProtocolTransport object>",
                ResourceWarning,
                stacklevel=1,
                source=self,
            )


def check_bytes(data: object) -> None:
    """Raises:
    TypeError: `data` is not bytes-like.
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"data: expecting a bytes-like instance, got {type(data).__name__}")
