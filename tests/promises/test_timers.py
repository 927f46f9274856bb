"""A timer never fires early, and nothing starves it."""

from __future__ import annotations

import time

import pytest

import eagerloop

Loop = eagerloop.EventLoop


def test_never_early(loop: Loop) -> None:
    early: list[float] = []
    left = 400

    def fired(when: float) -> None:
        nonlocal left
        now = loop.time()
        if now < when:
            early.append(when - now)
        left -= 1
        if left == 0:
            loop.stop()

    start = loop.time()
    for n in range(left):
        when = start + 0.00013 * n + 1e-9 * n
        loop.call_at(when, fired, when)
    loop.run_forever()
    assert early == []


def test_ready_work_does_not_starve_timers_or_io(loop: Loop) -> None:
    import socket

    left, right = socket.socketpair()
    left.setblocking(False)
    events: dict[str, float] = {}

    def spin() -> None:
        if len(events) < 2 and time.monotonic() - start < 5:
            loop.call_soon(spin)
        else:
            loop.stop()

    def readable() -> None:
        events.setdefault("io", time.monotonic() - start)
        loop.remove_reader(left)

    loop.add_reader(left, readable)
    start = time.monotonic()
    loop.call_later(0.05, lambda: events.setdefault("timer", time.monotonic() - start))
    right.send(b"x")
    loop.call_soon(spin)
    loop.run_forever()
    left.close()
    right.close()
    assert events["io"] < 0.5
    assert 0.05 <= events["timer"] < 0.5


def test_io_does_not_starve_timers(loop: Loop) -> None:
    import socket

    left, right = socket.socketpair()
    left.setblocking(False)
    right.send(b"x")
    loop.add_reader(left, lambda: None)  # stays readable: every poll reports it
    start = time.monotonic()
    loop.call_later(0.02, loop.stop)
    loop.run_forever()
    assert time.monotonic() - start < 1
    loop.remove_reader(left)
    left.close()
    right.close()


@pytest.mark.parametrize("uptime", [2.0**30, 2.0**43])
def test_a_clock_that_has_run_for_long(uptime: float) -> None:
    """Its steps are coarse, at last 2 ms: a timer still fires, not early, and nobody spins for it."""

    class Old(eagerloop.EventLoop):
        def time(self) -> float:
            return uptime + time.monotonic()

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        for _ in range(20):
            when = loop.time() + 0.01
            await eagerloop.sleep(0.01)
            assert loop.time() >= when
        used = time.process_time()
        await eagerloop.sleep(0.3)
        assert time.process_time() - used < 0.2

    eagerloop.run(main(), loop_factory=Old)


def test_a_delay_of_zero_is_a_timer_too(loop: Loop) -> None:
    handle = loop.call_later(0, loop.stop)
    assert isinstance(handle, eagerloop.TimerHandle)
    assert handle.when() <= loop.time()
    loop.run_forever()
