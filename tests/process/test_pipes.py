"""Connecting pipes: everything that polls is taken, once or twice; a regular file is refused."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any, BinaryIO

import pytest

import eagerloop
from tests.transports.pipes import PIPE_BYTES, Reader, Writer, reading, until, writing


@pytest.mark.parametrize("end", ["read", "write"])
def test_a_regular_file_is_refused(end: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"data")

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        connect = loop.connect_read_pipe if end == "read" else loop.connect_write_pipe
        with open(path, "r+b", 0) as file:
            with pytest.raises(ValueError, match=r"^Pipe transport is "):
                await connect(Reader, file)
            assert not file.closed
            assert file.read() == b"data"

    eagerloop.run(main())


def test_fifo(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)

    async def main() -> None:
        _, read_protocol = await reading(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        transport, write_protocol = await writing(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        transport.write(b"through a name")
        assert await read_protocol.has(14) == b"through a name"
        transport.close()
        assert await read_protocol.lost is None
        assert await write_protocol.lost is None

    eagerloop.run(main())


def test_a_fifo_that_is_its_own_reader(tmp_path: Path) -> None:
    """Opened for both, it polls readable while data is in it: no sign that anybody has left."""
    path = tmp_path / "fifo"
    os.mkfifo(path)

    async def main() -> None:
        fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        transport, protocol = await writing(fd)
        transport.write(b"stays")
        await eagerloop.sleep(0.02)
        assert not transport.is_closing()
        assert os.read(fd, 100) == b"stays"
        transport.close()
        assert await protocol.lost is None

    eagerloop.run(main())


def test_the_same_descriptor_twice() -> None:
    """Both writers work, and closing one leaves the other alive."""

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        theirs, ours = os.pipe()
        _, read_protocol = await reading(theirs)
        stdout: BinaryIO = open(ours, "wb", 0)
        first, first_protocol = await loop.connect_write_pipe(Writer, stdout)
        second, second_protocol = await loop.connect_write_pipe(Writer, stdout)
        first.write(b"a" * (2 * PIPE_BYTES))
        second.write(b"b" * PIPE_BYTES)
        await read_protocol.has(3 * PIPE_BYTES)
        first.close()
        assert await first_protocol.lost is None
        second.write(b"c")
        await read_protocol.has(3 * PIPE_BYTES + 1)
        second.close()
        assert await second_protocol.lost is None
        await read_protocol.lost
        assert sorted(set(read_protocol.data)) == list(b"abc")
        assert read_protocol.data.count(b"a") == 2 * PIPE_BYTES
        assert read_protocol.data.count(b"b") == PIPE_BYTES

    eagerloop.run(main())


def test_reading_and_writing_one_socket() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        file: Any = ours.makefile("rwb", 0)
        ours.close()
        loop = eagerloop.get_running_loop()
        reader, read_protocol = await loop.connect_read_pipe(Reader, file)
        writer, write_protocol = await loop.connect_write_pipe(Writer, file)
        theirs.send(b"in")
        assert await read_protocol.has(2) == b"in"
        writer.write(b"out")
        assert theirs.recv(10) == b"out"
        theirs.send(b"!")
        assert await read_protocol.has(3) == b"in!"
        writer.close()
        await write_protocol.lost
        reader.close()
        await read_protocol.lost
        theirs.close()

    eagerloop.run(main())


def test_a_cancelled_connect_closes_the_pipe() -> None:
    async def main() -> None:
        ours, theirs = os.pipe()
        loop = eagerloop.get_running_loop()
        pipe = open(ours, "rb", 0)
        task = loop.create_task(loop.connect_read_pipe(Reader, pipe))
        await eagerloop.sleep(0)
        task.cancel()
        with pytest.raises(eagerloop.CancelledError):
            await task
        await until(lambda: pipe.closed)
        os.close(theirs)

    eagerloop.run(main())
