"""open_connection, start_server and the Unix pair."""

from __future__ import annotations

from pathlib import Path

import pytest

import eagerloop
from eagerloop.streams import StreamReader, StreamWriter
from tests.conftest import Run


async def echo(reader: StreamReader, writer: StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def talk(reader: StreamReader, writer: StreamWriter) -> None:
    """One line, then a megabyte each way, then the end."""
    writer.write(b"hello\n")
    assert await reader.readline() == b"hello\n"
    data = bytes(range(256)) * 4096
    writer.write(data)
    assert await reader.readexactly(len(data)) == data
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


def test_over_tcp(run: Run) -> None:
    async def main() -> None:
        async with await eagerloop.start_server(echo, "127.0.0.1", 0) as server:
            address = server.sockets[0].getsockname()
            await talk(*await eagerloop.open_connection(*address))

    run(main)


def test_over_a_unix_socket(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "socket"
        async with await eagerloop.start_unix_server(echo, path):
            await talk(*await eagerloop.open_unix_connection(path))

    run(main)


def test_a_hundred_connections_at_once(run: Run) -> None:
    async def main() -> None:
        async with await eagerloop.start_server(echo, "127.0.0.1", 0) as server:
            address = server.sockets[0].getsockname()

            async def client(number: int) -> None:
                reader, writer = await eagerloop.open_connection(*address)
                for turn in range(5):
                    line = b"%d %d\n" % (number, turn)
                    writer.write(line)
                    assert await reader.readline() == line
                writer.close()
                await writer.wait_closed()

            await eagerloop.gather(*map(client, range(100)))

    run(main)


def test_the_limit_is_the_readers(run: Run) -> None:
    async def long_line(reader: StreamReader, writer: StreamWriter) -> None:
        assert reader._limit == 20
        with pytest.raises(ValueError, match="chunk exceed the limit"):
            await reader.readline()
        writer.close()
        await writer.wait_closed()

    async def main() -> None:
        async with await eagerloop.start_server(long_line, "127.0.0.1", 0, limit=20) as server:
            address = server.sockets[0].getsockname()
            reader, writer = await eagerloop.open_connection(*address, limit=10)
            assert reader._limit == 10
            writer.write(b"x" * 100)
            assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()

    run(main)


def test_a_failed_connection_is_an_error_and_leaves_nothing(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        with pytest.raises(FileNotFoundError):
            await eagerloop.open_unix_connection(tmp_path / "missing")

    run(main)
