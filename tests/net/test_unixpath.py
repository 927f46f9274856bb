"""The file of a Unix socket: made, given its mode, removed only if it is still ours."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from eagerloop.net import unixpath
from tests.conftest import Run
from tests.net.peers import Echo, Recorder


@pytest.mark.parametrize("path", ["\0name", b"\0name"])
def test_abstract_names(path: str | bytes) -> None:
    assert unixpath.is_abstract(path)


@pytest.mark.parametrize("path", ["name", b"name", "", "/a\0"])
def test_other_names(path: str | bytes) -> None:
    assert not unixpath.is_abstract(path)


def test_the_file_goes_with_the_server(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        path = tmp_path / "s"
        server = await loop.create_unix_server(Echo, path)
        assert stat.S_ISSOCK(path.stat().st_mode)
        server.close()
        assert not path.exists()
        await server.wait_closed()

    run(main)


def test_a_file_that_another_made_stays(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        path = tmp_path / "s"
        first = await loop.create_unix_server(Echo, path)
        second = await loop.create_unix_server(Echo, path)  # takes the name over
        first.close()
        assert path.exists()
        transport, protocol = await loop.create_unix_connection(Recorder, path)
        transport.close()
        await protocol.lost
        second.close()
        assert not path.exists()

    run(main)


def test_cleanup_can_be_left_to_others(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        path = tmp_path / "s"
        server = await loop.create_unix_server(Echo, path, cleanup_socket=False)
        server.close()
        assert path.exists()

    run(main)


def test_a_socket_of_the_callers_is_cleaned_up_too(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        path = tmp_path / "s"
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(str(path))
        server = await loop.create_unix_server(Echo, sock=sock)
        server.close()
        assert not path.exists()

    run(main)


def test_a_path_removed_meanwhile_is_no_error(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        path = tmp_path / "s"
        server = await loop.create_unix_server(Echo, path)
        path.unlink()
        server.close()
        await server.wait_closed()

    run(main)


def test_mode(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        path = tmp_path / "s"
        server = await loop.create_unix_server(Echo, path, mode=0o640)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        server.close()
        with pytest.raises(ValueError, match="abstract"):
            await loop.create_unix_server(Echo, "\0eagerloop-mode", mode=0o640)
        with socket.socket(socket.AF_UNIX) as sock:
            with pytest.raises(ValueError, match="mode"):
                await loop.create_unix_server(Echo, sock=sock, mode=0o640)

    run(main)


def test_abstract_servers(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        name = f"\0eagerloop-{os.getpid()}"
        server = await loop.create_unix_server(Echo, name)
        transport, protocol = await loop.create_unix_connection(Recorder, name)
        transport.close()
        await protocol.lost
        with pytest.raises(OSError, match="is already in use"):
            await loop.create_unix_server(Echo, name)
        server.close()
        await server.wait_closed()

    run(main)


def test_a_file_that_is_no_socket_is_kept(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        path = tmp_path / "s"
        path.write_text("precious")
        with pytest.raises(OSError, match=f"Address {str(path)!r} is already in use"):
            await loop.create_unix_server(Echo, path)
        assert path.read_text() == "precious"

    run(main)
