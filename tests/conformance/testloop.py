"""A stand-in for `test.test_asyncio.utils.TestLoop` over any loop.

CPython's is a BaseEventLoop on a mocked selector whose clock is moved by a generator: each time a
timer is set, the generator is told when it is due and answers by how much to move the clock. This
one does the same through the public interface: timers are kept here, and one callback (the pump)
asks the generator and runs what has come due. Without a generator it is the plain loop with a clock
that stands at zero.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Generator
from typing import Any


def make(base: Any) -> type:
    """The class, over the loop class `base`."""

    class TestLoop(base):  # type: ignore[misc]
        __test__ = False

        def __init__(self, gen: Callable[[], Generator[float, float, None]] | None = None) -> None:
            super().__init__()
            self._check_on_close = gen is not None
            self._gen = (gen or _no_timers)()
            next(self._gen)
            self._time = 0.0
            self._whens: list[float] = []
            self._later: list[tuple[float, int, Any]] = []
            self._order = itertools.count()
            self._pumping = False

        def time(self) -> float:
            return self._time

        def advance_time(self, advance: float) -> None:
            if advance:
                self._time += advance
                self._start_pump()

        def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:
            import asyncio

            self._check_closed()
            timer = asyncio.TimerHandle(when, callback, args, self, context)
            self._whens.append(when)
            heapq.heappush(self._later, (when, next(self._order), timer))
            self._start_pump()
            return timer

        def call_later(self, delay: float, callback: Any, *args: Any, context: Any = None) -> Any:
            if delay is None:
                raise TypeError("delay must not be None")
            return self.call_at(self._time + delay, callback, *args, context=context)

        def run_forever(self) -> None:
            try:
                super().run_forever()
            finally:
                # a timer set in the turn that stopped the loop still counts
                self._ask()

        def run_until_complete(self, future: Any) -> Any:
            try:
                return super().run_until_complete(future)
            finally:
                self._ask()

        def close(self) -> None:
            super().close()
            if self._check_on_close:
                self._check_on_close = False
                try:
                    self._gen.send(0)
                except StopIteration:
                    pass
                else:
                    raise AssertionError("Time generator is not finished")

        def _timer_handle_cancelled(self, handle: Any) -> None:
            """Cancelled timers stay in the heap until they are due."""

        def _start_pump(self) -> None:
            if not self._pumping:
                self._pumping = True
                super().call_soon(self._pump)

        def _ask(self) -> None:
            timers, self._whens = self._whens, []
            for when in timers:
                self._time += self._gen.send(when) or 0

        def _pump(self) -> None:
            self._pumping = False
            self._ask()
            while self._later and self._later[0][0] <= self._time + 1e-9:
                timer = heapq.heappop(self._later)[2]
                if not timer.cancelled():
                    timer._run()

    return TestLoop


def _no_timers() -> Generator[float, float, None]:
    while True:
        yield 0
