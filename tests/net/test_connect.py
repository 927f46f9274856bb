"""Outgoing connections and connections taken over from elsewhere."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.net.peers import Echo, Recorder, listening, nonblocking_pair, port_of


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_tcp(run: Run, host: str) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        server = await loop.create_server(Echo, "127.0.0.1", 0)
        transport, protocol = await loop.create_connection(Recorder, host, port_of(server))
        assert protocol.transport is transport
        transport.write(b"hello")
        assert await protocol.wait_for(5) == b"hello"
        transport.close()
        assert await protocol.lost is None
        server.close()
        await server.wait_closed()

    run(main)


def test_unix(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        path = tmp_path / "socket"
        server = await loop.create_unix_server(Echo, path)
        transport, protocol = await loop.create_unix_connection(Recorder, path)
        transport.write(b"hello")
        assert await protocol.wait_for(5) == b"hello"
        transport.close()
        await protocol.lost
        server.close()
        await server.wait_closed()
        with pytest.raises(FileNotFoundError):
            await loop.create_unix_connection(Recorder, path)

    run(main)


def test_a_socket_of_the_callers(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        for connect in (loop.create_connection, loop.create_unix_connection):
            left, right = nonblocking_pair()
            left.setblocking(True)  # made non-blocking by the transport's maker
            transport, protocol = await connect(Recorder, sock=left)
            assert left.gettimeout() == 0
            with right:
                right.send(b"x")
                assert await protocol.wait_for(1) == b"x"
                transport.close()
                await protocol.lost
            assert left.fileno() == -1

    run(main)


def test_connect_accepted_socket(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        with listening() as server, socket.create_connection(server.getsockname()) as client:
            conn, _ = await loop.sock_accept(server)
            transport, protocol = await loop.connect_accepted_socket(Echo, conn)
            client.send(b"x")
            assert await protocol.wait_for(1) == b"x"
            assert transport.get_extra_info("peername") == client.getsockname()
            transport.close()
            await protocol.lost

    run(main)


def test_a_protocol_that_only_writes(run: Run) -> None:
    """It has no data_received; only bytes for it are an error."""

    class Writes(asyncio.BaseProtocol):
        def __init__(self) -> None:
            self.lost = asyncio.get_running_loop().create_future()

        def connection_made(self, transport: Any) -> None:
            transport.write(b"hello")

        def connection_lost(self, exc: Exception | None) -> None:
            self.lost.set_result(exc)

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        heard: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda loop, context: heard.append(context))
        left, right = nonblocking_pair()
        with right:
            _, protocol = await loop.create_connection(Writes, sock=left)
            assert await loop.sock_recv(right, 10) == b"hello"
            right.send(b"x")
            assert isinstance(await protocol.lost, TypeError)
            assert len(heard) == 1

    run(main)


def test_get_buffer_is_enough(run: Run) -> None:
    """A protocol of no class of asyncio's, as uvloop takes it."""

    class Fills:
        def __init__(self) -> None:
            self.lost = asyncio.get_running_loop().create_future()
            self.buffer = bytearray(10)

        def connection_made(self, transport: Any) -> None:
            pass

        def get_buffer(self, sizehint: int) -> bytearray:
            return self.buffer

        def buffer_updated(self, nbytes: int) -> None:
            self.lost.set_result(bytes(self.buffer[:nbytes]))

        def eof_received(self) -> None:
            pass

        def connection_lost(self, exc: Exception | None) -> None:
            pass

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        transport, protocol = await loop.create_connection(Fills, sock=left)
        with right:
            right.send(b"hello")
            assert await protocol.lost == b"hello"
        transport.close()

    run(main)


def test_arguments_that_do_not_fit(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with left, right, datagrams:
            tcp, unix = loop.create_connection, loop.create_unix_connection
            for call, arguments, message in (
                (tcp, {}, "host and port was not specified and no sock specified"),
                (tcp, {"host": "h", "sock": left}, "host/port and sock can not be specified"),
                (tcp, {"sock": datagrams}, "A Stream Socket was expected, got <socket"),
                (unix, {}, "no path and sock were specified"),
                (unix, {"path": "p", "sock": left}, "path and sock can not be specified"),
                (unix, {"sock": datagrams}, "A UNIX Domain Stream Socket was expected"),
                (loop.connect_accepted_socket, {"sock": datagrams}, "A Stream Socket was expected"),
            ):
                with pytest.raises(ValueError, match=message):
                    await call(asyncio.Protocol, **arguments)

    run(main)


def test_a_factory_that_fails_closes_the_socket(run: Run) -> None:
    def factory() -> asyncio.Protocol:
        raise LookupError("no protocol")

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with right:
            with pytest.raises(LookupError):
                await loop.create_connection(factory, sock=left)
            assert left.fileno() == -1

    run(main)


def test_callbacks_run_in_a_copy_of_the_callers_context(run: Run) -> None:
    var = contextvars.ContextVar("var", default="")

    class Seeing(Recorder):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            seen.append(var.get())
            var.set("changed by the protocol")

    seen: list[str] = []

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        var.set("caller")
        left, right = nonblocking_pair()
        transport, protocol = await loop.create_connection(Seeing, sock=left)
        with right:
            right.send(b"x")
            await protocol.wait_for(1)
            assert var.get() == "caller"
            right.send(b"x")
            await protocol.wait_for(2)
        assert seen == ["caller", "changed by the protocol"]
        transport.close()
        await protocol.lost

    run(main)


def test_connections_are_logged_in_debug_mode(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "asyncio")

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        loop.set_debug(True)
        with listening() as server:
            host, port = server.getsockname()
            transport, protocol = await loop.create_connection(Recorder, host, port)
            assert any(
                f"connected to {host}:{port}" in record.getMessage() for record in caplog.records
            )
            transport.close()
            await protocol.lost

    run(main)
