"""Streams: bytes read and written by coroutines, under asyncio's names.

bytequeue*   what is received and not yet read
reading*     one read: when it is ready, what it takes
reader*      StreamReader
flow*        whether the transport wants more, and who waits until it does
writer*      StreamWriter
protocol     between a transport and the streams
opening      connect and listen
coroutines   what a compiled file may not hold

(* compiled)
"""

from __future__ import annotations

import socket

from ..coroutines import _mark
from .opening import open_connection, start_server
from .protocol import FlowControlMixin as FlowControlMixin
from .protocol import StreamReaderProtocol
from .reader import _DEFAULT_LIMIT as _DEFAULT_LIMIT
from .reader import StreamReader
from .writer import StreamWriter

__all__: tuple[str, ...] = (
    "StreamReader",
    "StreamReaderProtocol",
    "StreamWriter",
    "open_connection",
    "start_server",
)

if hasattr(socket, "AF_UNIX"):
    from .opening import open_unix_connection as open_unix_connection
    from .opening import start_unix_server as start_unix_server

    __all__ += ("open_unix_connection", "start_unix_server")

_mark(StreamReader.read, StreamReader.readexactly, StreamReader.readline, StreamReader.readuntil)
_mark(StreamWriter.drain, StreamWriter.start_tls, StreamWriter.wait_closed)
