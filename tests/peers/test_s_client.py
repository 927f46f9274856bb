"""`openssl s_client` against a server of ours: what only it can be asked to do."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.transports.certificates import Authority

from .conftest import Play
from .programs import environment, find
from .serving import said
from .test_curl import context_of, served

REQUEST = b"GET /who HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


async def s_client(address: str, *options: Any, feed: bytes = REQUEST) -> tuple[int, bytes]:
    host = address.rpartition("/")[2]
    return await said(
        *(find("openssl"), "s_client", "-connect", host, "-servername", "localhost", *options),
        feed=feed,
    )


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_versions_and_protocols(play: Play, authority: Authority, version: str) -> None:
    async def main() -> None:
        async with served(context_of(authority)) as (address, ends):
            status, output = await s_client(
                *(address, f"-tls{version.replace('.', '_')}", "-alpn", "spdy/1,http/1.1"),
                *("-CAfile", authority.certificate, "-verify_return_error", "-ign_eof"),
            )
            assert status == 0
            assert b"Verify return code: 0 (ok)" in output
            assert f"TLSv{version} http/1.1 None new".encode() in output
        assert ends == [None]

    play(main)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_session_is_taken_up_again(
    play: Play, authority: Authority, tmp_path: Path, version: str
) -> None:
    session = tmp_path / "session"

    async def main() -> None:
        options = [f"-tls{version.replace('.', '_')}", "-CAfile", authority.certificate, "-ign_eof"]
        async with served(context_of(authority)) as (address, ends):
            _, output = await s_client(address, *options, "-sess_out", session)
            assert b"None None new" in output
            _, output = await s_client(address, *options, "-sess_in", session)
            assert b"None None again" in output
        assert ends == [None, None]

    play(main)


def test_renegotiation_is_refused(play: Play, authority: Authority) -> None:
    async def main() -> None:
        async with served(context_of(authority)) as (address, ends):
            status, output = await s_client(address, "-tls1_2", feed=b"R\n")
            assert b"RENEGOTIATING" in output
            assert b"no renegotiation" in output
            assert status != 0
            status, output = await s_client(address, "-ign_eof")
            assert b"TLSv1.3 None None new" in output
        assert isinstance(ends[0], ssl.SSLError | None)  # what the client said as it gave up
        assert ends[1] is None

    play(main)


def test_new_keys_in_the_middle(play: Play, authority: Authority) -> None:
    """TLS 1.3's KeyUpdate: asked for by the client, answered by the engine, seen by nobody."""

    async def main() -> None:
        async with served(context_of(authority)) as (address, ends):
            process = await asyncio.create_subprocess_exec(
                *(find("openssl"), "s_client", "-connect", address.rpartition("/")[2]),
                "-tls1_3",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=environment(find("openssl")),
            )
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                async with asyncio.timeout(20):
                    for _ in range(3):
                        process.stdin.write(b"K\n")
                        await process.stdout.readuntil(b"KEYUPDATE\n")
                        process.stdin.write(b"GET /bytes/50000 HTTP/1.1\r\n\r\n")
                        await process.stdout.readuntil(b"x" * 50_000)
                    process.stdin.write(b"Q\n")
                    await process.communicate()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            assert process.returncode == 0
        assert ends == [None]

    play(main)


@pytest.mark.parametrize(
    "options",
    [("-tls1_1",), ("-tls1_2", "-cipher", "NULL"), ("-tls1_3", "-curves", "X448")],
    ids=["old version", "no cipher in common", "no curve in common"],
)
def test_what_cannot_be_agreed_on(play: Play, authority: Authority, options: Any) -> None:
    async def main() -> None:
        context = context_of(authority)
        context.set_ecdh_curve("prime256v1")
        async with served(context) as (address, ends):
            status, _ = await s_client(address, *options)
            assert status != 0
            status, output = await s_client(address, "-ign_eof")
            assert b"TLSv1.3 None None new" in output
        assert ends == [None]

    play(main)


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\xff\xff" + b"\0" * 70_000, b"\x80" * 5, b"\0"])
def test_garbage(play: Play, authority: Authority, garbage: bytes) -> None:
    """Before the handshake from a socket, and in the middle of a connection."""

    def send(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            try:
                connection.sendall(garbage)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1000):
                    pass
            except ConnectionError:
                pass

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with served(context_of(authority)) as (address, ends):
            port = int(address.rpartition(":")[2])
            await loop.run_in_executor(None, send, port)
            assert ends == []
            trust = authority.client()
            connection = socket.create_connection(("127.0.0.1", port))

            def spoil() -> None:
                with trust.wrap_socket(connection, server_hostname="localhost") as tls:
                    tls.sendall(b"GET /bytes/10 HTTP/1.1\r\n\r\n")
                    assert tls.recv(10)
                    with socket.socket(fileno=tls.detach()) as bare:
                        bare.sendall(b"\x17\x03\x03\x00\x20" + b"\xff" * 32)
                        bare.settimeout(10)
                        while bare.recv(1000):
                            pass

            await loop.run_in_executor(None, spoil)
        assert len(ends) == 1
        assert isinstance(ends[0], ssl.SSLError)

    play(main)
