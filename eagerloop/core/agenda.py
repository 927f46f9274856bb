"""Agenda: what a loop has to do. Futures and tasks put themselves on it, `Turn` works it off."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from . import handle, runtime, stacks
from .handle import Handle
from .poller import Poller

if TYPE_CHECKING:
    import cython
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares them
    from .runtime import ready_push, stay_end, task_list, tasks_abandon, tasks_begin


class Agenda:
    """The ready queue, the timers, the live tasks, and the state that concerns scheduling.

    Args:
        poller: who asks the kernel.
        eager: whether tasks start eagerly unless they are told otherwise.
    """

    __slots__ = (
        "_ring",
        "_timers",
        "_tasks",
        "_poller",
        "_flushing",
        "_current",
        "_stay",
        "_making",
        "_clock",
        "_keeps_timers",
        "_thread_id",
        "_turn_number",
        "_polled_at",
        "_unpolled",
        "_clock_turns",
        "_waiting",
        "_stopping",
        "_closed",
        "_debug",
        "_eager",
        "slow_callback_duration",
    )

    def __cinit__(self) -> None:
        """Compiled, what is called before `__init__` or without it meets a closed loop that has nothing to do."""
        self._begin()
        self._poller = Poller()
        self._closed = self._stopping = True

    def _begin(self) -> None:
        self._ring: Any = runtime.ring_new()
        self._timers = runtime.heap_new()
        tasks_begin(self)
        self._flushing: list[Any] = []

    def __init__(self, poller: Poller, eager: bool) -> None:
        if not cython.compiled and not hasattr(self, "_ring"):  # a second time nothing is dropped
            self._begin()
        self._poller = poller
        self._current = None
        self._making: Any = None
        self._clock: Any = None
        self._keeps_timers = True
        self._thread_id = 0
        self._turn_number = 0
        self._polled_at = 0.0
        self._unpolled = -1
        self._clock_turns = 0
        self._waiting = False
        self._stopping = False
        self._closed = False
        self._debug = False
        self._eager = eager
        self.slow_callback_duration = 0.1

    def _check_schedule(self) -> None:
        """Whether something may be scheduled, by this thread if we are told to be strict."""
        if self._closed:
            raise RuntimeError("Event loop is closed")
        if self._debug and self._thread_id != 0 and self._thread_id != threading.get_ident():
            raise RuntimeError(
                "Non-thread-safe operation invoked on an event loop other than the current one"
            )

    def _schedule(self, callback: Any, args: tuple[Any, ...], context: Any) -> Handle:
        """Queues a call; `context` is a snapshot."""
        if self._closed or self._debug:
            self._check_schedule()
        made = handle.new(self, callback, args, context)
        if self._debug:
            made._source_traceback = stacks.creation_stack()
        ready_push(self, made)
        return made

    def _now(self) -> float:
        """Loop time: the monotonic clock, unless a subclass brings its own `time`."""
        if self._clock is None:
            return runtime.monotonic()
        now: float = self._clock()
        return now

    def _live_tasks(self) -> list[Any]:
        """The tasks that are not done."""
        return task_list(self)

    def __dealloc__(self) -> None:
        tasks_abandon(self)
        stay_end(self)
