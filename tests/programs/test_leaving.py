"""Clients that leave at the worst moment: the server forgets them, and serves the next one."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

import pytest

from .conftest import Server, one_answer

QUIET = False  # both frameworks log a request that broke off
HELLO = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
HALF_UPLOAD = (
    b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 500_000
)
HALF_CHUNK = b"POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf"
LONG_DOWNLOAD = b"GET /download?blocks=800 HTTP/1.1\r\nHost: a\r\n\r\n"


def close(connection: socket.socket) -> None:
    connection.close()


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("leave", [close, reset])
@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(HALF_UPLOAD, id="mid-upload"),
        pytest.param(HALF_CHUNK, id="mid-chunk"),
        pytest.param(HELLO[:20], id="mid-head"),
        pytest.param(b"", id="at once"),
    ],
)
def test_a_client_that_vanishes_while_sending(
    server: Server, request_bytes: bytes, leave: Callable[[socket.socket], None]
) -> None:
    before = settled(server)
    for _ in range(10):
        connection = server.connect()
        connection.sendall(request_bytes)
        leave(connection)
    assert answers(server)
    assert settled(server) <= before


@pytest.mark.parametrize("leave", [close, reset])
def test_a_client_that_vanishes_while_receiving(
    server: Server, leave: Callable[[socket.socket], None]
) -> None:
    before = settled(server)
    for _ in range(5):
        connection = server.connect()
        connection.sendall(LONG_DOWNLOAD)
        assert connection.recv(1000)
        leave(connection)
    assert answers(server)
    assert settled(server) <= before


def answers(server: Server) -> bool:
    with server.connect() as connection:
        connection.sendall(HELLO)
        return one_answer(connection).endswith(b"Hello, world!")


def settled(server: Server) -> int:
    """The server's open sockets, once their number stays the same."""
    deadline = time.monotonic() + 10
    count = server.open_sockets()
    since = time.monotonic()
    while time.monotonic() < min(deadline, since + 0.3):
        time.sleep(0.02)
        now = server.open_sockets()
        if now != count:
            count, since = now, time.monotonic()
    return count
