"""Clients of ours against `openssl s_server`, which can be told to misbehave by its keyboard."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest

import eagerloop
from tests.transports.certificates import Authority

from .conftest import Play
from .programs import environment, find, free_port


@contextlib.asynccontextmanager
async def s_server(
    authority: Authority, *options: Any
) -> AsyncIterator[tuple[int, asyncio.subprocess.Process]]:
    """Its port, and it; what is written to its stdin goes to the client, or is a command."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(find("openssl"), "s_server", "-accept", f"127.0.0.1:{port}", "-naccept", "1"),
        *("-cert", authority.issue("localhost"), *options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment(find("openssl")),
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            await process.stdout.readuntil(b"ACCEPT\n")
            yield port, process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.communicate()


async def connect(port: int, context: ssl.SSLContext) -> Any:
    return await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname="localhost"
    )


@pytest.mark.parametrize("version", ["1_2", "1_3"])
@pytest.mark.parametrize("size", [1, 100, 15_000])
def test_lines_come_back_reversed(
    play_both: Play, authority: Authority, version: str, size: int
) -> None:
    async def main() -> None:
        async with s_server(authority, "-rev", f"-tls{version}") as (port, _):
            reader, writer = await connect(port, authority.client())
            tls = writer.get_extra_info("ssl_object")
            assert tls.version() == f"TLSv{version.replace('_', '.')}"
            for number in range(50):
                line = b"%d" % number + b"x" * size
                writer.write(line + b"\n")
                assert await reader.readline() == line[::-1] + b"\n"
            writer.close()
            await writer.wait_closed()

    play_both(main)


def test_alpn_and_a_client_certificate(play: Play, authority: Authority) -> None:
    async def main() -> None:
        options = ["-Verify", "1", "-verify_return_error", "-CAfile", authority.certificate]
        async with s_server(authority, *options, "-alpn", "one,two", "-rev") as (port, _):
            context = authority.client()
            context.load_cert_chain(authority.issue("visitor"))
            context.set_alpn_protocols(["two", "three"])
            reader, writer = await connect(port, context)
            assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "two"
            writer.write(b"abc\n")
            assert await reader.readline() == b"cba\n"
            writer.close()
            await writer.wait_closed()

    play(main)


@pytest.mark.parametrize("version", ["1_2", "1_3"])
def test_a_certificate_that_is_missing(play: Play, authority: Authority, version: str) -> None:
    """TLS 1.2 refuses it in the handshake, TLS 1.3 after it: an error, not an end of file."""

    async def main() -> None:
        options = ["-Verify", "1", "-verify_return_error", f"-tls{version}", "-rev"]
        async with s_server(authority, *options) as (port, _):
            with pytest.raises((ssl.SSLError, ConnectionResetError)):
                reader, writer = await connect(port, authority.client())
                try:
                    assert await reader.readline() == b"unreachable"
                finally:
                    writer.close()
                    with contextlib.suppress(ssl.SSLError, ConnectionError):
                        await writer.wait_closed()

    play(main)


def test_new_keys_in_the_middle(play: Play, authority: Authority) -> None:
    """K: TLS 1.3's KeyUpdate, with one asked for in return."""

    async def main() -> None:
        async with s_server(authority, "-tls1_3") as (port, process):
            assert process.stdin is not None
            reader, writer = await connect(port, authority.client())
            for number in range(3):
                process.stdin.write(b"K\n")
                await eagerloop.sleep(0.1)
                process.stdin.write(b"line %d\n" % number)
                assert await reader.readline() == b"line %d\n" % number
                writer.write(b"answer %d\n" % number)
                assert process.stdout is not None
                await process.stdout.readuntil(b"answer %d\n" % number)
            writer.close()
            await writer.wait_closed()

    play(main)


def test_renegotiation_is_refused(play: Play, authority: Authority) -> None:
    """r: TLS 1.2's HelloRequest; the client declines, and ends with an error or goes on, no more."""

    async def main() -> None:
        async with s_server(authority, "-tls1_2") as (port, process):
            assert process.stdin is not None
            reader, writer = await connect(port, authority.client())
            process.stdin.write(b"before\n")
            assert await reader.readline() == b"before\n"
            process.stdin.write(b"r\n")
            await eagerloop.sleep(0.2)
            process.stdin.write(b"after\n")
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                assert await reader.readline() in (b"after\n", b"")
            writer.close()
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                await writer.wait_closed()

    play(main)


def test_a_server_that_is_killed(play_both: Play, authority: Authority) -> None:
    """No close_notify: the reader ends, for asyncio does not tell a truncation from an end."""

    async def main() -> None:
        async with s_server(authority) as (port, process):
            reader, writer = await connect(port, authority.client())
            process.kill()
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    play_both(main)


def test_a_certificate_for_another_name(play: Play, authority: Authority) -> None:
    async def main() -> None:
        async with s_server(authority, "-rev") as (port, _):
            with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
                await asyncio.open_connection(
                    "127.0.0.1", port, ssl=authority.client(), server_hostname="elsewhere"
                )

    play(main)
