"""Waker: a byte wakes, a signal's number arrives, a full pair is no error."""

from __future__ import annotations

from eagerloop.poll.waker import Waker


def test_bytes_and_signals() -> None:
    seen: list[int] = []
    waker = Waker(seen.append)
    for _ in range(100_000):
        waker.wake()
    waker.on_readable()
    assert seen == []
    waker.writer.send(bytes([2, 0, 15]))
    waker.on_readable()
    assert seen == [2, 15]
    waker.close()
    waker.wake()
