"""StreamWriter: a transport with `drain`, which waits while the transport has too much.

Compiled, because `write` and `drain` run per message; what runs once in a connection's life is in
coroutines.py.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from ..core.signatures import SourceSignature
from ..transports.stream import StreamTransport
from . import coroutines, flow
from .flow import FlowControl
from .reader import StreamReader

if TYPE_CHECKING:
    import ssl
    from asyncio import AbstractEventLoop
    from collections.abc import Coroutine, Iterable

    import cython

    from .bytequeue import Data
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares them
    from ..core.runtime import dict_drop, has_no_dict


class StreamWriter:
    """The sending half of a stream.

    Args:
        transport: takes the bytes.
        protocol: the transport's, with asyncio's `_drain_helper` and `_get_close_waiter`.
        reader: the receiving half, whose error `drain` raises; or None.
        loop: the transport's.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_flow",
        "_loop",
        "_reader",
        "_transport",
    )

    __signature__ = SourceSignature()

    _foreign_protocol = None  # in the __dict__ of those that have one

    def __init__(self, transport: Any, protocol: Any, reader: Any, loop: AbstractEventLoop) -> None:
        dict_drop(self)
        self._transport = transport
        assert reader is None or isinstance(reader, StreamReader)
        self._reader = reader
        self._loop = loop
        # the protocol, unless `_drain_helper` is someone else's
        self._flow: FlowControl | None = None
        self._set_protocol(protocol)

    def _set_protocol(self, protocol: Any) -> None:
        if getattr(type(protocol), "_drain_helper", None) is FlowControl._drain_helper:
            self._flow = protocol
        else:
            self._flow = None
            self._foreign_protocol = protocol

    @property
    def _protocol(self) -> Any:
        return self._foreign_protocol if self._flow is None else self._flow

    @_protocol.setter
    def _protocol(self, protocol: Any) -> None:
        self._set_protocol(protocol)

    def __repr__(self) -> str:
        info = [type(self).__name__, f"transport={self._transport!r}"]
        if self._reader is not None:
            info.append(f"reader={self._reader!r}")
        return f"<{' '.join(info)}>"

    @property
    def transport(self) -> Any:
        """The transport that takes the bytes."""
        return self._transport

    def write(self, data: Data) -> None:
        """Send `data` now or, what does not fit, when there is room; never blocks."""
        transport = self._transport
        # without attributes of its own its `write` is its class's
        if type(transport) is StreamTransport and has_no_dict(transport):
            stream = cython.cast(StreamTransport, transport)
            stream._write(data)
        else:
            transport.write(data)

    def writelines(self, data: Iterable[Data]) -> None:
        """`write` for several at once."""
        self._transport.writelines(data)

    def write_eof(self) -> None:
        """Close the sending half, when all has been sent."""
        self._transport.write_eof()

    def can_write_eof(self) -> bool:
        """Whether the sending half can be closed alone; not over TLS."""
        result: bool = self._transport.can_write_eof()
        return result

    def close(self) -> None:
        """Close the transport, when all has been sent."""
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether the connection is closed, or about to be."""
        result: bool = self._transport.is_closing()
        return result

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport knows by `name`, or `default`."""
        return self._transport.get_extra_info(name, default)

    def drain(self) -> Coroutine[Any, Any, None]:
        """Wait until there is room for more; to be awaited after writes.

        Raises:
            ConnectionResetError: the connection is lost.
            Exception: the one that the connection was lost with, or that the reader has.
        """
        if self._flow is None:
            return coroutines.drain(self)
        return flow.draining(self._flow, self._reader, self._transport)

    def wait_closed(self) -> Coroutine[Any, Any, None]:
        """Wait until the connection is closed; raises what it was lost with."""
        return coroutines.wait_closed(self)

    def start_tls(
        self,
        sslcontext: ssl.SSLContext,
        *,
        server_hostname: str | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
    ) -> Coroutine[Any, Any, None]:
        """Go on over TLS: as the server on a stream that a server accepted, else as the client.

        Bytes that a server's reader has and nobody has read are taken for the client's first.
        """
        return coroutines.start_tls(
            self,
            sslcontext,
            {
                "server_hostname": server_hostname,
                "ssl_handshake_timeout": ssl_handshake_timeout,
                "ssl_shutdown_timeout": ssl_shutdown_timeout,
            },
        )

    def __del__(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._loop.is_closed():
            warnings.warn("loop is closed", ResourceWarning, stacklevel=1)
        else:
            self.close()
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=1)
