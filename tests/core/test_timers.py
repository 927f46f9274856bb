"""TimerHandle and Alarm: due in order, gone when cancelled."""

from __future__ import annotations

import asyncio
import random

import pytest

import eagerloop
from eagerloop.core.timers import Alarm, TimerHandle

Loop = eagerloop.EventLoop


def test_is_asyncios_and_knows_its_time(loop: Loop) -> None:
    made = loop.call_at(5.5, print)
    assert isinstance(made, asyncio.TimerHandle)
    assert isinstance(made, TimerHandle)
    assert made.when() == made._when == 5.5
    assert made._scheduled
    made.cancel()
    assert not made._scheduled


def test_a_whole_time_stays_whole(loop: Loop) -> None:
    made = loop.call_at(10**6, print)
    assert (type(made.when()), made.when()) == (int, 10**6)
    assert type(loop.call_later(1, print).when()) is float
    made.cancel()


def test_order(loop: Loop) -> None:
    early, late = loop.call_at(1e9, print), loop.call_at(2e9, print)
    assert early < late
    assert late > early
    assert early <= early
    assert late >= late
    assert early != late
    assert hash(early) == hash(1e9)
    with pytest.raises(TypeError):
        early < 5  # noqa: B015 (the comparison itself raises)
    early.cancel()
    late.cancel()


def test_run_by_time_then_by_arrival(loop: Loop) -> None:
    now = loop.time()
    seen: list[int] = []
    delays = [n % 7 for n in range(100)]
    random.Random(1).shuffle(delays)
    for index, delay in enumerate(delays):
        loop.call_at(now + delay / 1000, seen.append, index)
    loop.run_until_complete(eagerloop.sleep(0.02))
    assert seen == sorted(range(100), key=lambda index: (delays[index], index))


def test_cancelled_timers_leave_nothing(loop: Loop) -> None:
    timers = [loop.call_later(1000 + n % 13, print) for n in range(10_000)]
    random.Random(2).shuffle(timers)
    kept = timers[:10]
    for timer in timers[10:]:
        timer.cancel()
    assert sorted(t.when() for t in loop._scheduled) == sorted(t.when() for t in kept)
    for timer in kept:
        timer.cancel()
    assert loop._scheduled == []


def test_bad_times(loop: Loop) -> None:
    with pytest.raises(TypeError, match="delay must not be None"):
        loop.call_later(None, print)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="when cannot be None"):
        loop.call_at(None, print)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="NaN"):
        loop.call_later(float("nan"), print)


def test_for_ever_and_long_ago(loop: Loop) -> None:
    seen: list[str] = []
    never = loop.call_later(float("inf"), seen.append, "never")
    loop.call_later(-5, seen.append, "long ago")
    loop.run_until_complete(eagerloop.sleep(0.001))
    assert seen == ["long ago"]
    never.cancel()


def test_alarm_is_a_bare_entry() -> None:
    assert not hasattr(Alarm(), "cancel")
