"""The socket that a transport shows."""

from __future__ import annotations

import asyncio.trsock
import pickle
import socket
from collections.abc import Iterator

import pytest

from eagerloop.trsock import TransportSocket


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    yield client, server
    client.close()
    server.close()


def test_it_tells_what_the_socket_is(pair: tuple[socket.socket, socket.socket]) -> None:
    sock, server = pair
    shown = TransportSocket(sock)
    assert isinstance(shown, asyncio.trsock.TransportSocket)
    assert isinstance(shown, TransportSocket)
    assert (shown.family, shown.type, shown.proto) == (sock.family, sock.type, sock.proto)
    assert shown.fileno() == sock.fileno()
    assert shown.getsockname() == sock.getsockname()
    assert shown.getpeername() == server.getsockname()
    assert not shown.get_inheritable()
    assert shown.gettimeout() == 0
    with shown.dup() as other:
        assert other.fileno() != sock.fileno()
    assert repr(shown).startswith(f"<asyncio.TransportSocket fd={sock.fileno()}, family=")
    assert repr(shown).endswith(f"laddr={sock.getsockname()}, raddr={server.getsockname()}>")


def test_options_pass_through(pair: tuple[socket.socket, socket.socket]) -> None:
    shown = TransportSocket(pair[0])
    shown.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    assert shown.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    shown.shutdown(socket.SHUT_WR)


def test_what_would_disturb_the_transport_is_refused(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    shown = TransportSocket(pair[0])
    shown.setblocking(False)
    shown.settimeout(0)
    with pytest.raises(ValueError, match="cannot be blocking"):
        shown.setblocking(True)
    with pytest.raises(ValueError, match="only 0 timeout"):
        shown.settimeout(1)
    with pytest.raises(TypeError, match="Cannot serialize"):
        pickle.dumps(shown)
    assert not hasattr(shown, "close")


def test_a_closed_or_unconnected_socket_is_shown() -> None:
    sock = socket.socket()
    shown = TransportSocket(sock)
    assert "raddr" not in repr(shown)
    sock.close()
    assert repr(shown).startswith("<asyncio.TransportSocket fd=-1, ")
    assert "laddr" not in repr(shown)
