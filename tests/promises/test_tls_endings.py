"""However a TLS connection goes wrong, it ends once, clearly, in time, and leaves nothing.

Each test has a peer that misbehaves at the level of bytes, and checks all four: one connection_lost
or one exception, which one, within the timeout, and (by the fixture of conftest.py) no descriptor.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

import eagerloop
from eagerloop.streams import StreamReader, StreamWriter
from tests.conftest import Run
from tests.transports.certificates import Authority
from tests.transports.peers import Peer, receive
from tests.transports.recording import Recorder, reports

SHORT = 0.15  # seconds: the timeouts of these tests
SOON = 5.0  # seconds: nothing here may take longer


async def connect(address: tuple[str, int], context: ssl.SSLContext, **options: Any) -> Recorder:
    """A client of ours; raises what create_connection raises."""
    loop: Any = eagerloop.get_running_loop()
    async with eagerloop.timeout(SOON):
        _, protocol = await loop.create_connection(
            Recorder, *address, ssl=context, server_hostname="localhost", **options
        )
    return protocol


async def lost(protocol: Recorder) -> BaseException | None:
    """What connection_lost said; a second one would have raised in the recorder."""
    async with eagerloop.timeout(SOON):
        exc = await protocol.lost
    await eagerloop.sleep(0.01)
    assert protocol.events.count("lost") == 1
    return exc


def talk(connection: socket.socket, data: bytes) -> None:
    """Send in a way that does not mind if the other end has gone."""
    try:
        connection.sendall(data)
        while connection.recv(1 << 16):
            pass
    except OSError:
        pass


def test_a_peer_that_keeps_sending_does_not_delay_close(run: Run, authority: Authority) -> None:
    stop = threading.Event()

    def serve(connection: socket.socket) -> None:
        secured = authority.server().wrap_socket(connection, server_side=True)
        try:
            while not stop.is_set():
                secured.sendall(bytes(100_000))
        except OSError:
            pass
        finally:
            secured.close()

    async def main(address: tuple[str, int]) -> None:
        protocol = await connect(address, authority.client(), ssl_shutdown_timeout=60)
        await protocol.until(1_000_000)
        protocol.transport.close()
        had = len(protocol.data)
        began = time.monotonic()
        assert await lost(protocol) is None
        assert time.monotonic() - began < 1
        assert len(protocol.data) == had
        assert protocol.events[-1] == "lost"

    with Peer(serve) as peer:
        try:
            run(main, peer.address)
        finally:
            stop.set()


def test_a_peer_that_never_says_goodbye(run: Run, authority: Authority) -> None:
    def serve(connection: socket.socket) -> None:
        secured = authority.server().wrap_socket(connection, server_side=True)
        # it stays connected and reads nothing, not even our close_notify
        time.sleep(4 * SHORT)
        secured.close()

    async def main(address: tuple[str, int]) -> None:
        protocol = await connect(address, authority.client(), ssl_shutdown_timeout=SHORT)
        protocol.transport.close()
        exc = await lost(protocol)
        assert isinstance(exc, TimeoutError)
        assert str(exc) == "SSL shutdown timed out"

    with Peer(serve) as peer:
        run(main, peer.address)


@pytest.mark.parametrize("closing", [False, True])
def test_a_peer_that_takes_nothing_and_has_ended(
    run: Run, authority: Authority, closing: bool
) -> None:
    full, done = threading.Event(), threading.Event()

    def serve(connection: socket.socket) -> None:
        secured = authority.server().wrap_socket(connection, server_side=True)
        full.wait(SOON)
        secured.shutdown(socket.SHUT_WR)
        done.wait(SOON)
        secured.close()

    async def main(address: tuple[str, int]) -> None:
        protocol = await connect(address, authority.client(), ssl_shutdown_timeout=SHORT)
        while "pause" not in protocol.events:
            protocol.transport.write(bytes(1_000_000))
            await eagerloop.sleep(0)
        if closing:
            protocol.transport.close()
        full.set()
        assert isinstance(await lost(protocol), TimeoutError)

    with Peer(serve) as peer:
        try:
            run(main, peer.address)
        finally:
            full.set()
            done.set()


def test_a_peer_that_ends_without_close_notify(run: Run, authority: Authority) -> None:
    def serve(connection: socket.socket) -> None:
        secured = authority.server().wrap_socket(connection, server_side=True)
        secured.sendall(b"cut off")
        secured.shutdown(socket.SHUT_WR)
        assert secured.recv(100) == b""
        secured.close()

    async def main(address: tuple[str, int]) -> None:
        protocol = await connect(address, authority.client())
        assert await lost(protocol) is None
        assert protocol.data == b"cut off"
        assert protocol.events == ["made", "data", "eof", "lost"]

    with Peer(serve) as peer:
        run(main, peer.address)


def test_a_peer_that_resets(run: Run, authority: Authority) -> None:
    def serve(connection: socket.socket) -> None:
        secured = authority.server().wrap_socket(connection, server_side=True)
        receive(secured, 1)
        secured.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        secured.close()

    async def main(address: tuple[str, int]) -> None:
        protocol = await connect(address, authority.client())
        protocol.transport.write(b"x")
        assert isinstance(await lost(protocol), ConnectionError)

    with Peer(serve) as peer:
        run(main, peer.address)


def test_damaged_data(run: Run, authority: Authority) -> None:
    def serve(connection: socket.socket) -> None:
        other = connection.dup()
        secured = authority.server().wrap_socket(connection, server_side=True)
        secured.sendall(b"fine so far")
        receive(secured, 2)
        with other:
            other.sendall(b"please corrupt the connection")
            # the alert that says why comes before the end
            with pytest.raises(ssl.SSLError, match="ALERT"):
                secured.recv(100)
        secured.close()

    async def main(address: tuple[str, int]) -> None:
        protocol = await connect(address, authority.client())
        await protocol.until(11)
        protocol.transport.write(b"ok")
        assert isinstance(await lost(protocol), ssl.SSLError)

    with Peer(serve) as peer:
        run(main, peer.address)


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (lambda peer: talk(peer, b"HTTP/1.1 400 Bad Request\r\n\r\n"), ssl.SSLError),
        (lambda peer: talk(peer, b"\x16\x03\x03\x00\x02\x02\x00" + bytes(50)), ssl.SSLError),
        (lambda peer: receive(peer, 1), ConnectionResetError),
        (lambda peer: time.sleep(4 * SHORT), ConnectionAbortedError),
    ],
    ids=["plain text", "broken hello", "end of file", "silence"],
)
def test_a_server_that_spoils_the_handshake(
    run: Run, authority: Authority, behaviour: Callable[[socket.socket], None], error: type
) -> None:
    async def main(address: tuple[str, int]) -> None:
        found = reports(eagerloop.get_running_loop())
        with pytest.raises(error):
            await connect(address, authority.client(), ssl_handshake_timeout=SHORT)
        await eagerloop.sleep(0.01)
        assert found == []

    with Peer(behaviour) as peer:
        run(main, peer.address)


def test_the_text_of_a_handshake_timeout(run: Run, authority: Authority) -> None:
    async def main(address: tuple[str, int]) -> None:
        text = f"SSL handshake is taking longer than {SHORT} seconds: aborting the connection"
        with pytest.raises(ConnectionAbortedError, match=text):
            await connect(address, authority.client(), ssl_handshake_timeout=SHORT)

    with Peer(lambda peer: time.sleep(4 * SHORT)) as peer:
        run(main, peer.address)


@pytest.mark.parametrize(
    ("name", "year", "reason"),
    [("localhost", 2020, "certificate has expired"), ("elsewhere", None, "Hostname mismatch")],
)
def test_certificates_that_are_refused(
    run: Run, authority: Authority, name: str, year: int | None, reason: str
) -> None:
    alerts: list[str] = []

    def serve(connection: socket.socket) -> None:
        try:
            authority.server(name, year=year).wrap_socket(connection, server_side=True).recv(1)
        except ssl.SSLError as exc:
            alerts.append(str(exc.reason))

    async def main(address: tuple[str, int]) -> None:
        with pytest.raises(ssl.SSLCertVerificationError, match=reason):
            await connect(address, authority.client())

    with Peer(serve) as peer:
        run(main, peer.address)
    # the server learns why: the alert went out before the connection was closed
    assert len(alerts) == 1
    assert "ALERT" in alerts[0]


@pytest.mark.parametrize(
    "hello", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"\0" * 100, b""]
)
def test_a_client_that_speaks_no_tls(run: Run, authority: Authority, hello: bytes) -> None:
    """Our server lets it go and serves the next; nobody but debug mode hears of it."""

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(b"welcome")
        writer.close()
        await writer.wait_closed()

    def speak(address: tuple[str, int]) -> None:
        with socket.create_connection(address, timeout=SOON) as connection:
            connection.sendall(hello)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(100):
                pass

    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        found = reports(loop)
        server = await eagerloop.start_server(handler, "127.0.0.1", 0, ssl=authority.server())
        async with server:
            address = server.sockets[0].getsockname()
            await loop.run_in_executor(None, speak, address)
            protocol = await connect(address, authority.client())
            assert await protocol.until(7) == b"welcome"
            assert await lost(protocol) is None
        assert found == []

    run(main)


def test_a_client_that_stays_silent_is_let_go(run: Run, authority: Authority) -> None:
    def wait(address: tuple[str, int]) -> float:
        began = time.monotonic()
        with socket.create_connection(address, timeout=SOON) as connection:
            assert connection.recv(1) == b""
        return time.monotonic() - began

    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        server = await loop.create_server(
            Recorder, "127.0.0.1", 0, ssl=authority.server(), ssl_handshake_timeout=SHORT
        )
        waited = await loop.run_in_executor(None, wait, server.sockets[0].getsockname())
        assert SHORT <= waited < SOON
        server.close()
        await server.wait_closed()

    run(main)


@pytest.mark.parametrize("way", ["abort", "close", "cancel", "cancel at once"])
def test_an_end_during_start_tls(run: Run, authority: Authority, way: str) -> None:
    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        found = reports(loop)
        mine, other = socket.socketpair()
        transport, protocol = await loop.create_connection(Recorder, sock=mine)
        starting = loop.create_task(
            loop.start_tls(transport, protocol, authority.client(), server_hostname="localhost")
        )
        with other:
            if way != "cancel at once":
                await eagerloop.sleep(0.02)
            else:
                await eagerloop.sleep(0)
            if way == "abort":
                transport.abort()
            elif way == "close":
                transport.close()
            else:
                starting.cancel()
            async with eagerloop.timeout(SOON):
                with pytest.raises((ConnectionError, eagerloop.CancelledError)):
                    await starting
            assert starting.cancelled() == way.startswith("cancel")
            assert await lost(protocol) is None
            assert protocol.events == ["made", "lost"]
        assert found == []

    run(main)


def test_a_handshake_behind_what_the_peer_does_not_read(run: Run, authority: Authority) -> None:
    """Its time is up when it is up: nobody waits for the bytes that were written before."""

    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        mine, other = socket.socketpair()
        transport, protocol = await loop.create_connection(Recorder, sock=mine)
        transport.write(bytes(3_000_000))
        began = time.monotonic()
        with other, pytest.raises(ConnectionAbortedError, match="taking longer than"):
            await loop.start_tls(
                transport,
                protocol,
                authority.client(),
                server_hostname="localhost",
                ssl_handshake_timeout=SHORT,
            )
        assert SHORT <= time.monotonic() - began < SOON
        assert isinstance(await lost(protocol), ConnectionAbortedError)

    run(main)


def test_a_reset_during_start_tls(run: Run, authority: Authority) -> None:
    def serve(connection: socket.socket) -> None:
        receive(connection, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    async def main(address: tuple[str, int]) -> None:
        loop: Any = eagerloop.get_running_loop()
        transport, protocol = await loop.create_connection(Recorder, *address)
        with pytest.raises(ConnectionError):
            await loop.start_tls(
                transport, protocol, authority.client(), server_hostname="localhost"
            )
        assert isinstance(await lost(protocol), ConnectionError)

    with Peer(serve) as peer:
        run(main, peer.address)


def test_a_connect_that_is_cancelled_before_the_handshake_begins(
    run: Run, authority: Authority
) -> None:
    """At every turn of its way: the connection is gone, not left to the handshake's timeout."""

    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        for turns in range(8):
            mine, other = socket.socketpair()
            with other:
                connecting = loop.create_task(
                    loop.create_connection(
                        Recorder, sock=mine, ssl=authority.client(), server_hostname="localhost"
                    )
                )
                for _ in range(turns):
                    await eagerloop.sleep(0)
                connecting.cancel()
                with pytest.raises(eagerloop.CancelledError):
                    await connecting
                other.settimeout(0)
                for _ in range(5):
                    await eagerloop.sleep(0)
                if turns == 0:
                    mine.close()  # nobody has taken it over yet
                hello = b"not yet"
                while hello:
                    hello = other.recv(1 << 16)

    run(main)


def test_trailing_data_reaches_a_peer_that_said_goodbye(run: Run, authority: Authority) -> None:
    total = 4_000_000

    def serve(connection: socket.socket) -> None:
        secured = authority.server().wrap_socket(connection, server_side=True)
        receive(secured, 4)
        secured.sendall(b"pong")
        time.sleep(0.1)  # so that the client's writes pile up
        connection_count = len(receive(secured, total))
        assert connection_count == total
        secured.unwrap()
        secured.close()

    async def main(address: tuple[str, int]) -> None:
        protocol = await connect(address, authority.client())
        protocol.transport.write(b"ping")
        await protocol.until(4)
        protocol.transport.write(bytes(total))
        protocol.transport.close()
        assert await lost(protocol) is None

    with Peer(serve) as peer:
        run(main, peer.address)


def test_short_connections_leave_no_memory(run: Run, authority: Authority) -> None:
    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()
        await writer.wait_closed()

    async def main() -> None:
        client = authority.client()
        server = await eagerloop.start_server(handler, "127.0.0.1", 0, ssl=authority.server())
        async with server:
            address = server.sockets[0].getsockname()

            async def once() -> None:
                reader, writer = await eagerloop.open_connection(
                    *address, ssl=client, server_hostname="localhost"
                )
                writer.write(b"line\n")
                assert await reader.readline() == b"line\n"
                writer.close()
                await writer.wait_closed()

            for _ in range(50):
                await once()
            tracemalloc.start()
            try:
                await once()
                before = tracemalloc.get_traced_memory()[0]
                for _ in range(200):
                    await once()
                grown = tracemalloc.get_traced_memory()[0] - before
            finally:
                tracemalloc.stop()
            assert grown < 200_000

    run(main)
