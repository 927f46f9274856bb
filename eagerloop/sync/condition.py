# cython: nonecheck=True
"""Condition: wait, under a lock, until somebody says that things have changed.

A wait has three stages: give the lock up and wait to be notified; take the lock again, whatever
happened meanwhile; return, or raise what interrupted the wait.

Rules
- wait() never ends without the lock. A cancellation that comes while it is being taken again is
  kept until it is held; of several the last one is raised, and it is the same object that came in.
- A notification is never lost: a waiter that leaves by an exception may have been the one notified,
  so it notifies another. Hence wait() may return spuriously, which its callers must expect.

Here the fast way is written out over our own Lock; a foreign lock, or a subclass of Condition or
Lock, takes asyncio's way in coroutines (`overridden.py`).
"""

from __future__ import annotations

from asyncio.exceptions import CancelledError
from typing import TYPE_CHECKING, Any, TypeVar

from ..core import runtime
from ..core.operation import Operation
from . import lock as lock_module
from . import waitqueue
from .lock import Lock
from .loopbound import LoopBound
from .overridden import enter, leave, wait, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ("Condition",)

_T = TypeVar("_T")


class Condition(LoopBound):
    """A meeting place under a lock, which it makes itself unless one is given."""

    __slots__ = ("_lock", "_waiters")

    def __init__(self, lock: Any = None) -> None:
        self._begin()
        self._lock = Lock() if lock is None else lock
        self._waiters = waitqueue.new()

    def _kept(self) -> tuple[type, tuple[Any, ...], tuple[str, ...]]:
        return Condition, (), ("_lock",)

    def __repr__(self) -> str:
        extra = "locked" if self.locked() else "unlocked"
        if self._waiters:
            extra = f"{extra}, waiters:{len(self._waiters)}"
        return self._described(extra)

    def locked(self) -> bool:
        """True while somebody holds the lock."""
        return self._lock.locked()

    def acquire(self) -> Coroutine[Any, Any, bool]:
        """Take the lock, as its own acquire() does."""
        return self._lock.acquire()

    def release(self) -> None:
        """Release the lock, as its own release() does."""
        self._lock.release()

    def __aenter__(self) -> Coroutine[Any, Any, None]:
        if not self._is_native():
            return enter(self)
        return self._lock.__aenter__()

    def __aexit__(self, exc_type: Any, exc: Any, traceback: Any) -> Coroutine[Any, Any, None]:
        if not self._is_native():
            return leave(self)
        return self._lock.__aexit__(exc_type, exc, traceback)

    def wait(self) -> Coroutine[Any, Any, bool]:
        """Give the lock up, wait to be notified, take it again and return True.

        RuntimeError if the lock is not held. It may return without a notification: look again at
        what you wait for, or use wait_for().
        """
        if not self._is_native():
            return wait(self)
        return waiting(self)

    def wait_for(self, predicate: Callable[[], _T]) -> Coroutine[Any, Any, _T]:
        """wait() until predicate() is true, and return what it gave."""
        if not self._is_native():
            return wait_for(self, predicate)
        return waiting_for(self, predicate)

    def notify(self, n: int = 1) -> None:
        """Wake n of those who wait; they go on when they get the lock, which the caller holds."""
        if not self.locked():
            raise RuntimeError("cannot notify on un-acquired lock")
        self._waiters.wake_some(n)

    def notify_all(self) -> None:
        """Wake everybody who waits."""
        self.notify(len(self._waiters))

    def _is_native(self) -> bool:
        return type(self) is Condition and type(self._lock) is Lock

    def _notify(self, n: int) -> None:
        self._waiters.wake_some(n)


class Wait(Operation):
    """One wait(): `_relock` is None until the notification, or the interruption, has come."""

    __slots__ = ("_condition", "_error", "_lock", "_relock", "_waiter")

    _qualname = "Condition.wait"

    _condition: Condition
    _error: Any
    _lock: Lock
    _relock: Any
    _waiter: Any

    def _poll(self) -> bool:
        condition = self._condition
        if self._relock is not None:
            return self._take_lock()
        if self._waiter is None:
            if not self._lock._locked:
                raise RuntimeError("cannot wait on un-acquired lock")
            waiter = condition._new_waiter()
            self._lock._free()
            condition._waiters.add(waiter)
            self._waiter = waiter
            self.value = waiter
            return False
        condition._waiters.leave(self._waiter)
        self._relock = lock_module.acquiring(self._lock)
        return self._take_lock()

    def _fail(self, exc: BaseException) -> bool:
        is_cancelled = isinstance(exc, CancelledError)
        is_closed = isinstance(exc, GeneratorExit)
        self._error = exc
        del exc  # interpreted, this frame will be in its traceback
        if self._relock is None:
            self._condition._waiters.leave(self._waiter)
            if is_closed:
                # There is no more waiting, but a lock that is free is taken as always.
                self._lock._take()
                return self._end()
        else:
            self._relock._withdraw()
            if not is_cancelled:
                # No more than a cancellation is put off, or a broken lock would make us spin.
                return self._end()
        self._relock = lock_module.acquiring(self._lock)
        return self._take_lock()

    def _take_lock(self) -> bool:
        relock = self._relock
        try:
            done = relock._poll()
        except BaseException:
            # The lock is bound to another loop: there is no way to take it.
            self._condition._waiters.wake_next()
            raise
        if not done:
            self.value = relock.value
            return False
        if self._error is not None:
            return self._end()
        self.value = True
        return True

    def _end(self) -> bool:
        """Raise what interrupted the wait; we may have been notified, so another is instead."""
        self._condition._waiters.wake_next()
        error = self._error
        self._error = None
        try:
            raise error
        finally:
            del error  # interpreted, this frame is in its traceback


class WaitFor(Operation):
    """wait() again and again until the predicate is true."""

    __slots__ = ("_condition", "_predicate", "_wait")

    _qualname = "Condition.wait_for"

    _condition: Condition
    _predicate: Callable[[], Any]
    _wait: Any

    def _poll(self) -> bool:
        while True:
            if self._wait is None:
                result = self._predicate()
                if result:
                    self.value = result
                    return True
                self._wait = waiting(self._condition)
            if not self._wait._poll():
                self.value = self._wait.value
                return False
            self._wait = None

    def _fail(self, exc: BaseException) -> bool:
        # A wait that has failed ends by raising; until then it takes the lock.
        self._wait._fail(exc)
        self.value = self._wait.value
        return False


def waiting(condition: Condition) -> Wait:
    """A Wait on `condition`."""
    operation = runtime.new_untracked(Wait)
    operation._condition = condition
    operation._error = None
    operation._lock = condition._lock
    operation._relock = None
    operation._waiter = None
    return operation


def waiting_for(condition: Condition, predicate: Any) -> WaitFor:
    """A WaitFor `predicate` on `condition`."""
    operation = runtime.new_untracked(WaitFor)
    operation._condition = condition
    operation._predicate = predicate
    operation._wait = None
    return operation


runtime.stock(Wait)
runtime.stock(WaitFor)
