"""Epoll: what the kernel forgets or remembers by itself."""

from __future__ import annotations

import os
import socket
import time

import pytest

import eagerloop
from eagerloop.poll.epoll import Epoll

pytestmark = pytest.mark.skipif(not Epoll.works(), reason="no epoll on this platform")


def test_a_registration_left_behind_is_removed_and_does_not_spin() -> None:
    loop = eagerloop.EventLoop(poller="epoll")
    left, right = socket.socketpair()
    fd = left.fileno()
    loop.add_reader(fd, print)
    watches = loop._poller_object.watches
    watch, watches[fd] = watches[fd], None  # as if the number had changed hands
    right.send(b"x")
    loop.run_until_complete(eagerloop.sleep(0.01))
    start = time.process_time()
    loop.run_until_complete(eagerloop.sleep(0.1))
    assert time.process_time() - start < 0.05
    assert watch.fd == fd
    left.close()
    right.close()
    loop.close()


def test_sub_millisecond_sleeps_are_slept() -> None:
    loop = eagerloop.EventLoop(poller="epoll")

    async def main() -> None:
        for _ in range(300):
            await eagerloop.sleep(0.0004)

    cpu, wall = time.process_time(), time.monotonic()
    loop.run_until_complete(main())
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    loop.close()
    assert wall >= 300 * 0.0004
    assert cpu < wall * 0.6


def test_many_descriptors_in_one_wait() -> None:
    loop = eagerloop.EventLoop(poller="epoll")
    pipes = [os.pipe() for _ in range(400)]  # more than a batch
    seen: set[int] = set()
    for read_end, write_end in pipes:
        loop.add_reader(read_end, seen.add, read_end)
        os.write(write_end, b"x")
    for _ in range(3):
        loop._run_once()
    assert len(seen) == 400
    for read_end, write_end in pipes:
        loop.remove_reader(read_end)
        os.close(read_end)
        os.close(write_end)
    loop.close()
