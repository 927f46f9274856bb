# cython: nonecheck=True
"""Lock: one holder at a time, the others served in order of arrival.

Rules
- Nobody overtakes: a free lock with a live waiter goes to that waiter, even though its task has
  not run yet. So `_locked` may be False while the head of `_waiters` is done: the lock is promised.
- A promise is never lost: whoever gives up waiting (cancelled, closed) while the lock is free
  hands it on to the next.

An uncontended `async with lock` is one poll and no future, see `core/operation.py` and `core/finished.py`.
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

__all__ = ("Lock",)


class Lock(LoopBound):
    """A lock that is not owned by a task: whoever holds it may release it from anywhere."""

    __slots__ = ("_locked", "_waiters")

    def __init__(self) -> None:
        self._begin()
        self._locked = False
        self._waiters: Any = None

    def _kept(self) -> tuple[type, tuple[Any, ...], tuple[str, ...]]:
        return Lock, (), ("_locked",)

    def __repr__(self) -> str:
        extra = "locked" if self._locked else "unlocked"
        if self._waiters:
            extra = f"{extra}, waiters:{len(self._waiters)}"
        return self._described(extra)

    def locked(self) -> bool:
        """True while somebody holds the lock."""
        return self._locked

    def acquire(self) -> Coroutine[Any, Any, bool]:
        """Wait until the lock is free and nobody is before us, take it, and return True."""
        return acquiring(self)

    def release(self) -> None:
        """Free the lock and let the first waiter have it; RuntimeError if nobody holds it."""
        self._free()

    @cython.binding(False)
    @cython.embedsignature(True)
    def __aenter__(self) -> Coroutine[Any, Any, None]:
        if type(self) is not Lock:
            return enter(self)
        operation = acquiring(self)
        operation._result = None
        return operation

    @cython.binding(False)
    @cython.embedsignature(True)
    def __aexit__(self, exc_type: Any, exc: Any, traceback: Any) -> Coroutine[Any, Any, None]:
        if type(self) is not Lock:
            return leave(self)
        self._free()
        return DONE

    def _take(self) -> bool:
        if self._locked:
            return False
        if self._waiters is not None and self._waiters.is_contended():
            return False
        self._locked = True
        return True

    def _free(self) -> None:
        if not self._locked:
            raise RuntimeError("Lock is not acquired.")
        self._locked = False
        self._promise()

    def _enqueue(self) -> Any:
        waiter = self._new_waiter()
        if self._waiters is None:
            self._waiters = waitqueue.new()
        self._waiters.add(waiter)
        return waiter

    def _promise(self) -> None:
        if self._waiters is not None:
            self._waiters.wake_first()

    def _wake_up_first(self) -> None:
        self._promise()


class Acquire(Operation):
    """A wait for the lock, and the lock's taking."""

    __slots__ = ("_lock", "_result", "_waiter")

    _qualname = "Lock.acquire"

    _lock: Lock
    _result: Any
    _waiter: Any

    def _poll(self) -> bool:
        lock = self._lock
        if self._waiter is None:
            if not lock._take():
                self._waiter = lock._enqueue()
                self.value = self._waiter
                return False
        else:
            lock._waiters.leave(self._waiter)
            lock._locked = True
        self.value = self._result
        return True

    def _fail(self, exc: BaseException) -> bool:
        self._withdraw()
        try:
            raise exc
        finally:
            del exc  # interpreted, this frame is in its traceback

    def _withdraw(self) -> None:
        """Leave the line; a lock that was promised to us goes to the next."""
        lock = self._lock
        lock._waiters.leave(self._waiter)
        if not lock._locked:
            lock._promise()


def acquiring(lock: Lock) -> Acquire:
    """An Acquire of `lock` that returns True."""
    operation = runtime.new_untracked(Acquire)
    operation._lock = lock
    operation._result = True
    operation._waiter = None
    return operation


runtime.stock(Acquire)
