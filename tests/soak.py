"""Start, serve, stop, over and over: memory, descriptors, threads and tasks must stay flat.

    python -m tests.soak [--seconds 600] [--rounds 500]

A round makes a loop, serves TCP, Unix and TLS clients on it, some of whom vanish or are cancelled,
sends datagrams, runs timers, timeouts, children with pipes and functions in threads, and closes
everything. The first rounds fill caches; after them the footprint must not grow any more. It takes
the time, and longer if the rounds are not done by then.
"""

from __future__ import annotations

import argparse
import gc
import os
import ssl
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

import eagerloop
from tests.transports.certificates import Authority

WARM_ROUNDS = 20
CLIENTS = 20
MESSAGE = bytes(range(256)) * 64
GROWTH_BYTES = 2 << 20  # what fragmentation may add; a leak of 1 KiB a round adds more in minutes


class Footprint(NamedTuple):
    rss: int
    descriptors: int
    threads: int
    objects: int

    def __str__(self) -> str:
        return (
            f"{self.rss / 2**20:7.1f} MiB  {self.descriptors:3} descriptors  "
            f"{self.threads:2} threads  {self.objects:,} objects"
        )


def footprint() -> Footprint:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Footprint(
        pages * os.sysconf("SC_PAGE_SIZE"),
        len(os.listdir("/proc/self/fd")),
        threading.active_count(),
        len(gc.get_objects()),
    )


async def echo(reader: eagerloop.StreamReader, writer: eagerloop.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass  # a client that vanished
    finally:
        writer.close()


async def talk(number: int, where: int | str, context: ssl.SSLContext | None = None) -> None:
    """One client; every fifth goes away without a word, in the middle of an answer."""
    if isinstance(where, str):
        reader, writer = await eagerloop.open_unix_connection(where)
    elif context is None:
        reader, writer = await eagerloop.open_connection("127.0.0.1", where)
    else:
        reader, writer = await eagerloop.open_connection(
            "127.0.0.1", where, ssl=context, server_hostname="localhost"
        )
    writer.write(MESSAGE)
    if number % 5 == 0:
        await reader.readexactly(100)
        writer.transport.abort()
        return
    async with eagerloop.timeout(30):
        assert await reader.readexactly(len(MESSAGE)) == MESSAGE
    writer.close()
    await writer.wait_closed()


async def give_up(number: int, port: int) -> None:
    """A client that is cancelled on its way, a little later each time."""
    client = eagerloop.create_task(talk(1, port))
    for _ in range(number):
        await eagerloop.sleep(0)
    client.cancel()
    await eagerloop.wait([client])
    if not client.cancelled():
        client.result()


class Datagrams(eagerloop.DatagramProtocol):
    """Sends back what comes; `count` is how many did."""

    def __init__(self, answers: bool) -> None:
        self.answers = answers
        self.count = 0

    def connection_made(self, transport: eagerloop.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.count += 1
        if self.answers:
            self.transport.sendto(data, addr)


async def send_datagrams() -> None:
    loop = eagerloop.get_running_loop()
    there, _ = await loop.create_datagram_endpoint(
        lambda: Datagrams(True), local_addr=("127.0.0.1", 0)
    )
    here, heard = await loop.create_datagram_endpoint(
        lambda: Datagrams(False), remote_addr=there.get_extra_info("sockname")
    )
    for _ in range(20):
        here.sendto(MESSAGE[:1000])
    async with eagerloop.timeout(30):
        while heard.count < 20:
            await eagerloop.sleep(0.001)
    here.close()
    there.close()


async def run_cat() -> None:
    child = await eagerloop.create_subprocess_exec(
        "cat", stdin=eagerloop.subprocess.PIPE, stdout=eagerloop.subprocess.PIPE
    )
    answer, _ = await child.communicate(MESSAGE)
    assert answer == MESSAGE


async def serve_and_stop(folder: str, mine: ssl.SSLContext, theirs: ssl.SSLContext) -> None:
    path = os.path.join(folder, "socket")
    tcp = await eagerloop.start_server(echo, "127.0.0.1", 0)
    tls = await eagerloop.start_server(echo, "127.0.0.1", 0, ssl=mine)
    unix = await eagerloop.start_unix_server(echo, path)
    port, secured = (server.sockets[0].getsockname()[1] for server in (tcp, tls))
    async with tcp, tls, unix, eagerloop.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(talk(number, port))
            group.create_task(talk(number, path))
            group.create_task(give_up(number, port))
        for number in range(CLIENTS // 4):
            group.create_task(talk(number, secured, theirs))
        group.create_task(send_datagrams())
        group.create_task(run_cat())
        group.create_task(eagerloop.to_thread(time.sleep, 0.001))
        child = await eagerloop.create_subprocess_exec("true")
        group.create_task(child.wait())
        for number in range(1000):
            eagerloop.get_running_loop().call_later(60 + number, print).cancel()
    tasks = eagerloop.all_tasks() - {eagerloop.current_task()}
    if tasks:  # the server's side of clients that have just gone
        await eagerloop.wait(tasks, timeout=10)
    assert eagerloop.all_tasks() == {eagerloop.current_task()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--rounds", type=int, default=500, help="at least so many")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        contexts = authority.server(), authority.client()
        for _ in range(WARM_ROUNDS):
            eagerloop.run(serve_and_stop(folder, *contexts))
        first = footprint()
        print(f"{'after warming up':24}{first}", flush=True)
        began = time.monotonic()
        rounds, reports = 0, 1
        while (passed := time.monotonic() - began) < options.seconds or rounds < options.rounds:
            eagerloop.run(serve_and_stop(folder, *contexts))
            rounds += 1
            if passed >= reports * options.seconds / 10:
                print(f"{passed:6.0f} s {rounds:7,} rounds {footprint()}", flush=True)
                reports += 1
        last = footprint()
    print(f"{f'{rounds:,} rounds':24}{last}")
    grown = [
        name
        for name, before, after, allowed in zip(
            Footprint._fields, first, last, (GROWTH_BYTES, 0, 0, 500), strict=True
        )
        if after > before + allowed
    ]
    if grown:
        print(f"grown: {', '.join(grown)}")
        return 1
    print("flat")
    return 0


if __name__ == "__main__":
    sys.exit(main())
