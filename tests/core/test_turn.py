"""Turn: order, snapshots, and how often the kernel is asked."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest

import eagerloop
from eagerloop import poll
from eagerloop.core.watch import Channel

Loop = eagerloop.EventLoop


def test_what_a_callback_adds_runs_in_the_next_turn(loop: Loop) -> None:
    order: list[str] = []

    def first() -> None:
        order.append("first")
        loop.call_soon(order.append, "added")

    loop.call_soon(first)
    loop.call_soon(order.append, "second")
    loop._run_once()
    assert order == ["first", "second"]
    loop._run_once()
    assert order == ["first", "second", "added"]


def test_a_turn_inside_of_a_turn_takes_what_was_queued(loop: Loop) -> None:
    order: list[int] = []
    loop.call_soon(loop._run_once)
    loop.call_soon(order.append, 1)
    loop.call_soon(order.append, 2)
    loop._run_once()
    assert order == [1, 2]


def test_stop_finishes_the_turn(loop: Loop) -> None:
    order: list[int] = []
    loop.call_soon(loop.stop)
    loop.call_soon(order.append, 1)
    loop.run_forever()
    assert order == [1]
    loop.stop()
    loop.call_soon(order.append, 2)
    loop.run_forever()
    assert order == [1, 2]


def test_slow_callbacks_are_named_in_debug_mode(
    loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    loop.set_debug(True)
    loop.slow_callback_duration = 0.01
    loop.call_soon(time.sleep, 0.02)

    async def slow_task() -> None:
        time.sleep(0.02)

    with caplog.at_level(logging.WARNING, "asyncio"):
        loop.run_until_complete(slow_task())
    messages = [record.getMessage() for record in caplog.records]
    assert any("sleep" in message and "took 0.0" in message for message in messages)
    assert any("slow_task" in message and "test_turn.py" in message for message in messages)


def test_a_run_of_ready_work_asks_the_kernel_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    class Counting(poll.Select):
        def wait(self, ring: Any, timeout: float) -> None:
            nonlocal asked
            asked += 1
            super().wait(ring, timeout)

    monkeypatch.setitem(poll.POLLERS, "counting", Counting)
    loop = eagerloop.EventLoop(poller="counting")
    left = 10_000

    def again() -> None:
        nonlocal left
        left -= 1
        if left:
            loop.call_soon(again)
        else:
            loop.stop()

    loop.call_soon(again)
    loop.run_forever()
    loop.close()
    assert left == 0
    assert 0 < asked <= 10_000 / 16


class Holding(Channel):
    """Holds something until the turn flushes; `end` is raised then, once."""

    def __init__(self, end: BaseException | None = None) -> None:
        super().__init__()
        self.end = end
        self.flushed = 0

    def flush(self) -> None:
        end, self.end = self.end, None
        if end is not None:
            raise end
        self.flushed += 1


def test_an_interrupt_while_flushing_holds_nothing_back(loop: Loop) -> None:
    channels = [Holding(), Holding(KeyboardInterrupt()), Holding()]
    for channel in channels:
        loop._flush_later(channel)
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(eagerloop.sleep(0))
    assert [channel.flushed for channel in channels] == [1, 1, 1]
    loop._flush_later(channels[2])
    loop.run_until_complete(eagerloop.sleep(0))
    assert [channel.flushed for channel in channels] == [1, 1, 2]
    assert not any(channel._flush_due for channel in channels)


def test_an_exit_out_of_a_turn_does_not_skip_its_flush(loop: Loop) -> None:
    def end() -> None:
        loop._flush_later(held)
        raise SystemExit

    held = Holding()
    loop.call_soon(end)
    with pytest.raises(SystemExit):
        loop.run_forever()
    assert held.flushed == 1
