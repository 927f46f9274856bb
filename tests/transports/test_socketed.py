"""SocketTransport: what is known of a socket, and an unclosed one."""

from __future__ import annotations

import errno
import gc
import os
import socket
from typing import Any

import pytest

import eagerloop
from eagerloop.transports.socketed import pack, unpack


@pytest.mark.parametrize(
    "name",
    [
        ("127.0.0.1", 65536),
        ("127.0.0.1", -1),
        ("127.0.1", 1),
        ("::1", 80, 0, 0),
        ("a name", 80),
        ("127.0.0.1", "80"),
        (1, 2),
        "/a/path",
        b"\0abstract",
        "",
        None,
    ],
)
def test_other_names_are_not_packed(name: Any) -> None:
    assert pack(name) == 0


@pytest.mark.parametrize("name", [("127.0.0.1", 1), ("255.254.0.9", 65535), ("0.0.0.0", 0)])
def test_an_address_is_unpacked_as_it_was(name: tuple[str, int]) -> None:
    assert unpack(pack(name)) == name


def test_what_is_known_of_a_connection(run: Any) -> None:
    """Asked at once, later, from connection_lost and after it."""

    class Asking(eagerloop.Protocol):
        def __init__(self, at_once: bool) -> None:
            self.at_once = at_once
            self.over = eagerloop.get_running_loop().create_future()

        def connection_made(self, transport: Any) -> None:
            self.transport = transport
            if self.at_once:
                self.socket = transport.get_extra_info("socket")

        def data_received(self, data: bytes) -> None:
            self.transport.write(data)

        def connection_lost(self, exc: Exception | None) -> None:
            self.over.set_result(self.transport.get_extra_info("peername"))

    async def main(at_once: bool) -> None:
        made: list[Asking] = []

        def make() -> Asking:
            made.append(Asking(at_once))
            return made[-1]

        loop = eagerloop.get_running_loop()
        server: Any = await loop.create_server(make, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await eagerloop.open_connection("127.0.0.1", port)
        writer.write(b"x")
        assert await reader.read(1) == b"x"
        ours, theirs = made[0].transport, writer.transport
        assert ours.get_extra_info("peername") == theirs.get_extra_info("sockname")
        assert theirs.get_extra_info("peername") == ("127.0.0.1", port)
        sock = ours.get_extra_info("socket")
        assert sock is ours.get_extra_info("socket")
        assert sock.gettimeout() == 0
        assert sock.type == socket.SOCK_STREAM
        assert ours.get_extra_info("sockname") == ("127.0.0.1", port) == sock.getsockname()
        assert ours.get_extra_info("nothing") is None
        assert ours.get_extra_info("nothing", 1) == 1
        writer.write(b"y")
        assert await reader.read(1) == b"y"
        name = theirs.get_extra_info("sockname")
        writer.close()
        assert await made[0].over == name
        assert ours.get_extra_info("peername") == name
        assert ours.get_extra_info("sockname") == ("127.0.0.1", port)
        await writer.wait_closed()
        assert theirs.get_extra_info("sockname") == name
        assert sock.fileno() == -1
        server.close()
        await server.wait_closed()

    for at_once in (True, False):
        run(lambda at_once=at_once: main(at_once))


def test_an_unclosed_transport_warns_and_closes_its_socket() -> None:
    loop = eagerloop.EventLoop()
    left, right = socket.socketpair()
    left.setblocking(False)
    loop.run_until_complete(loop.create_connection(eagerloop.Protocol, sock=left))
    with pytest.warns(ResourceWarning, match="unclosed transport <StreamTransport"):
        loop.close()
        del loop
        gc.collect()
    assert left.fileno() == -1
    right.close()


def test_a_descriptor_closed_by_another_does_not_keep_the_server(run: Any) -> None:
    class Robbed(eagerloop.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            os.close(self.transport._sock_fd)
            self.transport.abort()

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        told: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _, context: told.append(context))
        server = await loop.create_server(Robbed, "127.0.0.1", 0)
        with socket.create_connection(server.sockets[0].getsockname()) as peer:
            peer.send(b"x")
            while not told:
                await eagerloop.sleep(0.001)
            server.close()
            async with eagerloop.timeout(5):
                await server.wait_closed()
        [report] = told
        assert report["exception"].errno == errno.EBADF

    run(main)
