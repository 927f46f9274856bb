# cython: nonecheck=True
"""Semaphore and BoundedSemaphore: so many holders at a time, in order of arrival.

Rules
- A wake-up is a place already taken: `_value` goes down when a waiter's future is done, not when
  its task runs. So a later acquire() cannot take what was promised, and a waiter that is cancelled
  after its wake-up gives the place back.
- Nobody overtakes: while a waiter that is not cancelled stands in `_waiters`, the semaphore is
  locked, however large `_value` is. Each waiter that leaves therefore wakes as many of the
  others as there are places.

`_value` is any number: programs pass float('inf') for "no limit".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core import runtime
from ..core.finished import DONE
from ..core.operation import Operation
from . import waitqueue
from .loopbound import LoopBound
from .overridden import enter, leave

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from .. import _cython as cython

    if not TYPE_CHECKING:  # Cython looks for it
        import cython
else:
    from .. import _cython as cython

__all__ = ("BoundedSemaphore", "Semaphore")


class Semaphore(LoopBound):
    """A counter, `value` at first, that acquire() takes down, waiting at zero, and release() takes up.

    Raises:
        ValueError: `value` is negative.
    """

    __slots__ = ("_native", "_value", "_waiters")

    def __init__(self, value: float = 1) -> None:
        if value < 0:
            raise ValueError("Semaphore initial value must be >= 0")
        self._begin()
        self._native = type(self) is Semaphore or type(self) is BoundedSemaphore
        self._value = value
        self._waiters = waitqueue.new()

    def _kept(self) -> tuple[type, tuple[Any, ...], tuple[str, ...]]:
        return Semaphore, (), ("_value",)

    def __repr__(self) -> str:
        extra = "locked" if self.locked() else f"unlocked, value:{self._value}"
        if self._waiters:
            extra = f"{extra}, waiters:{len(self._waiters)}"
        return self._described(extra)

    def locked(self) -> bool:
        """True if acquire() would have to wait."""
        return self._is_locked()

    def acquire(self) -> Coroutine[Any, Any, bool]:
        """Wait until the counter is above zero and nobody is before us, take one, return True."""
        return acquiring(self)

    def release(self) -> None:
        """Give one back and wake the first who waits."""
        self._give_back()

    @cython.binding(False)
    @cython.embedsignature(True)
    def __aenter__(self) -> Coroutine[Any, Any, None]:
        if not self._native:
            return enter(self)
        operation = acquiring(self)
        operation._result = None
        return operation

    @cython.binding(False)
    @cython.embedsignature(True)
    def __aexit__(self, exc_type: Any, exc: Any, traceback: Any) -> Coroutine[Any, Any, None]:
        if not self._native:
            return leave(self)
        self._give_back()
        return DONE

    def _is_locked(self) -> bool:
        return self._value == 0 or self._waiters.is_contended()

    def _give_back(self) -> None:
        self._value += 1
        self._wake_one()

    def _enqueue(self) -> Any:
        waiter = self._new_waiter()
        self._waiters.add(waiter)
        return waiter

    def _wake_one(self) -> bool:
        if not self._waiters.wake_next():
            return False
        self._value -= 1
        return True

    def _wake_free(self) -> None:
        while self._value > 0:
            if not self._wake_one():
                break

    def _wake_up_next(self) -> bool:
        return self._wake_one()


class BoundedSemaphore(Semaphore):
    """A semaphore whose release() beyond the initial value is a ValueError."""

    __slots__ = ("_bound_value",)

    def __init__(self, value: float = 1) -> None:
        self._bound_value = value
        Semaphore.__init__(self, value)

    def _kept(self) -> tuple[type, tuple[Any, ...], tuple[str, ...]]:
        return BoundedSemaphore, (), ("_bound_value", "_value")

    def release(self) -> None:
        """Give one back; ValueError if more would be there than at the beginning."""
        self._give_back()

    def _give_back(self) -> None:
        if self._value >= self._bound_value:
            raise ValueError("BoundedSemaphore released too many times")
        Semaphore._give_back(self)


class Acquire(Operation):
    """A wait for a place, and its taking."""

    __slots__ = ("_result", "_semaphore", "_waiter")

    _qualname = "Semaphore.acquire"

    _result: Any
    _semaphore: Semaphore
    _waiter: Any

    def _poll(self) -> bool:
        semaphore = self._semaphore
        if self._waiter is None:
            if semaphore._is_locked() if semaphore._native else semaphore.locked():
                self._waiter = semaphore._enqueue()
                self.value = self._waiter
                return False
            semaphore._value -= 1
        else:
            semaphore._waiters.leave(self._waiter)
            semaphore._wake_free()
        self.value = self._result
        return True

    def _fail(self, exc: BaseException) -> bool:
        semaphore = self._semaphore
        waiter = self._waiter
        semaphore._waiters.leave(waiter)
        if waiter.done() and not waiter.cancelled():
            semaphore._value += 1
        semaphore._wake_free()
        try:
            raise exc
        finally:
            del exc  # interpreted, this frame is in its traceback


def acquiring(semaphore: Semaphore) -> Acquire:
    """An Acquire of `semaphore` that returns True."""
    operation = runtime.new_untracked(Acquire)
    operation._result = True
    operation._semaphore = semaphore
    operation._waiter = None
    return operation


runtime.stock(Acquire)
