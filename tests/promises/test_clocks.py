"""Clocks of test kits: a loop whose time is not the kernel's, in each of the ways they go about it."""

from __future__ import annotations

import gc
import selectors
import socket
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest

import eagerloop

Loop = eagerloop.EventLoop

HOURS = 3600.0


@contextmanager
def within_a_second() -> Any:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < 1


async def sleeps() -> float:
    """What a program under test does, over many hours."""
    loop = eagerloop.get_running_loop()
    start = loop.time()
    called: list[float] = []
    loop.call_later(HOURS, lambda: called.append(loop.time() - start))
    await eagerloop.sleep(2 * HOURS)
    assert called == [pytest.approx(HOURS)]
    with pytest.raises(TimeoutError):
        async with eagerloop.timeout(HOURS):
            await eagerloop.sleep(9 * HOURS)
    with pytest.raises(TimeoutError):
        await eagerloop.wait_for(loop.create_future(), HOURS)
    await eagerloop.gather(*(eagerloop.sleep(tenths / 10) for tenths in range(30)))
    return loop.time() - start


def test_select_and_time_patched_while_the_loop_runs(loop: Loop) -> None:
    moved = 0.0

    def select(ask: Callable[[float], Any], timeout: float) -> Any:
        nonlocal moved
        moved += timeout
        return ask(0)

    def now() -> float:
        return moved

    async def main() -> None:
        selector = loop._selector
        with (
            mock.patch.object(selector, "select", lambda t, ask=selector.select: select(ask, t)),
            mock.patch.object(loop, "time", now),
        ):
            assert await sleeps() == pytest.approx(4 * HOURS + 2.9)
        assert abs(loop.time() - time.monotonic()) < 1
        await eagerloop.sleep(0.01)

    with within_a_second():
        loop.run_until_complete(main())


def test_a_clock_between_two_runs(loop: Loop) -> None:
    with mock.patch.object(loop, "time", return_value=5.0):
        loop.run_until_complete(eagerloop.sleep(0))
    loop.run_until_complete(eagerloop.sleep(0.01))


def test_a_subclass_that_patches_its_selector() -> None:
    class Compressed(Loop):
        def __init__(self) -> None:
            super().__init__()
            self._units = 0  # of a microsecond: a time that is due may lie between two of them
            self._ask = self._selector.select
            self._selector.select = self._move

        def time(self) -> float:
            return self._units / 1_000_000

        def _move(self, timeout: float | None) -> Any:
            found = self._ask(0)
            if not found and timeout:
                self._units += round(timeout * 1_000_000)
            return found

    with within_a_second(), eagerloop.Runner(loop_factory=Compressed) as runner:
        assert runner.run(sleeps()) == pytest.approx(4 * HOURS + 2.9)


def test_a_subclass_that_takes_part_in_each_turn() -> None:
    class Stepped(Loop):
        def __init__(self) -> None:
            super().__init__()
            self._seconds = 0.1
            self._due: list[float] = []
            self.given: list[Any] = []
            self._selector = mock.Mock()

        def time(self) -> float:
            return self._seconds

        def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:  # type: ignore[override]
            self._due.append(when)
            return super().call_at(when, callback, *args, context=context)

        def _process_events(self, found: Any) -> None:
            self.given.append(found)

        def _run_once(self) -> None:
            super()._run_once()
            self._due = sorted(when for when in self._due if when > self._seconds)
            if self._due and not self._ready:
                self._seconds += self._due.pop(0) - self._seconds

        async def shutdown_default_executor(self, timeout: float | None = None) -> None:
            """There is none."""

    with within_a_second(), eagerloop.Runner(loop_factory=Stepped) as runner:
        loop: Any = runner.get_loop()
        assert runner.run(sleeps()) == pytest.approx(4 * HOURS + 2.9)
        assert loop._selector.select() in loop.given


def test_the_selector_is_one_of_the_standard_library(loop: Loop) -> None:
    """Who asks for it while the loop runs finds the descriptors that are watched."""

    async def main() -> None:
        left, right = socket.socketpair()
        with left, right:
            readable, done = eagerloop.Event(), eagerloop.Event()
            loop.add_reader(left, readable.set)
            key = loop._selector.get_key(left)
            assert key.events == selectors.EVENT_READ
            assert set(loop._selector.get_map()) >= {left.fileno()}
            assert loop._selector is loop._selector
            right.send(b"x")
            await readable.wait()
            assert loop.remove_reader(left)
            with pytest.raises(KeyError):
                loop._selector.get_key(left)
            threading.Timer(0.01, loop.call_soon_threadsafe, [done.set]).start()
            await done.wait()

    loop.run_until_complete(main())
    loop.close()
    assert loop._selector is None


def test_another_thread_does_not_change_how_the_loop_polls(loop: Loop) -> None:
    async def main() -> None:
        before = loop._poller_object
        assert await eagerloop.to_thread(lambda: loop._selector) is before
        assert loop._poller_object is before

    loop.run_until_complete(main())


def test_what_processes_events_may_come_after_the_selector(loop: Loop) -> None:
    anyloop: Any = loop
    anyloop._selector = mock.Mock()
    anyloop._selector.select.return_value = ["events"]
    anyloop._process_events = mock.Mock()
    anyloop._run_forever_setup()
    try:
        for _ in range(10):
            anyloop._run_once()
    finally:
        anyloop._run_forever_cleanup()
    assert anyloop._process_events.call_args_list == [mock.call(["events"])] * 10
    del anyloop._process_events


def test_a_loop_with_a_selector_of_its_own_is_freed_when_it_is_closed() -> None:
    class Processing(Loop):
        def _process_events(self, found: Any) -> None: ...

    loop: Any = Processing()
    loop._selector = mock.Mock()
    loop.close()
    gone = weakref.ref(loop)
    gc.disable()
    try:
        del loop
        assert gone() is None
    finally:
        gc.enable()


def test_a_selector_that_is_patched_for_a_while(loop: Loop) -> None:
    """mock takes back what it set by deleting it."""
    with mock.patch.object(loop, "_selector") as patched:
        assert loop._selector is patched

    async def main() -> None:
        left, right = socket.socketpair()
        with left, right:
            left.setblocking(False)
            right.send(b"x")
            assert await loop.sock_recv(left, 1) == b"x"

    loop.run_until_complete(main())
    assert isinstance(loop._selector, selectors.DefaultSelector)
