# cython: nonecheck=True
"""Event: a flag to wait for.

set() wakes all who wait at that moment, and they return True even if clear() follows before their
tasks run: what counts is that the flag was set, not that it still is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core import runtime
from ..core.operation import Operation
from . import waitqueue
from .loopbound import LoopBound

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ("Event",)


class Event(LoopBound):
    """A flag that tasks can wait for; it begins unset."""

    __slots__ = ("_value", "_waiters")

    def __init__(self) -> None:
        self._begin()
        self._value = False
        self._waiters = waitqueue.new()

    def _kept(self) -> tuple[type, tuple[Any, ...], tuple[str, ...]]:
        return Event, (), ("_value",)

    def __repr__(self) -> str:
        extra = "set" if self._value else "unset"
        if self._waiters:
            extra = f"{extra}, waiters:{len(self._waiters)}"
        return self._described(extra)

    def is_set(self) -> bool:
        """True if the flag is set."""
        return self._value

    def set(self) -> None:
        """Set the flag and wake everybody who waits for it."""
        self._raise_flag()

    def clear(self) -> None:
        """Unset the flag; who waits from now on waits for the next set()."""
        self._value = False

    def wait(self) -> Coroutine[Any, Any, bool]:
        """Wait until the flag is set, not at all if it is, and return True."""
        return waiting(self)

    def _raise_flag(self) -> None:
        if not self._value:
            self._value = True
            self._waiters.wake_all()


class Wait(Operation):
    """A wait for an event's flag."""

    __slots__ = ("_event", "_waiter")

    _qualname = "Event.wait"

    _event: Event
    _waiter: Any

    def _poll(self) -> bool:
        event = self._event
        if self._waiter is None:
            if not event._value:
                self._waiter = event._new_waiter()
                event._waiters.add(self._waiter)
                self.value = self._waiter
                return False
        else:
            event._waiters.leave(self._waiter)
        self.value = True
        return True

    def _fail(self, exc: BaseException) -> bool:
        self._event._waiters.leave(self._waiter)
        try:
            raise exc
        finally:
            del exc  # interpreted, this frame is in its traceback


def waiting(event: Event) -> Wait:
    """A Wait for `event`."""
    operation = runtime.new_untracked(Wait)
    operation._event = event
    operation._waiter = None
    return operation


runtime.stock(Wait)
