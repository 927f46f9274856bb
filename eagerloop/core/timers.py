# cython: binding=False, embedsignature=True
"""TimerHandle and Alarm: what the heap of timers holds, besides Delay.

An entry knows its place in the heap, so that cancelling takes it out at once: a million timeouts that never fire
leave nothing behind. `_place` belongs to runtime.h; 0 means outside.
"""

from __future__ import annotations

import asyncio.events as _events
import contextvars
from typing import TYPE_CHECKING, Any

from . import runtime
from .agenda import Agenda
from .handle import Handle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import cython
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares them
    from .runtime import (
        context_is_empty,
        handle_write,
        heap_forget,
        heap_push_alarm,
        heap_remove_alarm,
        heap_remove_handle,
        timer_push,
    )

runtime.init()


class TimerHandle(Handle):
    """What call_later and call_at return (asyncio.TimerHandle).

    Args:
        when: loop time in seconds at which the call is due.
    """

    __slots__ = ("_place", "_whole", "_time")

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        args: Sequence[Any],
        loop: Any,
        context: contextvars.Context | None = None,
    ) -> None:
        Handle.__init__(self, callback, args, loop, context)
        self._place = 0
        self._time = when
        self._whole = type(when) is int

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return _events.TimerHandle

    @property
    def _scheduled(self) -> bool:
        return bool(self._place != 0)

    def when(self) -> float:
        """Loop time in seconds at which the call is due; an int if one was given."""
        return int(self._time) if self._whole else float(self._time)

    @property
    def _when(self) -> float:
        return self.when()

    def cancel(self) -> None:
        """Takes the call back, and the timer out of its loop."""
        if self._args is not None and not take_back(self):
            Handle.cancel(self)
            self._loop._timer_handle_cancelled(self)

    def __hash__(self) -> int:
        return hash(self._time)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, _events.TimerHandle):
            return NotImplemented
        return bool(self._time < other.when())

    def __le__(self, other: object) -> bool:
        if not isinstance(other, _events.TimerHandle):
            return NotImplemented
        return bool(self._time < other.when() or self == other)

    def __gt__(self, other: object) -> bool:
        if not isinstance(other, _events.TimerHandle):
            return NotImplemented
        return bool(self._time > other.when())

    def __ge__(self, other: object) -> bool:
        if not isinstance(other, _events.TimerHandle):
            return NotImplemented
        return bool(self._time > other.when() or self == other)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _events.TimerHandle):
            return NotImplemented
        return bool(
            self._time == other.when()
            and self._callback == other._callback  # type: ignore[attr-defined]
            and self._args == other._args
            and (self._args is None) == other.cancelled()
        )


def keeper_of(loop: Any) -> Agenda | None:
    """The loop, if what is due later may be put into its heap without `call_at`."""
    if isinstance(loop, Agenda):
        agenda = loop
        if agenda._keeps_timers:
            return agenda
    return None


def add(
    loop: Agenda, when: float, whole: bool, callback: Any, args: tuple[Any, ...], context: Any
) -> TimerHandle:
    """A timer in the heap, `context` being any snapshot."""
    timer: TimerHandle = runtime.new_bare(TimerHandle)
    handle_write(timer, callback, args, context, loop)
    timer._place = 0
    timer._time = when
    timer._whole = whole
    timer_push(loop, timer, when)
    return timer


def remove(agenda: Agenda, timer: TimerHandle) -> bool:
    """Takes it out again; False if it was not in."""
    return heap_remove_handle(agenda._timers, timer)


def take_back(timer: TimerHandle) -> bool:
    """The usual case of `TimerHandle.cancel`, without a call; False if this is none."""
    if timer._place == 0:
        return False
    agenda = cython.cast(Agenda, timer._loop)  # only an Agenda puts it into a heap
    if agenda._debug or not agenda._keeps_timers:
        return False
    timer._callback = timer._args = None
    if context_is_empty(timer):
        # it is in no cycle without its loop: whoever keeps it for long makes the collector no work
        timer._loop = None
        heap_forget(agenda._timers, timer)
    else:
        remove(agenda, timer)
    return True


class Alarm:
    """A timer that is its own callback, for objects that set and clear one all the time (timeouts)."""

    __slots__ = ("_place", "__weakref__")

    def __init__(self) -> None:
        self._place = 0

    def _due(self) -> None:
        """Called once, as a ready callback, when the time has come."""


def set_alarm(agenda: Agenda, alarm: Alarm, when: float) -> None:
    """Has `alarm._due()` called at loop time `when`, in place of an earlier setting."""
    heap_remove_alarm(agenda._timers, alarm)
    heap_push_alarm(agenda._timers, alarm, when)


def clear_alarm(agenda: Agenda, alarm: Alarm) -> bool:
    """Takes it back; False if it was not set."""
    return heap_remove_alarm(agenda._timers, alarm)


def go_off(alarm: Alarm) -> None:
    """Its time has come."""
    alarm._due()


runtime.zeroed(TimerHandle, {"_place": 0})
runtime.stock(TimerHandle)
