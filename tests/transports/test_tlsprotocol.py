"""TLSProtocol between our sockets: data, pauses, joined writes, and how it ends.

What goes wrong on the wire is in tests/promises/test_tls_endings.py.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading
import time
from typing import Any

import pytest

import eagerloop
from tests.conftest import Run

from .certificates import Authority
from .peers import Peer
from .recording import BufferedRecorder, Recorder, reports


class Connection:
    """A client and a server on loopback, ours both."""

    def __init__(self, authority: Authority, kind: type[Recorder] = Recorder) -> None:
        self.authority = authority
        self.kind = kind
        self.servers: list[Recorder] = []

    def accepted(self) -> Recorder:
        self.servers.append(self.kind())
        return self.servers[-1]

    async def __aenter__(self) -> tuple[Recorder, Recorder]:
        loop: Any = eagerloop.get_running_loop()
        self.listener = await loop.create_server(
            self.accepted, "127.0.0.1", 0, ssl=self.authority.server()
        )
        host, port = self.listener.sockets[0].getsockname()
        _, self.client = await loop.create_connection(
            self.kind, host, port, ssl=self.authority.client(), server_hostname="localhost"
        )
        while not (self.servers and self.servers[0].events):
            await eagerloop.sleep(0.001)
        return self.client, self.servers[0]

    async def __aexit__(self, *_: object) -> None:
        self.listener.close()
        for side in (self.client, self.servers[0]):
            side.transport.abort()
            await side.lost
        await self.listener.wait_closed()


@pytest.mark.parametrize("kind", [Recorder, BufferedRecorder])
@pytest.mark.parametrize("size", [1, 1000, 16384, 16385, 1_000_000])
def test_data_both_ways(run: Run, authority: Authority, kind: type[Recorder], size: int) -> None:
    async def main() -> None:
        async with Connection(authority, kind) as (client, server):
            data = bytes(range(256)) * (size // 256 + 1)
            for sender, receiver in ((client, server), (server, client)):
                sender.transport.write(data[:size])
                assert await receiver.until(size) == data[:size]

    run(main)


def test_writes_of_one_turn_arrive_in_order(run: Run, authority: Authority) -> None:
    async def main() -> None:
        async with Connection(authority) as (client, server):
            expected = b""
            for number in range(300):
                data = b"%d," % number * (number % 7)
                client.transport.write(bytearray(data))
                expected += data
                if number % 50 == 0:
                    client.transport.writelines([b"[", memoryview(b"x" * 20000), b"", b"]"])
                    expected += b"[" + b"x" * 20000 + b"]"
            assert await server.until(len(expected)) == expected

    run(main)


def test_small_writes_of_one_turn_are_joined(run: Run, authority: Authority) -> None:
    async def main() -> None:
        async with Connection(authority) as (client, server):
            sent: list[int] = []
            below = client.transport._ssl_protocol._transport
            sent_before = client.transport._ssl_protocol._tls.outgoing
            assert sent_before.pending == 0
            client.transport.write(b"first")
            for _ in range(99):
                client.transport.write(b"small")
            # the first has gone, the rest waits in clear for the end of the turn
            assert client.transport.get_write_buffer_size() == 99 * 5
            await eagerloop.sleep(0)
            assert client.transport.get_write_buffer_size() == 0
            assert below.get_write_buffer_size() == 0
            assert await server.until(500) == b"first" + b"small" * 99
            assert sent == []

    run(main)


def test_a_buffer_may_change_after_write(run: Run, authority: Authority) -> None:
    async def main() -> None:
        async with Connection(authority) as (client, server):
            for _ in range(3):
                data = bytearray(b"right")
                client.transport.write(data)
                data[:] = b"wrong"
            assert await server.until(15) == b"right" * 3

    run(main)


def test_a_slow_reader_pauses_the_writer(run: Run, authority: Authority) -> None:
    async def main() -> None:
        async with Connection(authority) as (client, server):
            server.transport.pause_reading()
            assert not server.transport.is_reading()
            chunk, sent = bytes(100_000), 0
            while "pause" not in client.events:
                client.transport.write(chunk)
                sent += len(chunk)
                await eagerloop.sleep(0)
                assert sent < 100_000_000
            assert client.transport.get_write_buffer_size() >= 512 * 1024
            await eagerloop.sleep(0.02)
            assert not server.data
            # what is held for a paused application is bounded
            assert server.transport.get_read_buffer_size() <= 2 * 256 * 1024
            server.transport.resume_reading()
            assert len(await server.until(sent)) == sent
            assert client.events[-1] == "resume"

    run(main)


def test_reading_paused_in_data_received_stays_paused(run: Run, authority: Authority) -> None:
    class Pausing(Recorder):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self.transport.pause_reading()

    async def main() -> None:
        async with Connection(authority, Pausing) as (client, server):
            client.transport.write(b"one")
            await server.until(3)
            client.transport.write(b"two")
            await eagerloop.sleep(0.02)
            assert server.data == b"one"
            server.transport.resume_reading()
            assert await server.until(6) == b"onetwo"

    run(main)


def test_writing_inside_every_callback(run: Run, authority: Authority) -> None:
    class Talking(Recorder):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            transport.write(b"hello ")

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if len(self.data) < 100:
                self.transport.write(b"again ")

    async def main() -> None:
        async with Connection(authority, Talking) as (client, server):
            for side in (client, server):
                assert (await side.until(100)).startswith(b"hello again again")

    run(main)


def test_close_delivers_what_was_written_and_ends_both_sides(
    run: Run, authority: Authority
) -> None:
    async def main() -> None:
        async with Connection(authority) as (client, server):
            client.transport.write(bytes(3_000_000))
            client.transport.close()
            assert client.transport.is_closing()
            client.transport.write(b"too late")
            assert await server.lost is None
            assert await client.lost is None
            assert len(server.data) == 3_000_000
            assert client.events == ["made", "lost"] or "pause" in client.events
            assert server.events == ["made", "data", "eof", "lost"]

    run(main)


def test_writes_after_the_end_are_logged_after_a_few(
    run: Run, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with Connection(authority) as (client, _):
            client.transport.close()
            await client.lost
            for _ in range(6):
                client.transport.write(b"x")
            assert [record.message for record in caplog.records] == ["SSL connection is closed"] * 2

    run(main)


def test_abort_drops_what_was_not_sent(run: Run, authority: Authority) -> None:
    async def main() -> None:
        async with Connection(authority) as (client, server):
            server.transport.pause_reading()
            client.transport.write(bytes(50_000_000))
            client.transport.abort()
            assert await client.lost is None
            server.transport.resume_reading()
            await server.lost
            assert len(server.data) < 50_000_000

    run(main)


@pytest.mark.parametrize("name", ["data_received", "eof_received"])
def test_a_callback_that_fails_ends_the_connection_with_its_error(
    run: Run, authority: Authority, name: str
) -> None:
    async def main() -> None:
        found = reports(eagerloop.get_running_loop())
        async with Connection(authority) as (client, server):

            def fail(*_: object) -> None:
                raise LookupError(name)

            setattr(server, name, fail)
            client.transport.write(b"x")
            client.transport.close()
            assert isinstance(await server.lost, LookupError)
            (context,) = found
            assert isinstance(context["exception"], LookupError)
            assert context["protocol"] is server.transport._ssl_protocol

    run(main)


@pytest.mark.parametrize("kind", [LookupError, asyncio.CancelledError])
@pytest.mark.parametrize("name", ["pause_writing", "resume_writing"])
def test_a_flow_callback_that_fails_is_reported(
    run: Run, authority: Authority, name: str, kind: type[BaseException]
) -> None:
    async def main() -> None:
        found = reports(eagerloop.get_running_loop())
        async with Connection(authority) as (client, server):

            def fail() -> None:
                raise kind(name)

            setattr(client, name, fail)
            client.transport.set_write_buffer_limits(high=0)
            client.transport.write(bytes(5_000_000))
            assert len(await server.until(5_000_000)) == 5_000_000
            assert found[0]["message"] == f"protocol.{name}() failed"
            assert type(found[0]["exception"]) is kind

    run(main)


def test_a_truthy_eof_received_is_answered_with_a_warning(
    run: Run, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    class Hoping(Recorder):
        def eof_received(self) -> bool:
            return True

    async def main() -> None:
        async with Connection(authority, Hoping) as (client, server):
            client.transport.close()
            assert await server.lost is None
            assert "returning true from eof_received() has no effect" in caplog.text

    run(main)


def test_an_empty_buffer_is_an_error(run: Run, authority: Authority) -> None:
    async def main() -> None:
        reports(eagerloop.get_running_loop())
        async with Connection(authority, BufferedRecorder) as (client, server):
            assert isinstance(server, BufferedRecorder)
            server.buffer = bytearray()
            client.transport.write(b"x")
            assert "get_buffer() returned an empty buffer" in str(await server.lost)

    run(main)


def test_debug_mode_logs_the_handshake(
    run: Run, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        eagerloop.get_running_loop().set_debug(True)
        with caplog.at_level("DEBUG", "asyncio"):
            async with Connection(authority):
                pass
        assert "starts SSL handshake" in caplog.text
        assert "SSL handshake took" in caplog.text

    run(main)


def test_key_update_and_tickets_need_no_application_data(run: Run, authority: Authority) -> None:
    async def main() -> None:
        context = authority.client()
        sessions: list[ssl.SSLSession | None] = []
        loop: Any = eagerloop.get_running_loop()
        connection = Connection(authority)
        async with connection as (client, _):
            # the server's tickets come after the handshake, as records without data for us
            while client.transport.get_extra_info("ssl_object").session is None:
                await eagerloop.sleep(0.001)
            sessions.append(client.transport.get_extra_info("ssl_object").session)
            assert client.events == ["made"]
        assert sessions[0] is not None
        assert context is not None
        assert loop.is_running()

    run(main)


def test_what_comes_after_close_fills_no_memory(run: Run, authority: Authority) -> None:
    """The peer sends and takes nothing, so we have closed and cannot say so yet."""
    size = 20_000_000

    def serve(connection: socket.socket) -> None:
        with authority.server().wrap_socket(connection, server_side=True) as secured:
            secured.sendall(bytes(size))
            with pytest.raises(OSError, match=r"reset|Broken pipe|EOF"):
                while True:
                    secured.sendall(b"x")
                    time.sleep(0.02)

    async def main(address: tuple[str, int]) -> None:
        loop: Any = eagerloop.get_running_loop()
        transport, protocol = await loop.create_connection(
            Recorder,
            *address,
            ssl=authority.client(),
            server_hostname="localhost",
            ssl_shutdown_timeout=1,
        )
        transport.write(bytes(size))
        transport.close()
        unread = 0
        async with eagerloop.timeout(10):
            while not protocol.lost.done():
                unread = max(unread, transport._ssl_protocol._tls.unread())
                await eagerloop.sleep(0.001)
        assert isinstance(await protocol.lost, TimeoutError)
        assert protocol.events == ["made", "pause", "lost"]
        assert unread < 1_000_000

    with Peer(serve) as peer:
        run(main, peer.address)


def test_the_error_that_ended_it_is_told_though_the_alert_cannot_go_out(
    run: Run, authority: Authority
) -> None:
    size = 20_000_000
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        with authority.server().wrap_socket(connection, server_side=True) as secured:
            with socket.socket(fileno=os.dup(secured.fileno())) as bare:
                bare.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))  # a record that nobody encrypted
            over.wait(10)  # reading nothing

    async def main(address: tuple[str, int]) -> None:
        loop: Any = eagerloop.get_running_loop()
        transport, protocol = await loop.create_connection(
            Recorder,
            *address,
            ssl=authority.client(),
            server_hostname="localhost",
            ssl_shutdown_timeout=0.1,
        )
        transport.write(bytes(size))
        async with eagerloop.timeout(10):
            assert isinstance(await protocol.lost, ssl.SSLError)

    with Peer(serve) as peer:
        try:
            run(main, peer.address)
        finally:
            over.set()
