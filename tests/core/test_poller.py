"""The contract, against every poller that works here."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator

import pytest

import eagerloop
from eagerloop import poll

REAL = [name for name in poll.available() if name != "null"]


@pytest.fixture(params=REAL)
def polled(request: pytest.FixtureRequest) -> Iterator[eagerloop.EventLoop]:
    loop = eagerloop.EventLoop(poller=request.param)
    yield loop
    loop.close()


def test_level_triggered(polled: eagerloop.EventLoop) -> None:
    left, right = socket.socketpair()
    seen: list[int] = []
    polled.add_reader(left, seen.append, 1)
    right.send(b"x")
    for _ in range(3):
        polled._run_once()
    assert len(seen) >= 2
    polled.remove_reader(left)
    left.close()
    right.close()


def test_hang_up_is_told(polled: eagerloop.EventLoop) -> None:
    left, right = socket.socketpair()
    polled.add_reader(left, polled.stop)
    right.close()
    polled.run_forever()
    polled.remove_reader(left)
    left.close()


def test_a_number_closed_behind_our_back_and_used_again(polled: eagerloop.EventLoop) -> None:
    read_end, write_end = os.pipe()
    polled.add_reader(read_end, print)
    os.close(read_end)
    again, other = os.pipe()
    assert again == read_end
    seen: list[bytes] = []
    polled.add_reader(again, lambda: (seen.append(os.read(again, 9)), polled.stop()))
    os.write(other, b"x")
    polled.run_forever()
    assert seen == [b"x"]
    polled.remove_reader(again)
    for fd in (write_end, again, other):
        os.close(fd)


@pytest.mark.parametrize("seconds", [0.0, 0.0004, 0.003])
def test_waits_no_less_than_asked(polled: eagerloop.EventLoop, seconds: float) -> None:
    start = time.monotonic()
    polled.run_until_complete(eagerloop.sleep(seconds))
    assert time.monotonic() - start >= seconds


def test_one_wait_after_another(polled: eagerloop.EventLoop) -> None:
    """Each is told, what comes between two is not lost, and no interest is left behind."""
    left, right = socket.socketpair()
    left.setblocking(False)

    async def main() -> None:
        for number in range(5):
            reading = polled.create_task(polled.sock_recv(left, 1))
            await eagerloop.sleep(0.001)
            right.send(b"ab")
            assert await reading == b"a"
            if number % 2:  # a poll that finds the rest, which nobody waits for
                await eagerloop.sleep(0.001)
            assert await polled.sock_recv(left, 1) == b"b"
        assert not polled.remove_reader(left)

    polled.run_until_complete(main())
    left.close()
    right.close()
