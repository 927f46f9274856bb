"""Programs that test_faults.py runs while strace makes their system calls fail.

`python -m tests.promises.faulty NAME` prints one line of JSON: what became of it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import socket
import ssl
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import eagerloop
from tests.net.peers import Datagrams, Echo, Recorder, nonblocking_pair, port_of
from tests.transports.certificates import Authority

Outcome = dict[str, Any]
heard: list[str] = []  # what the exception handler was told


async def server() -> Outcome:
    """Three clients of an echo server, one after another."""
    loop = asyncio.get_running_loop()
    served = await loop.create_server(Echo, "127.0.0.1", 0)
    answers = []
    for _ in range(3):
        transport, protocol = await loop.create_connection(Recorder, "127.0.0.1", port_of(served))
        transport.write(b"hello")
        answers.append((await protocol.wait_for(5)).decode())
        transport.close()
        await protocol.lost
    served.close()
    await asyncio.wait_for(served.wait_closed(), 10)
    return {"answers": answers}


async def sockets() -> Outcome:
    """1 MB through a pair of sockets without transports."""
    loop: Any = asyncio.get_running_loop()
    left, right = nonblocking_pair()
    outcome: Outcome = {"got": 0}

    async def receive() -> None:
        while outcome["got"] < 1_000_000:
            outcome["got"] += len(await loop.sock_recv(right, 100_000))

    with left, right:
        sending = loop.create_task(loop.sock_sendall(left, bytes(1_000_000)))
        receiving = loop.create_task(receive())
        try:
            await asyncio.gather(sending, receiving)
        except OSError as exc:
            outcome["error"] = type(exc).__name__
        for task in sending, receiving:
            task.cancel()
        await asyncio.wait([sending, receiving])
        outcome["watched"] = loop.remove_writer(left) or loop.remove_reader(right)
    return outcome


async def datagrams() -> Outcome:
    """Three datagrams to an echo endpoint and back."""

    class Answer(Datagrams):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            super().datagram_received(data, addr)
            self.transport.sendto(data, addr)

    loop = asyncio.get_running_loop()
    one, there = await loop.create_datagram_endpoint(Answer, local_addr=("127.0.0.1", 0))
    two, here = await loop.create_datagram_endpoint(
        Datagrams, remote_addr=one.get_extra_info("sockname")
    )
    for _ in range(3):
        two.sendto(b"x")
        await asyncio.sleep(0.05)
    one.close()
    two.close()
    await asyncio.gather(there.lost, here.lost)
    errors = [type(exc).__name__ for exc in there.errors + here.errors]
    return {"back": len(here.received), "errors": errors}


async def file() -> Outcome:
    """A file of 1 MB onto a transport."""
    loop = asyncio.get_running_loop()
    left, right = nonblocking_pair()
    transport, lost = await loop.create_connection(Recorder, sock=left)
    _, peer = await loop.create_connection(Recorder, sock=right)
    with tempfile.TemporaryFile() as opened:
        opened.write(b"x" * 1_000_000)
        opened.flush()
        sent = await loop.sendfile(transport, opened)
        position = opened.tell()
    got = len(await peer.wait_for(sent))
    transport.close()
    await asyncio.gather(lost.lost, peer.lost)
    return {"sent": sent, "got": got, "position": position}


async def transports() -> Outcome:
    """SIZE bytes to an echo and back, in pieces of all sizes: over TCP, over TLS, through a child."""
    size = int(os.environ.get("SIZE", "100000"))
    data = bytes(number * number // 7 % 251 for number in range(size))
    loop = asyncio.get_running_loop()

    def send(transport: Any) -> None:
        at = 0
        for length in itertools.cycle((1, 1, 300, 700, 5000, 40_000)):
            transport.write(data[at : at + length])
            at += length
            if at >= size:
                return

    async def echoed(server: ssl.SSLContext | None, client: ssl.SSLContext | None) -> bool:
        served = await loop.create_server(Echo, "127.0.0.1", 0, ssl=server)
        transport, protocol = await loop.create_connection(
            *(Recorder, "127.0.0.1", port_of(served)),
            ssl=client,
            server_hostname="localhost" if client else None,
        )
        send(transport)
        got = await protocol.wait_for(size)
        transport.close()
        await protocol.lost
        served.close()
        await asyncio.wait_for(served.wait_closed(), 10)
        return got == data

    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        tcp, tls = await echoed(None, None), await echoed(authority.server(), authority.client())
    child = await eagerloop.create_subprocess_exec("cat", stdin=PIPE, stdout=PIPE)
    assert child.stdin is not None
    send(child.stdin)
    out, _ = await child.communicate()
    return {"tcp": tcp, "tls": tls, "child": out == data}


async def ending() -> Outcome:
    """An echo of 1 MB that a fault ends: who was told what, each once."""
    loop = asyncio.get_running_loop()
    left, right = nonblocking_pair()
    transport, protocol = await loop.create_connection(Recorder, sock=left)
    _, peer = await loop.create_connection(Echo, sock=right)
    for _ in range(100):
        if not transport.is_closing():
            transport.write(bytes(10_000))
    ends = await asyncio.wait_for(asyncio.gather(protocol.lost, peer.lost), 10)
    transport.write(b"after the end")
    return {"ends": sorted(type(exc).__name__ for exc in ends)}


async def connecting() -> Outcome:
    """A connection to a server that is there, by a transport and by a bare socket."""
    loop = asyncio.get_running_loop()
    served = await loop.create_server(Recorder, "127.0.0.1", 0)
    errors = []
    for _ in range(2):
        try:
            transport, protocol = await loop.create_connection(
                Recorder, "127.0.0.1", port_of(served)
            )
            transport.close()
            await protocol.lost
        except OSError as exc:
            errors.append(type(exc).__name__)
        with socket.socket() as sock:
            sock.setblocking(False)
            try:
                await loop.sock_connect(sock, ("127.0.0.1", port_of(served)))
            except OSError as exc:
                errors.append(type(exc).__name__)
    served.close()
    await asyncio.wait_for(served.wait_closed(), 10)
    return {"errors": errors}


def itself(protocol: Recorder) -> Recorder:
    """For a factory of one that exists already."""
    return protocol


async def unwatched() -> Outcome:
    """Two connections over a pair of sockets and two endpoints, one after the other."""
    loop = asyncio.get_running_loop()
    errors, ends = [], []
    for sock in nonblocking_pair():
        protocol = Recorder()
        try:
            transport, _ = await loop.create_connection(partial(itself, protocol), sock=sock)
            transport.close()
        except OSError as exc:
            errors.append(exc.errno)
        ends.append(type(await protocol.lost).__name__)
    for _ in range(2):
        try:
            endpoint, _ = await loop.create_datagram_endpoint(
                Datagrams, local_addr=("127.0.0.1", 0)
            )
            endpoint.close()
        except OSError as exc:
            errors.append(exc.errno)
    return {"errors": errors, "ends": ends}


async def fifo() -> Outcome:
    """1 MB through the FIFO that EAGERLOOP_FIFO names."""
    loop = asyncio.get_running_loop()
    path = os.environ["EAGERLOOP_FIFO"]
    reading = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", 0)
    _, reader = await loop.connect_read_pipe(Recorder, reading)
    writing = os.fdopen(os.open(path, os.O_WRONLY | os.O_NONBLOCK), "wb", 0)
    transport, writer = await loop.connect_write_pipe(Recorder, writing)
    whole = os.urandom(1_000_000)
    for start in range(0, 1_000_000, 50_000):
        transport.write(whole[start : start + 50_000])
        await asyncio.sleep(0)
    transport.close()
    ends = [type(await side.lost).__name__ for side in (reader, writer)]
    return {"same": reader.data == whole, "ends": ends}


PROGRAMS: dict[str, Callable[[], Coroutine[Any, Any, Outcome]]] = {
    "server": server,
    "sockets": sockets,
    "datagrams": datagrams,
    "file": file,
    "transports": transports,
    "ending": ending,
    "connecting": connecting,
    "unwatched": unwatched,
    "fifo": fifo,
}


async def main(name: str) -> Outcome:
    loop = asyncio.get_running_loop()
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # writes after the end are warned of
    loop.set_exception_handler(lambda loop, context: heard.append(context["message"]))
    started = loop.time()
    outcome = await asyncio.wait_for(PROGRAMS[name](), 30)
    return outcome | {"heard": heard, "seconds": loop.time() - started}


if __name__ == "__main__":
    print(json.dumps(eagerloop.run(main(sys.argv[1]))))
