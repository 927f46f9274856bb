"""SocketTransport: what is known of a socket, and an unclosed one."""

from __future__ import annotations

import gc
import socket

import pytest

import eagerloop
from eagerloop.transports.socketed import describe


def test_describe() -> None:
    left, right = socket.socketpair()
    info = describe(left, {"peername": "given"})
    assert info["peername"] == "given"
    assert info["sockname"] == left.getsockname()
    left.close()
    right.close()
    assert describe(left, None)["sockname"] is None


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
