"""A number given back by the kernel belongs to its new owner, whoever had it before."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Run
from tests.net.peers import Recorder, nonblocking_pair


def close_socket(sock: Any) -> None:
    sock.close()


def close_number(sock: Any) -> None:
    os.close(sock.detach())


@pytest.mark.parametrize("close", [close_socket, close_number])
def test_a_reader_left_behind(run: Run, close: Callable[[Any], None]) -> None:
    """Closed without remove_reader; a new reader for the same number gets its events."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        for _ in range(3):
            left, right = nonblocking_pair()
            fd = left.fileno()
            loop.add_reader(left, lambda: None)
            close(left)
            again, other = nonblocking_pair()
            assert again.fileno() == fd
            woken = loop.create_future()
            loop.add_reader(again, lambda woken=woken: woken.done() or woken.set_result(None))
            other.send(b"x")
            await asyncio.wait_for(woken, 5)
            assert loop.remove_reader(again)
            for sock in (right, again, other):
                sock.close()

    run(main)


def test_a_writer_left_behind_and_a_reader_after_it(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        fd = left.fileno()
        called: list[int] = []
        loop.add_writer(left, called.append, 1)
        left.close()
        again, other = nonblocking_pair()
        assert again.fileno() == fd
        other.send(b"x")
        assert await asyncio.wait_for(loop.sock_recv(again, 1), 5) == b"x"
        loop.remove_writer(fd)
        for sock in (right, again, other):
            sock.close()

    run(main)


def test_a_transport_after_a_reader_left_behind(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        fd = left.fileno()
        loop.add_reader(left, lambda: None)
        left.close()
        again, other = nonblocking_pair()
        assert again.fileno() == fd
        transport, protocol = await loop.create_connection(Recorder, sock=again)
        other.send(b"x")
        assert await protocol.wait_for(1) == b"x"
        transport.close()
        await protocol.lost
        right.close()
        other.close()

    run(main)


def test_a_transport_keeps_the_socket_it_was_given(run: Run) -> None:
    """Its maker closes it: the number stays ours until the transport ends."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        fd = left.fileno()
        transport, protocol = await loop.create_connection(Recorder, sock=left)
        left.close()
        others = nonblocking_pair()
        assert fd not in [other.fileno() for other in others]
        transport.write(b"x")
        assert await loop.sock_recv(right, 1) == b"x"
        right.send(b"y")
        assert await protocol.wait_for(1) == b"y"
        transport.close()
        await protocol.lost
        assert left.fileno() == -1
        assert await loop.sock_recv(right, 1) == b""
        for sock in (right, *others):
            sock.close()

    run(main)


@pytest.mark.parametrize("end", ["close", "abort", "pause_reading"])
def test_a_transport_that_lost_its_number_leaves_the_next_alone(run: Run, end: str) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        fd = left.fileno()
        transport, protocol = await loop.create_connection(Recorder, sock=left)
        os.close(left.detach())
        again, other = nonblocking_pair()
        assert again.fileno() == fd
        reading = loop.create_task(loop.sock_recv(again, 1))
        await asyncio.sleep(0.01)
        getattr(transport, end)()
        await asyncio.sleep(0.01)
        other.send(b"x")
        assert await asyncio.wait_for(reading, 5) == b"x"
        transport.abort()
        await protocol.lost
        for sock in (right, again, other):
            sock.close()

    run(main)


def test_many_short_connections(run: Run) -> None:
    """Each gets a number that another has just left."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        for index in range(300):
            left, right = nonblocking_pair()
            transport, protocol = await loop.create_connection(Recorder, sock=left)
            right.send(b"%d" % index)
            assert await protocol.wait_for(len(str(index))) == b"%d" % index
            if index % 2:
                transport.close()
            else:
                right.close()
            await protocol.lost
            right.close()

    run(main)
