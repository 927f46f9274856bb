"""The stream methods that stay real coroutines, for a compiled file may hold none.

They run once in a connection's life, or where a user's class stands in for one of ours.
"""

from __future__ import annotations

from types import coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Generator

    from .reader import StreamReader
    from .writer import StreamWriter


@coroutine
def a_turn() -> Generator[None, None, None]:
    """Let everything else run once."""
    yield


async def next_line(reader: StreamReader) -> bytes:
    """`__anext__` for a subclass, which may have a `readline` of its own."""
    line: bytes = await reader.readline()
    if line == b"":
        raise StopAsyncIteration
    return line


async def drain(writer: StreamWriter) -> None:
    """`StreamWriter.drain` over a protocol that is not ours."""
    if writer._reader is not None:
        exc = writer._reader.exception()
        if exc is not None:
            raise exc
    if writer._transport.is_closing():
        await a_turn()
    await writer._protocol._drain_helper()


async def wait_closed(writer: StreamWriter) -> None:
    await writer._protocol._get_close_waiter(writer)


async def start_tls(
    writer: StreamWriter, sslcontext: ssl.SSLContext, options: dict[str, Any]
) -> None:
    protocol = writer._protocol
    server_side = protocol._client_connected_cb is not None
    await writer.drain()
    transport = await writer._loop.start_tls(
        writer._transport, protocol, sslcontext, server_side=server_side, **options
    )
    writer._transport = transport
    protocol._replace_transport(transport)
