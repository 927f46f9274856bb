"""A server under load: idle crowds, clients that dawdle, readers that do not read, and SIGTERM."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import eagerloop
from tests.conftest import Run

IDLE = 10_000
BUSY = 100
CROWD = """
import socket, sys
crowd = []
for _ in range(int(sys.argv[2])):
    crowd.append(socket.socket(socket.AF_UNIX))
    crowd[-1].connect(sys.argv[1])
for each in crowd[0], crowd[-1]:
    each.sendall(b"answered\\n")
    assert each.recv(100) == b"answered\\n"
print("all are there", flush=True)
sys.stdin.read()
"""
Streams = tuple[eagerloop.StreamReader, eagerloop.StreamWriter]


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    needed = IDLE + 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"needs {needed} descriptors, the hard limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def echo(reader: eagerloop.StreamReader, writer: eagerloop.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()
    writer.close()


async def ask(streams: Streams, count: int) -> None:
    reader, writer = streams
    for number in range(count):
        line = b"%d\n" % number
        writer.write(line)
        assert await reader.readline() == line


async def leave(streams: list[Streams]) -> None:
    for _, writer in streams:
        writer.close()
    await eagerloop.gather(*(writer.wait_closed() for _, writer in streams))


def test_ten_thousand_idle_connections_cost_the_busy_ones_nothing(
    run: Run, many_descriptors: None, tmp_path: Path
) -> None:
    path = f"{tmp_path}/socket"

    async def seconds(busy: list[Streams]) -> float:
        """CPU time of this process for a thousand answers."""
        began = time.process_time()
        await eagerloop.gather(*(ask(streams, 10) for streams in busy))
        return time.process_time() - began

    async def main() -> None:
        async with await eagerloop.start_unix_server(echo, path, backlog=1000):
            busy = [await eagerloop.open_unix_connection(path) for _ in range(BUSY)]
            alone = min([await seconds(busy) for _ in range(3)])
            crowd = await eagerloop.create_subprocess_exec(
                *(sys.executable, "-c", CROWD, path, str(IDLE)),
                stdin=eagerloop.subprocess.PIPE,
                stdout=eagerloop.subprocess.PIPE,
            )
            assert crowd.stdout is not None
            assert await crowd.stdout.readline() == b"all are there\n"
            crowded = min([await seconds(busy) for _ in range(3)])
            assert crowded < 5 * alone  # it is not 100 times as many
            await crowd.communicate(b"leave")
            await leave(busy)

    run(main)


def test_clients_that_dawdle_are_let_go_and_delay_nobody(run: Run) -> None:
    """A byte now and then, and never a whole line (slowloris)."""
    let_go = 0

    async def serve(reader: eagerloop.StreamReader, writer: eagerloop.StreamWriter) -> None:
        nonlocal let_go
        try:
            async with eagerloop.timeout(0.5):
                writer.write(await reader.readline())
                await writer.drain()
        except TimeoutError:
            let_go += 1
        finally:
            writer.close()

    async def dawdle(port: int) -> None:
        reader, writer = await eagerloop.open_connection("127.0.0.1", port)
        end = eagerloop.create_task(reader.read(1))
        while not end.done():
            writer.write(b"x")
            await eagerloop.wait([end], timeout=0.02)
        assert end.exception() is not None or not end.result()
        writer.close()

    async def main() -> None:
        server = await eagerloop.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, eagerloop.TaskGroup() as group:
            for _ in range(100):
                group.create_task(dawdle(port))
            await eagerloop.sleep(0.1)
            async with eagerloop.timeout(10):
                streams = await eagerloop.open_connection("127.0.0.1", port)
                await ask(streams, 1)
                await leave([streams])
        assert let_go == 100

    run(main)


def test_a_reader_that_does_not_read_costs_no_memory(run: Run) -> None:
    """The writer waits in drain() and the transport holds no more than its limit and one write."""
    total, chunk = 50_000_000, bytes(100_000)
    most = 0

    async def serve(reader: eagerloop.StreamReader, writer: eagerloop.StreamWriter) -> None:
        nonlocal most
        for _ in range(total // len(chunk)):
            writer.write(chunk)
            most = max(most, writer.transport.get_write_buffer_size())
            await writer.drain()
        writer.close()

    async def main() -> None:
        server = await eagerloop.start_server(serve, "127.0.0.1", 0)
        async with server:
            reader, writer = await eagerloop.open_connection(
                "127.0.0.1", server.sockets[0].getsockname()[1]
            )
            await eagerloop.sleep(0.3)
            assert (
                len(reader._buffer) <= 2 * 65536 + 4 * 65536
            )  # its limit, and what one event reads
            got = 0
            while data := await reader.read(1 << 20):
                got += len(data)
            assert got == total
            assert most <= 65536 + len(chunk)
            writer.close()

    run(main)


SERVER = """
import signal, eagerloop

async def answer(reader, writer):
    while line := await reader.readline():
        await eagerloop.sleep(0.02)
        writer.write(line * 1000)
        await writer.drain()
        if stopping.is_set():
            break
    writer.close()
    await writer.wait_closed()

async def main():
    global stopping
    stopping = eagerloop.Event()
    eagerloop.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    server = await eagerloop.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stopping.wait()
    server.close()
    await server.wait_closed()  # until the last answer has gone

eagerloop.run(main())
"""


def test_sigterm_under_load_breaks_no_answer(run: Run) -> None:
    whole = broken = 0

    async def client(port: int) -> None:
        nonlocal whole, broken
        reader, writer = await eagerloop.open_connection("127.0.0.1", port)
        line = b"x" * 99 + b"\n"
        while True:
            try:
                writer.write(line)
                await reader.readexactly(1000 * len(line))
            except eagerloop.IncompleteReadError as exc:
                broken += bool(exc.partial)
                break
            except ConnectionError:  # it had gone before this request
                break
            whole += 1
        writer.close()

    async def main(server: subprocess.Popen[bytes]) -> None:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        async with eagerloop.timeout(30), eagerloop.TaskGroup() as group:
            for _ in range(50):
                group.create_task(client(port))
            await eagerloop.sleep(0.5)
            server.send_signal(signal.SIGTERM)

    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as server:
        try:
            run(main, server)
            assert server.wait(timeout=20) == 0
        finally:
            server.kill()
    assert whole >= 50
    assert broken == 0
