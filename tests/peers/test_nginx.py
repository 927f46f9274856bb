"""Clients of ours, and aiohttp's, against nginx with and without TLS."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import eagerloop
from tests.transports.certificates import Authority

from .conftest import Play
from .programs import Program, find, free_port

SETTINGS = """
daemon off;
master_process off;
error_log stderr warn;
pid {folder}/pid;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    root {folder}/www;
    dav_methods PUT;
    keepalive_requests 100;
    ssl_certificate {certificate};
    ssl_certificate_key {certificate};
    ssl_client_certificate {trusted};
    ssl_protocols TLSv1.2 TLSv1.3;
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{tls} ssl;
        ssl_verify_client optional;
        location = /who {{ return 200 "$ssl_protocol $ssl_server_name $ssl_client_verify"; }}
    }}
}}
"""
SIZE = 20_000_000


@dataclass
class Nginx:
    plain: int
    tls: int
    www: Path


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Nginx]:
    program = find("nginx")
    folder = tmp_path_factory.mktemp("nginx")
    made = Nginx(free_port(), free_port(), folder / "www")
    made.www.mkdir()
    (made.www / "large").write_bytes(os.urandom(1000) * (SIZE // 1000))
    (made.www / "small").write_bytes(b"small")
    settings = folder / "settings"
    settings.write_text(
        SETTINGS.format(
            folder=folder,
            certificate=authority.issue("localhost"),
            trusted=authority.certificate,
            plain=made.plain,
            tls=made.tls,
        )
    )
    command: list[str | Path] = [program, "-p", folder, "-e", "stderr", "-c", settings]
    with Program(command, made.tls, folder / "log"):
        yield made


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, *, close: bool = False
) -> bytes:
    ending = "close" if close else "keep-alive"
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: {ending}\r\n\r\n"
    writer.write(head.encode())
    answer = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert answer.startswith(b"http/1.1 200"), answer
    length = int(answer.partition(b"content-length: ")[2].split(b"\r")[0])
    return await reader.readexactly(length)


def options_of(nginx: Nginx, context: ssl.SSLContext | None) -> dict[str, Any]:
    if context is None:
        return {"host": "127.0.0.1", "port": nginx.plain}
    return {
        "host": "127.0.0.1",
        "port": nginx.tls,
        "ssl": context,
        "server_hostname": "localhost",
    }


@pytest.mark.parametrize("tls", [False, True])
def test_a_large_file(play_both: Play, nginx: Nginx, authority: Authority, tls: bool) -> None:
    async def main() -> None:
        options = options_of(nginx, authority.client() if tls else None)
        reader, writer = await asyncio.open_connection(**options)
        got = await ask(reader, writer, "/large", close=True)
        assert got == (nginx.www / "large").read_bytes()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    play_both(main)


@pytest.mark.parametrize("tls", [False, True])
def test_uploads(play: Play, nginx: Nginx, authority: Authority, tls: bool) -> None:
    body = os.urandom(1000) * (SIZE // 1000)

    async def main() -> None:
        options = options_of(nginx, authority.client() if tls else None)
        reader, writer = await asyncio.open_connection(**options)
        name = f"uploaded-{tls}"
        head = f"PUT /{name} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode())
        for start in range(0, len(body), 100_000):
            writer.write(body[start : start + 100_000])
            await writer.drain()
        assert (await reader.readline()).startswith(b"HTTP/1.1 20")
        writer.close()
        await writer.wait_closed()
        assert (nginx.www / name).read_bytes() == body

    play(main)


def test_a_server_that_ends_a_kept_connection(
    play: Play, nginx: Nginx, authority: Authority
) -> None:
    """After a hundred requests nginx says goodbye: end of file, not an error."""

    async def main() -> None:
        options = options_of(nginx, authority.client())
        reader, writer = await asyncio.open_connection(**options)
        for _ in range(100):
            assert await ask(reader, writer, "/small") == b"small"
        async with eagerloop.timeout(10):
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    play(main)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("known", [False, True])
def test_versions_and_client_certificates(
    play: Play, nginx: Nginx, authority: Authority, version: ssl.TLSVersion, known: bool
) -> None:
    async def main() -> None:
        context = authority.client()
        context.minimum_version = context.maximum_version = version
        if known:
            context.load_cert_chain(authority.issue("visitor"))
        reader, writer = await asyncio.open_connection(**options_of(nginx, context))
        said = (await ask(reader, writer, "/who")).decode().split()
        assert said == [version.name.replace("_", "."), "localhost", "SUCCESS" if known else "NONE"]
        writer.close()
        await writer.wait_closed()

    play(main)


def test_a_hundred_connections_at_once(play_both: Play, nginx: Nginx, authority: Authority) -> None:
    async def main() -> None:
        context = authority.client()

        async def one() -> bytes:
            reader, writer = await asyncio.open_connection(**options_of(nginx, context))
            got = await ask(reader, writer, "/small")
            writer.close()
            await writer.wait_closed()
            return got

        assert await asyncio.gather(*(one() for _ in range(100))) == [b"small"] * 100

    play_both(main)


def test_plain_to_tls_and_tls_to_plain(play: Play, nginx: Nginx, authority: Authority) -> None:
    async def main() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", nginx.tls)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        assert b"plain HTTP request was sent to HTTPS port" in await reader.read()
        writer.close()
        await writer.wait_closed()
        options = options_of(nginx, authority.client()) | {"port": nginx.plain}
        with pytest.raises(ssl.SSLError):
            await asyncio.open_connection(**options)

    play(main)


def test_aiohttps_client(play_both: Play, nginx: Nginx, authority: Authority) -> None:
    aiohttp: Any = pytest.importorskip("aiohttp", reason="this is about aiohttp")

    async def main() -> None:
        connector = aiohttp.TCPConnector(ssl=authority.client(), limit=10)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def get(path: str) -> bytes:
                async with session.get(f"https://localhost:{nginx.tls}{path}") as answer:
                    assert answer.status == 200
                    body: bytes = await answer.read()
                    return body

            assert await asyncio.gather(*(get("/small") for _ in range(300))) == [b"small"] * 300
            assert len(await get("/large")) == SIZE
        await asyncio.sleep(0.1)  # aiohttp's advice: TLS connections end after the session

    play_both(main)
