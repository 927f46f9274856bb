"""curl against a server of ours, with and without TLS."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.transports.certificates import Authority

from .conftest import Play
from .programs import find
from .serving import Http, said

Ends = list[BaseException | None]


@asynccontextmanager
async def served(context: ssl.SSLContext | None = None) -> AsyncIterator[tuple[str, Ends]]:
    """The address of a server, and how its connections ended so far; all must have, in the end."""
    loop = asyncio.get_running_loop()
    ends: Ends = []
    made: list[Http] = []

    def factory() -> Http:
        made.append(Http(ends))
        return made[-1]

    server: Any = await loop.create_server(factory, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield f"{'http' if context is None else 'https'}://localhost:{port}", ends
        async with asyncio.timeout(10):
            while len(ends) < sum(protocol.transport is not None for protocol in made):
                await asyncio.sleep(0.001)


async def curl(*arguments: Any, feed: bytes | None = None) -> tuple[int, bytes]:
    return await said(find("curl"), "-sS", "--noproxy", "*", "-4", *arguments, feed=feed)


def context_of(authority: Authority, **options: Any) -> ssl.SSLContext:
    context = authority.server()
    context.set_alpn_protocols(["h2-but-not-this", "http/1.1"])
    for name, value in options.items():
        setattr(context, name, value)
    return context


@pytest.mark.parametrize("tls", [False, True])
def test_downloads_and_uploads(play: Play, authority: Authority, tls: bool) -> None:
    body = bytes(range(256)) * 80_000  # 20 MB

    async def main() -> None:
        async with served(context_of(authority) if tls else None) as (address, ends):
            trust = ["--cacert", authority.certificate]
            status, output = await curl(*trust, f"{address}/bytes/20000000")
            assert (status, len(output)) == (0, 20_000_000)
            upload = ["--data-binary", "@-", "-H", "Expect: 100-continue"]
            status, output = await curl(*trust, *upload, address, feed=body)
            assert (status, output.decode()) == (0, hashlib.sha256(body).hexdigest())
        assert ends == [None, None]

    play(main)


@pytest.mark.parametrize("tls", [False, True])
def test_one_connection_for_many_requests(play: Play, authority: Authority, tls: bool) -> None:
    async def main() -> None:
        async with served(context_of(authority) if tls else None) as (address, ends):
            status, output = await curl(
                *("--cacert", authority.certificate, "-w", "[%{num_connects}]"),
                f"{address}/bytes/[0-99]",
            )
        assert status == 0
        expected = [b"x" * n + (b"[1]" if n == 0 else b"[0]") for n in range(100)]
        assert output == b"".join(expected)
        assert ends == [None]

    play(main)


def test_many_connections_at_once(play: Play, authority: Authority) -> None:
    async def main() -> None:
        async with served(context_of(authority)) as (address, ends):
            status, output = await curl(
                *("--cacert", authority.certificate, "-Z", "--no-progress-meter"),
                *("--parallel-immediate", "--parallel-max", "50", "--http1.1"),
                *(f"{address}/bytes/{100_000 + n}" for n in range(100)),
            )
        assert status == 0
        assert len(output) == sum(100_000 + n for n in range(100))
        assert len(ends) > 1

    play(main)


def test_a_slow_reader_gets_everything(play: Play, authority: Authority) -> None:
    async def main() -> None:
        async with served(context_of(authority)) as (address, ends):
            status, output = await curl(
                *("--cacert", authority.certificate, "--limit-rate", "4M"),
                f"{address}/bytes/6000000",
            )
        assert (status, len(output)) == (0, 6_000_000)
        assert ends == [None]

    play(main)


@pytest.mark.parametrize("tls", [False, True])
def test_a_reader_that_leaves(play: Play, authority: Authority, tls: bool) -> None:
    async def main() -> None:
        async with served(context_of(authority) if tls else None) as (address, ends):
            status, _ = await curl(
                *("--cacert", authority.certificate, "--max-time", "0.3"),
                *("--limit-rate", "1M", f"{address}/bytes/50000000"),
            )
        assert status == 28  # out of time
        assert len(ends) == 1
        assert isinstance(ends[0], ConnectionError | None)

    play(main)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_versions_protocols_and_client_certificates(
    play: Play, authority: Authority, version: str
) -> None:
    async def main() -> None:
        context = context_of(authority, verify_mode=ssl.CERT_REQUIRED)
        async with served(context) as (address, ends):
            options = ["--cacert", authority.certificate, f"--tlsv{version}", "--tls-max", version]
            certificate = ["--cert", authority.issue("visitor")]
            status, output = await curl(*options, *certificate, address)
            assert (status, output) == (0, f"TLSv{version} http/1.1 visitor new".encode())
            status, _ = await curl(*options, address)
            assert status != 0
        assert len(ends) == 1  # the refused one had no connection_made

    play(main)


def test_an_authority_that_the_client_does_not_know(
    play: Play, authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path)

    async def main() -> None:
        async with served(context_of(authority)) as (address, ends):
            status, output = await curl("--cacert", stranger.certificate, address)
            assert status == 60
            assert b"certificate" in output
        assert len(ends) <= 1  # the newest curl looks at it when the handshake is done

    play(main)


def test_http_to_a_tls_port_and_the_other_way(play: Play, authority: Authority) -> None:
    async def main() -> None:
        async with served(context_of(authority)) as (address, _):
            status, _ = await curl(address.replace("https", "http"))
            assert status != 0
            status, output = await curl("--cacert", authority.certificate, address)
            assert (status, output.split()[0]) == (0, b"TLSv1.3")
        async with served() as (address, _):
            status, _ = await curl(address.replace("http", "https"))
            assert status == 35
            assert await curl(address) == (0, b"plain")

    play(main)
