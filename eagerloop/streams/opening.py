"""Connections and servers that give a StreamReader and a StreamWriter."""

from __future__ import annotations

import socket
from asyncio.events import get_running_loop
from typing import TYPE_CHECKING, Any

from .protocol import StreamReaderProtocol
from .reader import _DEFAULT_LIMIT, StreamReader
from .writer import StreamWriter

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from asyncio.base_events import Server
    from collections.abc import Callable
    from os import PathLike

    from .protocol import ClientConnected


class Client:
    """A reader, its protocol, and the writer when there is a transport."""

    def __init__(self, limit: int) -> None:
        self.loop: Any = get_running_loop()
        self.reader = StreamReader(limit=limit, loop=self.loop)
        self.protocol = StreamReaderProtocol(self.reader, loop=self.loop)

    def factory(self) -> StreamReaderProtocol:
        return self.protocol

    def streams(self, transport: Any) -> tuple[StreamReader, StreamWriter]:
        return self.reader, StreamWriter(transport, self.protocol, self.reader, self.loop)


def protocols(
    client_connected_cb: ClientConnected, limit: int, loop: AbstractEventLoop
) -> Callable[[], StreamReaderProtocol]:
    """A factory for a server: a protocol and a reader per client."""

    def factory() -> StreamReaderProtocol:
        reader = StreamReader(limit=limit, loop=loop)
        return StreamReaderProtocol(reader, client_connected_cb, loop=loop)

    return factory


async def open_connection(
    host: str | None = None,
    port: int | str | None = None,
    *,
    limit: int = _DEFAULT_LIMIT,
    **kwds: Any,
) -> tuple[StreamReader, StreamWriter]:
    """Connect, and return a reader and a writer.

    Args:
        host: a name or an address.
        port: a number, or a service's name.
        limit: the reader's, in bytes; 64 KiB by default.
        kwds: as for `loop.create_connection`.

    Raises:
        OSError: no address answers, or the name is unknown.
    """
    client = Client(limit)
    transport, _ = await client.loop.create_connection(client.factory, host, port, **kwds)
    return client.streams(transport)


async def start_server(
    client_connected_cb: ClientConnected,
    host: Any = None,
    port: int | str | None = None,
    *,
    limit: int = _DEFAULT_LIMIT,
    **kwds: Any,
) -> Server:
    """Listen, and call `client_connected_cb(reader, writer)` for each client.

    Args:
        client_connected_cb: a coroutine function, run as a task, or a plain function.
        host: a name or an address, or several; None is every interface.
        port: a number, or a service's name; 0 lets the kernel choose.
        limit: the readers', in bytes; 64 KiB by default.
        kwds: as for `loop.create_server`, whose result this returns.

    Raises:
        OSError: an address is taken, or none of them is this machine's.
    """
    loop: Any = get_running_loop()
    factory = protocols(client_connected_cb, limit, loop)
    server: Server = await loop.create_server(factory, host, port, **kwds)
    return server


if hasattr(socket, "AF_UNIX"):

    async def open_unix_connection(
        path: str | PathLike[str] | None = None, *, limit: int = _DEFAULT_LIMIT, **kwds: Any
    ) -> tuple[StreamReader, StreamWriter]:
        """`open_connection` for a Unix socket."""
        client = Client(limit)
        transport, _ = await client.loop.create_unix_connection(client.factory, path, **kwds)
        return client.streams(transport)

    async def start_unix_server(
        client_connected_cb: ClientConnected,
        path: str | PathLike[str] | None = None,
        *,
        limit: int = _DEFAULT_LIMIT,
        **kwds: Any,
    ) -> Server:
        """`start_server` for a Unix socket."""
        loop = get_running_loop()
        factory = protocols(client_connected_cb, limit, loop)
        server: Server = await loop.create_unix_server(factory, path, **kwds)
        return server
