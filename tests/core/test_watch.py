"""Watch and Channel: who is told, and who no longer."""

from __future__ import annotations

import socket

import eagerloop
from eagerloop.core.watch import READ, WRITE, Channel, Watch

Loop = eagerloop.EventLoop


class Recording(Channel):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def on_readable(self) -> None:
        self.seen.append("readable")

    def on_writable(self) -> None:
        self.seen.append("writable")

    def flush(self) -> None:
        self.seen.append("flush")


def test_interest() -> None:
    watch = Watch(5)
    assert watch.interest() == 0
    watch.reader = Recording()  # type: ignore[assignment]
    assert watch.interest() == READ
    watch.writer = watch.reader
    assert watch.interest() == READ | WRITE


def test_a_channel_is_told(loop: Loop) -> None:
    left, right = socket.socketpair()
    channel = Recording()
    loop._watch_read(left.fileno(), channel)
    loop._watch_write(left.fileno(), channel)
    right.send(b"x")
    loop._run_once()
    assert channel.seen == ["readable", "writable"]
    loop._unwatch(left.fileno())
    loop._flush_later(channel)
    loop._flush_later(channel)
    loop.call_soon(len, ())
    loop._run_once()
    assert channel.seen == ["readable", "writable", "flush"]
    left.close()
    right.close()


def test_what_an_earlier_callback_removed_is_not_called(loop: Loop) -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    seen: list[int] = []

    def called(n: int) -> None:
        seen.append(n)
        for left, _ in pairs:
            loop.remove_reader(left)

    for n, (left, right) in enumerate(pairs):
        loop.add_reader(left, called, n)
        right.send(b"x")
    loop._run_once()
    loop.call_soon(len, ())
    loop._run_once()
    assert len(seen) == 1
    for pair in pairs:
        for sock in pair:
            sock.close()
