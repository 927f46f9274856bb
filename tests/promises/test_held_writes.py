"""What asyncio's write() would have handed over, an end by force in the same turn does not take back."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

import eagerloop
from tests.conftest import Run
from tests.net.peers import nonblocking_pair
from tests.transports.certificates import Authority
from tests.transports.pipes import drain, writing
from tests.transports.recording import Recorder, reports

PIECES = [b"one ", b"two ", b"three ", b"end"]
WHOLE = b"".join(PIECES)


class Refusing(Recorder):
    """Answers in pieces and ends."""

    def __init__(self, end: Callable[[Any], None]) -> None:
        super().__init__()
        self.end = end

    def data_received(self, data: bytes) -> None:
        for piece in PIECES:
            self.transport.write(piece)
        self.end(self.transport)


def fail(transport: Any) -> None:
    raise ZeroDivisionError("the application's")


def abort(transport: Any) -> None:
    transport.abort()


ENDS = pytest.mark.parametrize("end", [abort, fail])


@ENDS
@pytest.mark.parametrize("joins", [False, True])
def test_of_a_socket(run: Run, end: Callable[[Any], None], joins: bool) -> None:
    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        found = reports(loop)
        left, right = nonblocking_pair()
        with right:
            transport, protocol = await loop.create_connection(lambda: Refusing(end), sock=left)
            if joins:  # whoever wrote several times in a turn is expected to do so again
                transport.write(b"<")
                transport.write(b">")
                await eagerloop.sleep(0)
                assert await loop.sock_recv(right, 100) == b"<>"
            await loop.sock_sendall(right, b"?")
            lost = await protocol.lost
            assert right.recv(100) == WHOLE
            assert right.recv(100) == b""
        assert (type(lost) is ZeroDivisionError) == (end is fail)
        assert len(found) == (end is fail)
        assert protocol.events == ["made", "lost"]

    run(main)


def test_of_a_socket_whose_peer_has_gone(run: Run) -> None:
    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        left, right = nonblocking_pair()
        transport, protocol = await loop.create_connection(Recorder, sock=left)
        transport.write(b"<")
        right.close()
        transport.write(b">")
        transport.abort()
        assert await protocol.lost is None
        assert transport.get_write_buffer_size() == 0

    run(main)


@ENDS
def test_of_a_socket_with_tls(run: Run, authority: Authority, end: Callable[[Any], None]) -> None:
    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        found = reports(loop)
        server = await loop.create_server(
            lambda: Refusing(end), "127.0.0.1", 0, ssl=authority.server()
        )
        host, port = server.sockets[0].getsockname()
        _, client = await loop.create_connection(
            Recorder, host, port, ssl=authority.client(), server_hostname="localhost"
        )
        client.transport.write(b"?")
        assert await client.until(len(WHOLE)) == WHOLE
        await client.lost
        assert len(found) == (end is fail)
        server.close()
        await server.wait_closed()

    run(main)


def test_of_a_pipe() -> None:
    async def main() -> None:
        theirs, ours = os.pipe()
        transport, protocol = await writing(ours)
        for piece in PIECES:
            transport.write(piece)
        transport.abort()
        assert await protocol.lost is None
        assert drain(theirs) == WHOLE
        os.close(theirs)

    eagerloop.run(main())
