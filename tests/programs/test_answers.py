"""Unmodified aiohttp and Starlette applications answer on eagerloop what they answer on asyncio."""

from __future__ import annotations

import hashlib
import json
import socket

import pytest

from .conftest import Server, one_answer, until_closed, without_date

QUIET = True  # the server writes nothing to stderr
CLOSE = b"Host: test\r\nConnection: close\r\n"
BLOCK = bytes(range(256)) * 256
BIG = 50 * 1024 * 1024 // len(BLOCK)  # blocks


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(b"GET / HTTP/1.1\r\n" + CLOSE + b"\r\n", id="plain"),
        pytest.param(b"GET / HTTP/1.0\r\n\r\n", id="old"),
        pytest.param(b"GET /numbers?count=5000 HTTP/1.1\r\n" + CLOSE + b"\r\n", id="json"),
        pytest.param(b"GET /chunked HTTP/1.1\r\n" + CLOSE + b"\r\n", id="chunked answer"),
        pytest.param(b"GET /download?blocks=3 HTTP/1.1\r\n" + CLOSE + b"\r\n", id="blocks"),
        pytest.param(b"GET /nothing HTTP/1.1\r\n" + CLOSE + b"\r\n", id="not found"),
        pytest.param(b"DELETE /upload HTTP/1.1\r\n" + CLOSE + b"\r\n", id="not allowed"),
        pytest.param(b"HEAD / HTTP/1.1\r\n" + CLOSE + b"\r\n", id="head"),
        pytest.param(
            b"POST /upload HTTP/1.1\r\n" + CLOSE + b"Content-Length: 5\r\n\r\nabcde", id="upload"
        ),
        pytest.param(
            b"POST /upload HTTP/1.1\r\n"
            + CLOSE
            + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            id="chunked upload",
        ),
    ],
)
def test_byte_for_byte(server: Server, reference: Server, request_bytes: bytes) -> None:
    right = without_date(reference.ask(request_bytes))
    assert right.startswith(b"HTTP/1.")
    assert without_date(server.ask(request_bytes)) == right


def test_keep_alive(server: Server, reference: Server) -> None:
    requests = [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /numbers HTTP/1.1\r\nHost: a\r\n\r\n"]
    with server.connect() as ours, reference.connect() as theirs:
        for request in requests * 20:
            ours.sendall(request)
            theirs.sendall(request)
            assert without_date(one_answer(ours)) == without_date(one_answer(theirs))


def test_pipelined(server: Server, reference: Server) -> None:
    last = b"GET /numbers HTTP/1.1\r\n" + CLOSE + b"\r\n"
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 50 + last
    assert without_date(server.ask(request)) == without_date(reference.ask(request))


def test_a_request_in_single_bytes(server: Server, reference: Server) -> None:
    request = b"GET / HTTP/1.1\r\n" + CLOSE + b"\r\n"
    answers = []
    for each in (server, reference):
        with each.connect() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in request:
                connection.sendall(bytes([byte]))
            answers.append(without_date(until_closed(connection)))
    assert answers[0] == answers[1]


def test_fifty_megabytes_up(server: Server) -> None:
    digest = hashlib.sha256()
    with server.connect() as connection:
        head = f"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: {BIG * len(BLOCK)}\r\n\r\n"
        connection.sendall(head.encode())
        for _ in range(BIG):
            connection.sendall(BLOCK)
            digest.update(BLOCK)
        body = one_answer(connection).partition(b"\r\n\r\n")[2]
    assert json.loads(body) == {"bytes": BIG * len(BLOCK), "sha256": digest.hexdigest()}


def test_fifty_megabytes_down(server: Server) -> None:
    answer = server.ask(f"GET /download?blocks={BIG} HTTP/1.1\r\n".encode() + CLOSE + b"\r\n")
    body = answer.partition(b"\r\n\r\n")[2]
    assert len(body) == BIG * len(BLOCK)
    assert hashlib.sha256(body).digest() == hashlib.sha256(BLOCK * BIG).digest()


def test_a_thousand_connections_at_once(
    server: Server, reference: Server, many_descriptors: None
) -> None:
    request = b"GET /numbers?count=100 HTTP/1.1\r\nHost: a\r\n\r\n"
    with reference.connect() as connection:
        connection.sendall(request)
        right = without_date(one_answer(connection))
    connections = [server.connect() for _ in range(1000)]
    try:
        for connection in connections:
            connection.sendall(request)
        for connection in connections:
            assert without_date(one_answer(connection)) == right
        assert server.open_sockets() >= 1000
        for connection in reversed(connections):  # and a second time, kept alive
            connection.sendall(request)
        for connection in connections:
            assert without_date(one_answer(connection)) == right
    finally:
        for connection in connections:
            connection.close()
