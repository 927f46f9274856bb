"""Each server answers as its framing says, on each loop: bytes in, bytes out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from eagerloop.benchmarks import implementations, servers
from eagerloop.benchmarks.case import NetCase

LOOPS = ("asyncio", "eagerloop")


async def ask(on: Any, case: NetCase, request: bytes, size: int) -> bytes:
    family, where = (await servers.SERVERS[case.server](on, case)).split()
    if family == "unix":
        reader, writer = await on.aio.open_unix_connection(where)
    else:
        host, _, port = where.rpartition(":")
        reader, writer = await on.aio.open_connection(host, int(port))
    writer.write(request)
    answer: bytes = await reader.readexactly(size)
    writer.close()
    await writer.wait_closed()
    await stop(on)
    return answer


async def stop(on: Any) -> None:
    for thing in servers.KEPT:
        if isinstance(thing, asyncio.Future):
            thing.cancel()
        elif hasattr(thing, "close"):
            thing.close()
    servers.KEPT.clear()
    await on.aio.sleep(0.01)


@pytest.mark.parametrize("loop_name", LOOPS)
@pytest.mark.parametrize("family", ["tcp", "unix"])
@pytest.mark.parametrize(
    ("server", "request_bytes"),
    [
        ("protocol", b"x" * 1000),
        ("buffered", b"x" * 1000),
        ("lines", b"one\ntwo\n"),
        ("exact", b"\x00\x00\x00\x04four"),
    ],
)
def test_echo(loop_name: str, family: str, server: str, request_bytes: bytes) -> None:
    on = implementations.load(loop_name)
    case = NetCase("", "", server=server, family=family)
    assert on.run(ask(on, case, request_bytes, len(request_bytes))) == request_bytes


@pytest.mark.parametrize("loop_name", LOOPS)
def test_pieces_and_files(loop_name: str) -> None:
    on = implementations.load(loop_name)
    pieces = NetCase("", "", server="pieces", size=64, reply=5000)
    assert on.run(ask(on, pieces, b"?" * 64, 5000)) == b"x" * 5000
    whole = NetCase("", "", server="sendfile", size=64)
    assert len(on.run(ask(on, whole, b"?" * 64, servers.FILE_BYTES))) == servers.FILE_BYTES
