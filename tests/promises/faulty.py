"""Programs that test_faults.py runs while strace makes their system calls fail.

`python -m tests.promises.faulty NAME` prints one line of JSON: what became of it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Coroutine
from typing import Any

import eagerloop
from tests.net.peers import Datagrams, Echo, Recorder, nonblocking_pair, port_of

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
    loop = asyncio.get_running_loop()
    left, right = nonblocking_pair()
    with left, right:
        sending = loop.create_task(loop.sock_sendall(left, bytes(1_000_000)))
        got = 0
        try:
            while got < 1_000_000:
                got += len(await loop.sock_recv(right, 100_000))
            await sending
        except OSError as exc:
            sending.cancel()
            await asyncio.wait([sending])
            return {"got": got, "error": type(exc).__name__}
    return {"got": got}


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


PROGRAMS: dict[str, Callable[[], Coroutine[Any, Any, Outcome]]] = {
    "server": server,
    "sockets": sockets,
    "datagrams": datagrams,
    "file": file,
}


async def main(name: str) -> Outcome:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: heard.append(context["message"]))
    started = loop.time()
    outcome = await asyncio.wait_for(PROGRAMS[name](), 30)
    return outcome | {"heard": heard, "seconds": loop.time() - started}


if __name__ == "__main__":
    print(json.dumps(eagerloop.run(main(sys.argv[1]))))
