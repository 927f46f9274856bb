"""The servers of the network cases, written as any user of asyncio would write them.

Each is a coroutine function that starts listening and returns the address for the load generator.
The buffers a server reuses are what a careful program would reuse; nothing is tuned to one loop.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import tempfile
from collections.abc import Awaitable, Callable
from typing import Any

from .case import CERTIFICATE, NetCase
from .implementations import Implementation

LINE_LIMIT = 1024 * 1024  # bytes; asyncio's default of 64 KiB refuses the 100 KiB lines
BACKLOG = 1024
PIECES = [b"x" * 50] * 100
FILE_BYTES = 1024 * 1024
HELLO_HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"13")]


class Echo(asyncio.Protocol):
    __slots__ = ("transport",)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


class BufferedEcho(asyncio.BufferedProtocol):
    __slots__ = ("buffer", "transport")

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.buffer = bytearray(64 * 1024)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.transport.write(self.buffer[:nbytes])


class Pieces(asyncio.Protocol):
    """Answers each request with a hundred small writes."""

    __slots__ = ("transport",)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        write = self.transport.write
        for _ in range(len(data) // 64):
            for piece in PIECES:
                write(piece)


class DatagramEcho(asyncio.DatagramProtocol):
    __slots__ = ("transport",)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.transport.sendto(data, addr)


async def echo_lines(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()
    writer.close()


async def echo_exact(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        try:
            head = await reader.readexactly(4)
        except asyncio.IncompleteReadError:  # the peer is done
            break
        body = await reader.readexactly(int.from_bytes(head, "big"))
        writer.write(head + body)
        await writer.drain()
    writer.close()


def protocol_server(protocol: Callable[[], Any]) -> Callable[..., Awaitable[str]]:
    async def start(on: Implementation, case: NetCase) -> str:
        loop = on.aio.get_running_loop()
        if case.family == "unix":
            path = socket_path()
            keep(await loop.create_unix_server(protocol, path, backlog=BACKLOG))
            return f"unix {path}"
        server = keep(
            await loop.create_server(
                protocol, "127.0.0.1", 0, backlog=BACKLOG, ssl=tls_context(case)
            )
        )
        return f"{case.family} 127.0.0.1:{server.sockets[0].getsockname()[1]}"

    return start


def stream_server(handler: Callable[..., Any]) -> Callable[..., Awaitable[str]]:
    async def start(on: Implementation, case: NetCase) -> str:
        options: dict[str, Any] = {"limit": LINE_LIMIT, "backlog": BACKLOG}
        if case.family == "unix":
            path = socket_path()
            keep(await on.aio.start_unix_server(handler, path, **options))
            return f"unix {path}"
        options["ssl"] = tls_context(case)
        server = keep(await on.aio.start_server(handler, "127.0.0.1", 0, **options))
        return f"{case.family} 127.0.0.1:{server.sockets[0].getsockname()[1]}"

    return start


async def datagram_server(on: Implementation, case: NetCase) -> str:
    loop = on.aio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(DatagramEcho, local_addr=("127.0.0.1", 0))
    keep(transport)
    return f"udp 127.0.0.1:{transport.get_extra_info('sockname')[1]}"


async def socket_server(on: Implementation, case: NetCase) -> str:
    """`sock_accept`, `sock_recv` and `sock_sendall`, without transports."""
    loop = on.aio.get_running_loop()
    listener = listening_socket()
    keep(loop.create_task(accept_forever(on, listener, echo_socket)))
    return f"tcp 127.0.0.1:{listener.getsockname()[1]}"


async def echo_socket(on: Implementation, connection: socket.socket) -> None:
    loop = on.aio.get_running_loop()
    with connection:
        while data := await loop.sock_recv(connection, 64 * 1024):
            await loop.sock_sendall(connection, data)


async def sendfile_server(on: Implementation, case: NetCase) -> str:
    """A reply is a whole file: by `loop.sendfile`, or read and written where the loop has none."""
    loop = on.aio.get_running_loop()
    file = keep(tempfile.TemporaryFile())  # noqa: SIM115 (open as long as the process)
    file.write(os.urandom(FILE_BYTES))
    file.flush()

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(case.size):
            try:
                await loop.sendfile(writer.transport, file, 0, FILE_BYTES)
            except NotImplementedError:  # uvloop
                writer.write(os.pread(file.fileno(), FILE_BYTES, 0))
                await writer.drain()
        writer.close()

    server = keep(await on.aio.start_server(reply, "127.0.0.1", 0, backlog=BACKLOG))
    return f"tcp 127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def accept_forever(
    on: Implementation, listener: socket.socket, serve: Callable[..., Awaitable[None]]
) -> None:
    loop = on.aio.get_running_loop()
    while True:
        connection, _ = await loop.sock_accept(listener)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        keep(loop.create_task(serve(on, connection)))


async def aiohttp_server(on: Implementation, case: NetCase) -> str:
    from aiohttp import web

    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="Hello, world!")

    app = web.Application()
    app.router.add_get("/", hello)
    runner = keep(web.AppRunner(app, access_log=None))
    await runner.setup()
    listener = keep(listening_socket())
    await web.SockSite(runner, listener).start()
    return f"http 127.0.0.1:{listener.getsockname()[1]}"


async def uvicorn_server(on: Implementation, case: NetCase) -> str:
    """A bare ASGI application: what is measured is uvicorn, with httptools where it is
    installed.
    """
    import uvicorn

    async def hello(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HELLO_HEADERS})
        await send({"type": "http.response.body", "body": b"Hello, world!"})

    config = uvicorn.Config(hello, lifespan="off", log_level="warning", access_log=False)
    listener = keep(listening_socket())
    keep(on.aio.get_running_loop().create_task(uvicorn.Server(config).serve([listener])))
    return f"http 127.0.0.1:{listener.getsockname()[1]}"


def tls_context(case: NetCase) -> ssl.SSLContext | None:
    """For a case over TLS the certificate that the harness made; None without TLS."""
    if case.family != "tls":
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.environ[CERTIFICATE])
    return context


def listening_socket() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    listener.setblocking(False)
    return listener


def socket_path() -> str:
    return os.path.join(tempfile.mkdtemp(prefix="eagerloop-bench-"), "socket")


def keep(thing: Any) -> Any:
    """Hold what must live as long as the process: servers, transports, tasks."""
    KEPT.append(thing)
    return thing


KEPT: list[object] = []

SERVERS: dict[str, Callable[..., Awaitable[str]]] = {
    "protocol": protocol_server(Echo),
    "buffered": protocol_server(BufferedEcho),
    "pieces": protocol_server(Pieces),
    "lines": stream_server(echo_lines),
    "exact": stream_server(echo_exact),
    "socket": socket_server,
    "datagram": datagram_server,
    "sendfile": sendfile_server,
    "aiohttp": aiohttp_server,
    "uvicorn": uvicorn_server,
}
