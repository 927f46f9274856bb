"""Accepting: contexts, failures of one connection, and a process that is out of descriptors."""

from __future__ import annotations

import asyncio
import contextvars
import os
import resource
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Run
from tests.net.peers import Echo, Recorder, listening, port_of

var = contextvars.ContextVar("var", default="")


def test_each_connection_has_its_own_copy_of_the_servers_context(run: Run) -> None:
    seen: list[tuple[str, str]] = []

    class Seeing(Echo):
        def __init__(self) -> None:
            super().__init__()
            seen.append(("factory", var.get()))

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            var.set("connection")

        def data_received(self, data: bytes) -> None:
            seen.append(("data", var.get()))
            super().data_received(data)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        var.set("server")
        server = await loop.create_server(Seeing, "127.0.0.1", 0, start_serving=False)
        var.set("whoever starts it")
        await server.start_serving()
        for _ in range(2):
            transport, protocol = await loop.create_connection(
                Recorder, "127.0.0.1", port_of(server)
            )
            transport.write(b"x")
            await protocol.wait_for(1)
            transport.close()
            await protocol.lost
        assert seen == [("factory", "server"), ("data", "connection")] * 2
        server.close()
        await server.wait_closed()

    run(main)


def failing_factory() -> asyncio.Protocol:
    raise LookupError("no protocol")


@pytest.mark.parametrize("debug", [False, True])
def test_a_failing_factory_costs_one_connection(run: Run, debug: bool) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_debug(debug)
        heard: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda loop, context: heard.append(context))
        server = await loop.create_server(failing_factory, "127.0.0.1", 0)
        for _ in range(2):
            _, protocol = await loop.create_connection(Recorder, "127.0.0.1", port_of(server))
            await asyncio.wait_for(protocol.lost, 5)
        assert len(heard) == (2 if debug else 0)
        for context in heard:
            assert context["message"] == "Error on transport creation for incoming connection"
            assert isinstance(context["exception"], LookupError)
        server.close()
        await server.wait_closed()

    run(main)


def test_a_factory_may_close_the_server(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()

        def factory() -> Echo:
            server.close()
            return Echo()

        server = await loop.create_server(factory, "127.0.0.1", 0)
        transport, protocol = await loop.create_connection(Recorder, "127.0.0.1", port_of(server))
        transport.write(b"x")
        assert await protocol.wait_for(1) == b"x"
        transport.close()
        await protocol.lost
        await asyncio.wait_for(server.wait_closed(), 5)

    run(main)


def test_a_burst_is_accepted(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        server: Any = await loop.create_server(Echo, "127.0.0.1", 0, backlog=50)
        clients = [socket.socket() for _ in range(45)]
        for client in clients:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port_of(server)))
        async with asyncio.timeout(20):
            while len(server._clients) < len(clients):
                await asyncio.sleep(0.01)
        for client in clients:
            client.close()
        server.close()
        await asyncio.wait_for(server.wait_closed(), 5)

    run(main)


@pytest.fixture
def few_descriptors() -> Iterator[int]:
    """A limit of 20 descriptors beyond those in use."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = max(map(int, os.listdir("/proc/self/fd"))) + 20
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    yield limit
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def use_up_descriptors() -> list[int]:
    taken = []
    while True:
        try:
            taken.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            return taken


def test_out_of_descriptors_it_backs_off_and_recovers(
    run: Run, few_descriptors: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        heard: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda loop, context: heard.append(context))
        server: Any = await loop.create_server(Echo, "127.0.0.1", 0)
        client = socket.socket()
        client.setblocking(False)
        taken = use_up_descriptors()
        try:
            client.connect_ex(("127.0.0.1", port_of(server)))
            await asyncio.sleep(0.3)
            assert len(heard) == 1, "an exhausted server must not spin"
        finally:
            for fd in taken:
                os.close(fd)
        assert heard[0]["message"] == "socket.accept() out of system resource"
        assert isinstance(heard[0]["exception"], OSError)
        assert heard[0]["socket"].getsockname() == server.sockets[0].getsockname()
        async with asyncio.timeout(5):
            while not server._clients:
                await asyncio.sleep(0.05)
        client.close()
        server.close()
        await asyncio.wait_for(server.wait_closed(), 5)

    run(main)


@pytest.mark.parametrize("by", ["the server", "the socket's owner"])
def test_closing_during_the_back_off(run: Run, few_descriptors: int, by: str) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        heard: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda loop, context: heard.append(context))
        sock = socket.create_server(("127.0.0.1", 0))
        server = await loop.create_server(Echo, sock=sock)
        client = socket.socket()
        client.setblocking(False)
        taken = use_up_descriptors()
        client.connect_ex(("127.0.0.1", port_of(server)))
        await asyncio.sleep(0.05)
        (server if by == "the server" else sock).close()
        for fd in taken:
            os.close(fd)
        client.close()
        await asyncio.sleep(1.1)  # the time at which it would have tried again
        assert [context["message"] for context in heard] == [
            "socket.accept() out of system resource"
        ]
        server.close()

    run(main)


def test_a_socket_that_can_accept_no_more_is_reported_and_does_not_spin(run: Run) -> None:
    """Shut down, a listening socket is readable for ever, and accept() fails every time."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        heard: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda loop, context: heard.append(context))
        with listening() as sock:
            server = await loop.create_server(Echo, sock=sock)
            sock.shutdown(socket.SHUT_RDWR)
            await asyncio.sleep(0.2)
            assert [context["message"] for context in heard] == ["socket.accept() failed"]
            assert isinstance(heard[0]["exception"], OSError)
            server.close()
            await server.wait_closed()

    run(main)
