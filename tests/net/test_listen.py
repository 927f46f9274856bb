"""Servers: what they listen on, and every order of serving, closing and waiting."""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import Any

import pytest

from eagerloop.net.listen import Server
from tests.conftest import Run
from tests.net.peers import Echo, Recorder, listening, port_of


async def client_of(server: Any) -> tuple[asyncio.Transport, Recorder]:
    """A client whose connection the server has accepted."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_connection(Recorder, "127.0.0.1", port_of(server))
    while not server._clients:
        await asyncio.sleep(0.001)
    return transport, protocol


async def echo_server(**options: Any) -> Any:
    return await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0, **options)


def test_hosts_are_bound_once(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with listening() as sock:
            port = sock.getsockname()[1]
        server = await loop.create_server(Echo, ["127.0.0.1", "127.1", "::1", "127.0.0.1"], port)
        names = [sock.getsockname()[:2] for sock in server.sockets]
        assert names == [("127.0.0.1", port), ("::1", port)]
        server.close()

    run(main)


@pytest.mark.parametrize("host", ["", None])
def test_every_address_of_the_machine(run: Run, host: str | None) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Echo, host, 0)
        families = {sock.family for sock in server.sockets}
        assert families == {socket.AF_INET, socket.AF_INET6}
        for sock in server.sockets:
            local = "127.0.0.1" if sock.family == socket.AF_INET else "::1"
            transport, protocol = await loop.create_connection(
                Recorder, local, sock.getsockname()[1]
            )
            transport.close()
            await protocol.lost
        server.close()
        await server.wait_closed()

    run(main)


def test_both_stacks_on_one_port(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with listening() as sock:
            port = sock.getsockname()[1]
        four = await loop.create_server(Echo, "0.0.0.0", port)
        six = await loop.create_server(Echo, "::", port)
        four.close()
        six.close()

    run(main)


def test_options(run: Run) -> None:
    async def main() -> None:
        server = await echo_server(reuse_port=True, keep_alive=True, reuse_address=False)
        sock = server.sockets[0]
        options = [
            bool(sock.getsockopt(socket.SOL_SOCKET, option))
            for option in (socket.SO_REUSEPORT, socket.SO_KEEPALIVE, socket.SO_REUSEADDR)
        ]
        assert options == [True, True, False]
        loop = asyncio.get_running_loop()
        again = await loop.create_server(Echo, "127.0.0.1", port_of(server), reuse_port=True)
        again.close()
        server.close()
        other = await echo_server()
        assert other.sockets[0].getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
        other.close()

    run(main)


def test_an_address_in_use(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await echo_server()
        with pytest.raises(OSError, match="error while attempting to bind on address") as caught:
            await loop.create_server(Echo, ["127.0.0.1", "127.0.0.2"], port_of(server))
        assert "address already in use" in str(caught.value)
        server.close()

    run(main)


def test_an_address_of_another_machine(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with pytest.raises(OSError, match=r"could not bind on any address out of \[\('192.0.2.1'"):
            await loop.create_server(Echo, "192.0.2.1", 0)
        server = await loop.create_server(Echo, ["192.0.2.1", "127.0.0.1"], 0)
        assert len(server.sockets) == 1
        server.close()

    run(main)


def test_arguments_that_do_not_fit(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp, unix = loop.create_server, loop.create_unix_server
        with listening() as sock, datagrams:
            for call, arguments, message in (
                (tcp, {}, "Neither host/port nor sock were specified"),
                (tcp, {"port": 0, "sock": sock}, "host/port and sock can not be specified"),
                (tcp, {"sock": datagrams}, "A Stream Socket was expected, got <socket"),
                (unix, {}, "path was not specified, and no sock specified"),
                (unix, {"path": "p", "sock": sock}, "path and sock can not be specified"),
                (unix, {"sock": sock}, "A UNIX Domain Stream Socket was expected"),
            ):
                with pytest.raises(ValueError, match=message):
                    await call(Echo, **arguments)

    run(main)


def test_start_serving(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await echo_server(start_serving=False)
        assert not server.is_serving()
        with pytest.raises(ConnectionRefusedError):
            await loop.create_connection(Recorder, "127.0.0.1", port_of(server))
        await server.start_serving()
        await server.start_serving()
        assert server.is_serving()
        transport, protocol = await client_of(server)
        transport.close()
        await protocol.lost
        server.close()
        assert not server.is_serving()
        assert server.sockets == ()
        with pytest.raises(RuntimeError, match="is closed"):
            await server.start_serving()

    run(main)


def test_repr_and_interface(run: Run) -> None:
    async def main() -> None:
        server = await echo_server()
        assert isinstance(server, asyncio.AbstractServer)
        assert isinstance(server, Server)
        assert server.get_loop() is asyncio.get_running_loop()
        assert repr(server).startswith("<Server sockets=(<asyncio.TransportSocket fd=")
        server.close()
        server.close()
        assert repr(server) == "<Server sockets=()>"

    run(main)


def test_wait_closed_waits_for_clients(run: Run) -> None:
    async def main() -> None:
        server = await echo_server()
        transport, protocol = await client_of(server)
        waiting = [asyncio.create_task(server.wait_closed())]
        await asyncio.sleep(0.01)
        server.close()
        waiting.append(asyncio.create_task(server.wait_closed()))
        cancelled = asyncio.create_task(server.wait_closed())
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in waiting)
        cancelled.cancel()
        transport.close()
        await asyncio.wait_for(asyncio.gather(*waiting), 5)
        await server.wait_closed()
        assert await protocol.lost is None

    run(main)


def test_wait_closed_with_clients_gone_first(run: Run) -> None:
    async def main() -> None:
        server = await echo_server()
        waiting = asyncio.create_task(server.wait_closed())
        transport, protocol = await client_of(server)
        transport.close()
        await protocol.lost
        await asyncio.sleep(0.01)
        assert not waiting.done()
        server.close()
        await asyncio.wait_for(waiting, 5)

    run(main)


def test_close_clients(run: Run) -> None:
    async def main() -> None:
        server = await echo_server()
        _, protocol = await client_of(server)
        server.close()
        server.close_clients()
        await asyncio.wait_for(server.wait_closed(), 5)
        assert await protocol.lost is None

    run(main)


def test_abort_clients(run: Run) -> None:
    async def main() -> None:
        server = await echo_server()
        transport, protocol = await client_of(server)
        transport.pause_reading()
        peer = next(iter(server._clients))
        peer.write(bytes(20_000_000))  # close() would wait until this is read
        server.close()
        server.close_clients()
        await asyncio.sleep(0.01)
        server.abort_clients()
        await asyncio.wait_for(server.wait_closed(), 5)
        transport.resume_reading()
        await protocol.lost
        assert len(protocol.data) < 20_000_000

    run(main)


def test_an_abandoned_client_does_not_keep_the_server(run: Run) -> None:
    async def main() -> None:
        server = await echo_server()
        transport, protocol = await client_of(server)
        transport.abort()
        await protocol.lost
        while server._clients:
            await asyncio.sleep(0.001)
            gc.collect()
        server.close()
        await asyncio.wait_for(server.wait_closed(), 5)

    run(main)


def test_serve_forever_ends_when_closed(run: Run) -> None:
    async def main() -> None:
        server = await echo_server(start_serving=False)
        serving = asyncio.create_task(server.serve_forever())
        await asyncio.sleep(0.01)
        assert server.is_serving()
        with pytest.raises(RuntimeError, match="already being awaited on serve_forever"):
            await server.serve_forever()
        server.close()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(serving, 5)
        with pytest.raises(RuntimeError, match="is closed"):
            await server.serve_forever()

    run(main)


def test_cancelling_serve_forever_closes_everything(run: Run) -> None:
    async def main() -> None:
        server = await echo_server()
        serving = asyncio.create_task(server.serve_forever())
        _, protocol = await client_of(server)
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(serving, 5)
        assert await protocol.lost is None
        assert not server._clients
        await server.wait_closed()

    run(main)


def test_server_as_a_context(run: Run) -> None:
    async def main() -> None:
        async with await echo_server() as server:
            transport, protocol = await client_of(server)
            transport.close()
            await protocol.lost
        assert server.sockets == ()

    run(main)


def test_a_failed_listen_leaves_nothing(run: Run) -> None:
    """Two sockets may be bound to one port with SO_REUSEADDR, but only one may listen."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with socket.socket() as first, socket.socket() as second:
            for sock in (first, second):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            first.bind(("127.0.0.1", 0))
            second.bind(first.getsockname())
            first.listen()
            with pytest.raises(OSError, match="in use"):
                await loop.create_server(Echo, sock=second)

    run(main)
