"""TLS from both ends: servers and clients of ours against the stdlib's, start_tls, TLS in TLS."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import weakref
from typing import Any

import pytest

import eagerloop
from eagerloop.streams import StreamReader, StreamReaderProtocol, StreamWriter
from eagerloop.transports import tls
from tests.conftest import Run

from .certificates import Authority
from .peers import Peer, receive
from .recording import Recorder, reports

HELLO = b"hello " * 1000


async def echo(reader: StreamReader, writer: StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def close(writer: StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


def test_our_client_to_a_foreign_server(run: Run, authority: Authority) -> None:
    def serve(connection: socket.socket) -> None:
        with authority.server().wrap_socket(connection, server_side=True) as secured:
            secured.sendall(receive(secured, len(HELLO))[::-1])
            assert secured.recv(1) == b""
            secured.unwrap()

    async def main(address: tuple[str, int]) -> None:
        reader, writer = await eagerloop.open_connection(
            *address, ssl=authority.client(), server_hostname="localhost"
        )
        writer.write(HELLO)
        assert await reader.readexactly(len(HELLO)) == HELLO[::-1]
        await close(writer)

    with Peer(serve) as peer:
        run(main, peer.address)


def test_our_server_to_a_foreign_client(run: Run, authority: Authority) -> None:
    def client(address: tuple[str, int]) -> bytes:
        with (
            socket.create_connection(address, timeout=10) as connection,
            authority.client().wrap_socket(connection, server_hostname="localhost") as secured,
        ):
            secured.sendall(HELLO)
            data = receive(secured, len(HELLO))
            secured.unwrap()
            return data

    async def main() -> None:
        server = await eagerloop.start_server(echo, "127.0.0.1", 0, ssl=authority.server())
        async with server:
            address = server.sockets[0].getsockname()
            loop: Any = eagerloop.get_running_loop()
            assert await loop.run_in_executor(None, client, address) == HELLO

    run(main)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_names_protocols_certificates_and_sessions(
    run: Run, authority: Authority, version: ssl.TLSVersion
) -> None:
    """SNI, ALPN, a client's certificate and a resumed session, in one conversation."""
    context = authority.server()
    context.maximum_version = context.minimum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["second"])
    named: list[str | None] = []

    def on_name(ssl_object: Any, name: str | None, _: ssl.SSLContext) -> None:
        named.append(name)

    context.sni_callback = on_name

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        assert ("DNS", "client") in writer.get_extra_info("peercert")["subjectAltName"]
        await echo(reader, writer)

    async def main() -> None:
        client = authority.client()
        client.load_cert_chain(authority.issue("client"))
        client.set_alpn_protocols(["first", "second"])
        async with await eagerloop.start_server(handler, "127.0.0.1", 0, ssl=context) as server:
            reader, writer = await eagerloop.open_connection(
                *server.sockets[0].getsockname(), ssl=client, server_hostname="localhost"
            )
            ssl_object = writer.get_extra_info("ssl_object")
            assert ssl_object.selected_alpn_protocol() == "second"
            assert named == ["localhost"]
            writer.write(b"x")
            assert await reader.readexactly(1) == b"x"
            assert ssl_object.session is not None
            await close(writer)

    run(main)


def test_ssl_true_uses_the_default_context(
    run: Run, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))

    async def main() -> None:
        server = await eagerloop.start_server(echo, "127.0.0.1", 0, ssl=authority.server())
        async with server:
            _, writer = await eagerloop.open_connection(
                *server.sockets[0].getsockname(), ssl=True, server_hostname="localhost"
            )
            assert writer.get_extra_info("sslcontext").verify_mode == ssl.CERT_REQUIRED
            await close(writer)

    run(main)


def test_start_tls_on_both_sides(run: Run, authority: Authority) -> None:
    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        assert await reader.readline() == b"STARTTLS\n"
        writer.write(b"go ahead\n")
        await writer.start_tls(authority.server())
        assert writer.get_extra_info("sslcontext") is not None
        await echo(reader, writer)

    async def main() -> None:
        async with await eagerloop.start_server(handler, "127.0.0.1", 0) as server:
            reader, writer = await eagerloop.open_connection(*server.sockets[0].getsockname())
            writer.write(b"STARTTLS\n")
            assert await reader.readline() == b"go ahead\n"
            await writer.start_tls(authority.client(), server_hostname="localhost")
            writer.write(HELLO)
            assert await reader.readexactly(len(HELLO)) == HELLO
            await close(writer)

    run(main)


def test_start_tls_while_writing_is_paused(run: Run, authority: Authority) -> None:
    """The pause ends with the handshake, not before: what is written then has to be encrypted."""
    size = 20_000_000

    class Resuming(Recorder):
        secured: Any = None

        def resume_writing(self) -> None:
            super().resume_writing()
            self.secured.write(b"resumed")

    def serve(connection: socket.socket) -> None:
        assert receive(connection, size) == bytes(size)
        with authority.server().wrap_socket(connection, server_side=True) as secured:
            secured.sendall(b"x")
            assert secured.recv(100) == b"resumed"
            secured.unwrap().close()

    async def main(address: tuple[str, int]) -> None:
        loop: Any = eagerloop.get_running_loop()
        transport, protocol = await loop.create_connection(Resuming, *address)
        transport.write(bytes(size))
        assert protocol.events == ["made", "pause"]
        found = reports(loop)
        protocol.secured = await loop.start_tls(
            transport, protocol, authority.client(), server_hostname="localhost"
        )
        async with eagerloop.timeout(10):
            assert await protocol.lost is None
        assert protocol.events == ["made", "pause", "resume", "data", "eof", "lost"]
        assert found == []

    with Peer(serve) as peer:
        run(main, peer.address)


def test_start_tls_while_the_reader_has_too_much(run: Run, authority: Authority) -> None:
    """It had paused the connection; what comes over TLS is limited by a pause of its own."""
    size = 5_000_000

    def serve(connection: socket.socket) -> None:
        connection.sendall(bytes(1000))
        with authority.server().wrap_socket(connection, server_side=True) as secured:
            secured.sendall(bytes(size))
            assert secured.recv(1) == b""

    async def main(address: tuple[str, int]) -> None:
        reader, writer = await eagerloop.open_connection(*address, limit=100)
        async with eagerloop.timeout(10):
            while not reader._paused:
                await eagerloop.sleep(0.001)
            assert len(reader._buffer) == 1000
            await writer.start_tls(authority.client(), server_hostname="localhost")
            while writer.transport.is_reading():
                await eagerloop.sleep(0.001)
            assert len(reader._buffer) < size
            assert await reader.readexactly(1000 + size) == bytes(1000 + size)
        await close(writer)

    with Peer(serve) as peer:
        run(main, peer.address)


def test_one_that_was_just_accepted_is_the_servers_to_abort(run: Run, authority: Authority) -> None:
    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()

        def end() -> None:
            server.close()
            server.abort_clients()

        def factory() -> asyncio.Protocol:
            loop.call_soon(end)  # before the handshake has begun
            return asyncio.Protocol()

        server = await loop.create_server(factory, "127.0.0.1", 0, ssl=authority.server())
        with socket.create_connection(server.sockets[0].getsockname()):
            async with eagerloop.timeout(10):
                await server.wait_closed()

    run(main)


def test_a_hello_that_came_before_start_tls(run: Run, authority: Authority) -> None:
    """A line and the client's hello in one packet, as behind a proxy that says who connects."""

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        assert await reader.readline() == b"PROXY\n"
        while not reader._buffer:  # the hello is there before TLS begins
            await reader._wait_for_data("handler")
        await writer.start_tls(authority.server())
        await echo(reader, writer)

    def client(address: tuple[str, int]) -> bytes:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        secured = authority.client().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with socket.create_connection(address, timeout=10) as connection:
            prefix = b"PROXY\n"
            while True:
                try:
                    secured.do_handshake()
                except ssl.SSLWantReadError:
                    connection.sendall(prefix + outgoing.read())
                    prefix = b""
                    incoming.write(connection.recv(1 << 16) or b"the server is gone")
                else:
                    break
            secured.write(b"through")
            connection.sendall(outgoing.read())
            while True:
                try:
                    return secured.read(100)
                except ssl.SSLWantReadError:
                    incoming.write(connection.recv(1 << 16))

    async def main() -> None:
        async with await eagerloop.start_server(handler, "127.0.0.1", 0) as server:
            address = server.sockets[0].getsockname()
            loop: Any = eagerloop.get_running_loop()
            assert await loop.run_in_executor(None, client, address) == b"through"

    run(main)


def test_plain_text_before_start_tls_is_not_taken_for_protected(
    run: Run, authority: Authority
) -> None:
    """A client that has unread bytes when it starts TLS keeps them out of the handshake."""

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(b"go ahead\ninjected\n")
        await writer.start_tls(authority.server())
        writer.write(b"protected\n")
        await close(writer)

    async def main() -> None:
        async with await eagerloop.start_server(handler, "127.0.0.1", 0) as server:
            reader, writer = await eagerloop.open_connection(*server.sockets[0].getsockname())
            assert await reader.readline() == b"go ahead\n"
            await writer.start_tls(authority.client(), server_hostname="localhost")
            assert await reader.readline() == b"injected\n"
            assert await reader.readline() == b"protected\n"
            await close(writer)

    run(main)


def test_tls_in_tls(run: Run, authority: Authority) -> None:
    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        assert await reader.readline() == b"once more\n"
        await writer.start_tls(authority.server())
        await echo(reader, writer)

    async def main() -> None:
        server = await eagerloop.start_server(handler, "127.0.0.1", 0, ssl=authority.server())
        async with server:
            reader, writer = await eagerloop.open_connection(
                *server.sockets[0].getsockname(),
                ssl=authority.client(),
                server_hostname="localhost",
            )
            writer.write(b"once more\n")
            await writer.start_tls(authority.client(), server_hostname="localhost")
            data = HELLO * 100
            writer.write(data)
            assert await reader.readexactly(len(data)) == data
            await close(writer)
            assert reader.at_eof()

    run(main)


def test_over_a_foreign_loop(authority: Authority) -> None:
    """The same engine over the transports of the stdlib's loop."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        handlers: list[asyncio.Task[None]] = []

        async def handler(reader: Any, protocol: StreamReaderProtocol) -> None:
            transport = await tls.start_tls(
                loop, protocol._transport, protocol, authority.server(), server_side=True
            )
            protocol._replace_transport(transport)
            await echo(reader, StreamWriter(transport, protocol, reader, loop))

        class Accepted(StreamReaderProtocol):
            def connection_made(self, transport: Any) -> None:
                super().connection_made(transport)
                handlers.append(loop.create_task(handler(self._strong_reader, self)))

        def accept() -> StreamReaderProtocol:
            reader = StreamReader()
            protocol = Accepted(reader)
            protocol._strong_reader = reader
            return protocol

        server = await loop.create_server(accept, "127.0.0.1", 0)
        reader = StreamReader()
        transport, protocol = await loop.create_connection(
            lambda: StreamReaderProtocol(reader), *server.sockets[0].getsockname()
        )
        secured = await tls.start_tls(
            loop, transport, protocol, authority.client(), server_hostname="localhost"
        )
        protocol._replace_transport(secured)
        writer = StreamWriter(secured, protocol, reader, loop)
        writer.write(HELLO)
        assert await reader.readexactly(len(HELLO)) == HELLO
        await close(writer)
        await asyncio.gather(*handlers)
        server.close()

    with asyncio.Runner() as runner:
        runner.run(main())


def test_what_start_tls_refuses(run: Run, authority: Authority) -> None:
    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        mine, other = socket.socketpair()
        transport, protocol = await loop.create_connection(Recorder, sock=mine)
        with other:
            with pytest.raises(TypeError, match=r"sslcontext is expected to be an instance of"):
                await loop.start_tls(transport, protocol, None)
            with pytest.raises(TypeError, match=r"is not supported by start_tls\(\)"):
                await loop.start_tls(object(), protocol, authority.client())
            for option in ("ssl_handshake_timeout", "ssl_shutdown_timeout"):
                with pytest.raises(ValueError, match=f"{option} should be a positive number"):
                    await loop.start_tls(
                        transport,
                        protocol,
                        authority.client(),
                        server_hostname="localhost",
                        **{option: 0},
                    )
            with pytest.raises(ValueError, match="check_hostname requires server_hostname"):
                await loop.start_tls(transport, protocol, authority.client())
            transport.close()
            with pytest.raises(
                ConnectionResetError, match="Failed to start TLS: the transport is closed"
            ):
                await loop.start_tls(
                    transport, protocol, authority.client(), server_hostname="localhost"
                )
            assert await protocol.lost is None

    run(main)


def test_nothing_is_left_of_closed_connections(run: Run, authority: Authority) -> None:
    async def main() -> None:
        server_context, client_context = authority.server(), authority.client()
        server = await eagerloop.start_server(echo, "127.0.0.1", 0, ssl=server_context)
        async with server:
            for _ in range(20):
                reader, writer = await eagerloop.open_connection(
                    *server.sockets[0].getsockname(),
                    ssl=client_context,
                    server_hostname="localhost",
                )
                writer.write(b"x")
                assert await reader.readexactly(1) == b"x"
                await close(writer)
            del reader, writer
        await server.wait_closed()
        gone = [weakref.ref(server_context), weakref.ref(client_context)]
        del server, server_context, client_context
        for _ in range(3):
            await eagerloop.sleep(0)
        gc.collect()
        assert [context() for context in gone] == [None, None]

    run(main)
