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
