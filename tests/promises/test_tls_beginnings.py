"""TLS that begins on a connection: whoever asked for it has its transport before the first data."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any

import pytest

import eagerloop
from tests.conftest import Run
from tests.transports.certificates import Authority
from tests.transports.peers import Peer
from tests.transports.recording import Recorder


class Client:
    """TLS by hand, so that the last handshake message and what follows are one packet."""

    def __init__(self, context: ssl.SSLContext, connection: socket.socket) -> None:
        self.connection = connection
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    def exchange(self, step: Any) -> Any:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                if self.outgoing.pending:
                    self.connection.sendall(self.outgoing.read())
                data = self.connection.recv(65536)
                assert data
                self.incoming.write(data)


@pytest.mark.parametrize("ended", [False, True])
def test_first_data_with_the_end_of_the_handshake(
    run: Run, authority: Authority, ended: bool
) -> None:
    """The protocol answers by the transport that start_tls gave; the peer may even have ended."""

    class Echo(asyncio.Protocol):
        transport: Any = None

        def data_received(self, data: bytes) -> None:
            self.transport.write(data)

        def eof_received(self) -> None:
            ends.append("eof")

        def connection_lost(self, exc: BaseException | None) -> None:
            ends.append("lost")

    ends: list[str] = []

    def talk(address: tuple[str, int]) -> bytes:
        with socket.create_connection(address, 10) as connection:
            client = Client(authority.client(), connection)
            client.exchange(client.tls.do_handshake)
            client.tls.write(b"hello")
            if ended:
                with pytest.raises(ssl.SSLWantReadError):
                    client.tls.unwrap()
            connection.sendall(client.outgoing.read())
            if ended:
                connection.shutdown(socket.SHUT_WR)
            answer: bytes = client.exchange(lambda: client.tls.read(100))
            return answer

    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        accepted = loop.create_future()

        class Plain(asyncio.Protocol):
            def connection_made(self, transport: Any) -> None:
                transport.pause_reading()
                accepted.set_result(transport)

        async with await loop.create_server(Plain, "127.0.0.1", 0) as server:
            talking = loop.run_in_executor(None, talk, server.sockets[0].getsockname())
            transport = await accepted
            protocol = Echo()
            transport.set_protocol(protocol)
            protocol.transport = await loop.start_tls(
                transport, protocol, authority.server(), server_side=True
            )
            async with eagerloop.timeout(10):
                assert await talking == b"hello"
                while "lost" not in ends:
                    await eagerloop.sleep(0.001)
        assert ends == ["eof", "lost"]

    run(main)


def test_a_paused_connection_that_is_closed_ends(run: Run, authority: Authority) -> None:
    """What is unread is dropped, the peer's close_notify is awaited, connection_lost comes once."""

    def serve(connection: socket.socket) -> None:
        with authority.server().wrap_socket(connection, server_side=True) as tls:
            tls.sendall(b"trailing")
            assert tls.recv(10) == b""  # the close_notify
            tls.unwrap()

    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        with Peer(serve) as peer:
            transport, protocol = await loop.create_connection(
                Recorder, *peer.address, ssl=authority.client(), server_hostname="localhost"
            )
            transport.pause_reading()
            transport.close()
            async with eagerloop.timeout(10):
                assert await protocol.lost is None
        assert protocol.events[0] == "made"
        assert protocol.events[-1] == "lost"
        assert protocol.events.count("lost") == 1

    run(main)
