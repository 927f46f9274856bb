"""Scheduler: what may be asked of a loop about calls, timers, tasks and descriptors; the compiled base of EventLoop.

Thread safety rests on the GIL: pushing onto the ready queue is one step that no other thread can come between. So
`call_soon_threadsafe` is `call_soon` and, only if the loop waits in its poller, a byte to wake it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from . import future, handle, runtime, stacks, task, timers, watch
from .future import Future
from .handle import Handle
from .poller import Poller
from .timers import TimerHandle
from .turn import Turn
from .watch import Channel, Watch

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Callable

    import cython
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares them
    from .runtime import front, ready_push, task_list

runtime.init()


class Scheduler(Turn):
    """Calls, timers, tasks and watches of one loop.

    Args:
        poller: who asks the kernel.
        eager: whether tasks start eagerly unless `eager_start` says otherwise.
    """

    __slots__ = ("_task_factory", "__weakref__")

    def __init__(self, poller: Poller, eager: bool = False) -> None:
        Turn.__init__(self, poller, eager)
        self._task_factory: Callable[..., Any] | None = None
        if type(self).time is not Scheduler.time:
            self._clock = self.time
        # a loop of a test kit may set timers in a way of its own
        self._keeps_timers = (
            type(self).call_at is Scheduler.call_at
            and type(self).call_later is Scheduler.call_later
        )

    @property
    def poller(self) -> str:
        """The name of the poller that runs."""
        return str(self._poller.name)

    @property
    def _ready(self) -> list[Any]:
        """What runs next, in order."""
        return runtime.ring_list(self._ring)

    @property
    def _scheduled(self) -> list[Any]:
        """What runs later; the first is due first."""
        return runtime.heap_list(self._timers)

    # What is asked often: the stdlib's futures and tasks ask each time that one is made.

    def is_running(self) -> bool:
        """Whether the loop runs."""
        return bool(self._thread_id != 0)

    def is_closed(self) -> bool:
        """Whether the loop was closed."""
        return bool(self._closed)

    def get_debug(self) -> bool:
        """Whether the loop checks more and says more."""
        return bool(self._debug)

    # The run, for base_events.py.

    def _begin_run(self) -> None:
        """This thread runs the loop; its first turn polls."""
        self._thread_id = threading.get_ident()
        self._unpolled = -1
        if type(self._clock) is not AskedClock:  # it may be patched on the instance, or no longer
            self._clock = None if is_method(self.time, Scheduler.time) else self.time

    def _turns(self) -> None:
        """Turns until `stop`."""
        try:
            if not is_method(self._run_once, Turn._run_once):  # a test kit takes part in each turn
                self._turns_otherwise()
            else:
                while True:
                    self._turn()
                    if self._stopping:
                        break
        finally:
            if self._flushing:  # an exit or an interrupt came out of the last turn before its end
                self._flush()

    def _turns_otherwise(self) -> None:
        while True:
            self._run_once()
            if self._stopping:
                break

    def _end_run(self) -> None:
        self._stopping = False
        self._thread_id = 0
        self._turn_number += 1  # a write between two runs is no part of the last turn
        self._leave_all()

    def _poll_with(self, poller: Poller) -> None:
        """From the next poll on `poller` asks the kernel, for those whom the one before knows."""
        if poller is None:
            raise TypeError("a poller was expected, not None")
        before = self._poller
        poller.watches = before.watches
        poller.watched = before.watched
        for watched in poller.watches:
            if watched is not None:
                poller.change(watched.fd, 0, watched.interest())
                watched.armed = False
        self._poller = poller
        self._unpolled = -1

    def _ask_clock(self) -> None:
        """From now on `time` is looked up each time: somebody may patch it at any moment."""
        self._clock = AskedClock(self)

    def _disown(self, poller: Poller) -> None:
        """In a forked child: the loop is the parent's; from the next turn on `poller` refuses."""
        self._poller = poller
        self._unpolled = -1
        self._waiting = False
        self._current = None

    def _discard_all(self) -> None:
        """The loop closes: nothing that is scheduled will run."""
        self._closed = True
        task.show_all(task_list(self))
        runtime.ring_clear(self._ring)
        runtime.heap_clear(self._timers)
        self._poller.watches.clear()
        self._poller.watched = 0
        self._flushing = []
        self._clock = None  # may be our own `time`, and then keep us alive

    # Calls.

    def call_soon(
        self,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> Handle:
        """Has `callback(*args)` called in the next turn, after what is queued already.

        Raises:
            RuntimeError: the loop is closed, or in debug mode: this is another thread than the loop's.
        """
        given = runtime.context_given(context)
        if self._closed or self._debug:
            if self._debug:
                self._check_callback(callback, "call_soon")
            return self._schedule(callback, args, given)
        made = handle.new(self, callback, args, given)
        ready_push(self, made)
        return made

    def call_soon_threadsafe(
        self,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> Handle:
        """`call_soon` from any thread, or from a signal handler.

        Raises:
            RuntimeError: the loop is closed.
        """
        if self._closed:
            raise RuntimeError("Event loop is closed")
        if self._debug:
            self._check_callback(callback, "call_soon_threadsafe")
        made = handle.new_threadsafe(self, callback, args, runtime.context_given(context))
        if self._debug:
            made._source_traceback = stacks.creation_stack()
        ready_push(self, made)
        if self._waiting:
            self._write_to_self()
        return made

    def _write_to_self(self) -> None:
        """Wakes the poller from another thread; the loop knows how."""

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> TimerHandle:
        """Has `callback(*args)` called after `delay` seconds, never earlier.

        Raises:
            TypeError: the delay is None.
            RuntimeError: as `call_soon`.
        """
        if delay is None:
            raise TypeError("delay must not be None")
        if not self._keeps_timers and type(self).call_at is not Scheduler.call_at:
            return self.call_at(self.time() + delay, callback, *args, context=context)
        return self._call_at(self._after(delay), False, callback, args, context, "call_later")

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> TimerHandle:
        """Has `callback(*args)` called at loop time `when` (`time()`), never earlier.

        Raises:
            TypeError: the time is None.
            RuntimeError: as `call_soon`.
        """
        if when is None:
            raise TypeError("when cannot be None")
        return self._call_at(when, type(when) is int, callback, args, context, "call_at")

    def _after(self, delay: Any) -> float:
        """The loop's time in so many seconds."""
        if type(delay) is float or type(delay) is int:
            return self._now() + float(delay)
        return float(self._now() + delay)

    def _call_at(
        self,
        when: float,
        whole: bool,
        callback: Any,
        args: tuple[Any, ...],
        context: Any,
        method: str,
    ) -> TimerHandle:
        if self._closed or self._debug:
            self._check_schedule()
        if when != when:
            raise ValueError("Invalid delay: NaN (not a number)")
        given = runtime.context_given(context)
        if self._debug:
            self._check_callback(callback, method)
        timer = timers.add(self, when, whole, callback, args, given)
        if self._debug:
            timer._source_traceback = stacks.creation_stack()
        return timer

    def _timer_handle_cancelled(self, timer: TimerHandle) -> None:
        if isinstance(timer, TimerHandle) and timer._loop is self:  # its place is in our heap
            timers.remove(self, timer)

    def _check_callback(self, callback: Any, method: str) -> None:
        """Debug mode: what is a call, and what is surely meant to be a task."""

    def time(self) -> float:
        """The loop's clock in seconds: monotonic, of nanosecond resolution."""
        return runtime.monotonic()

    # Futures and tasks.

    def create_future(self) -> Future:
        """A new Future of this loop."""
        return future.new(self)

    def create_task(
        self,
        coro: Any,
        *,
        name: object = None,
        context: contextvars.Context | None = None,
        eager_start: Any = ...,
        **kwargs: Any,
    ) -> Any:
        """Starts a Task for `coro`; a task factory gets what was given (`set_task_factory`).

        `eager_start` left out is the loop's way; given, even as None, it is what it says.

        Raises:
            TypeError: `coro` is no coroutine.
            RuntimeError: the loop is closed, or eagerly: this is another thread than the loop's.
        """
        self._check_schedule()
        if kwargs or self._asks_factory():
            return self._create_task_otherwise(coro, name, context, eager_start, kwargs)
        return task.new(
            self, coro, name, context, self._eager if eager_start is ... else eager_start
        )

    def _asks_factory(self) -> bool:
        return self._task_factory is not None and not self._eager

    def _create_task_otherwise(
        self, coro: Any, name: object, context: Any, eager_start: Any, kwargs: dict[str, Any]
    ) -> Any:
        """With a task factory; base_events.py knows the running Python's rules."""

    # Descriptors.

    def _watch_read(self, fd: int, entry: Handle | Channel) -> None:
        """`entry` is told when `fd` can be read, in place of whoever was.

        Raises:
            OSError: the kernel cannot poll it, or it is not open.
        """
        self._set_watch(fd, watch._READ, entry)

    def _watch_write(self, fd: int, entry: Handle | Channel) -> None:
        """`entry` is told when `fd` can be written, in place of whoever was."""
        self._set_watch(fd, watch._WRITE, entry)

    def _unwatch_read(self, fd: int, owner: Channel | None = None) -> bool:
        """Nobody is told any more when `fd` can be read; False if nobody was.

        Args:
            owner: the only one who is to lose it. The number may mean another's file by now, if the
                owner's was closed behind its back.
        """
        if owner is not None and not self._is_told(fd, watch._READ, owner):
            return False
        return self._set_watch(fd, watch._READ, None)

    def _unwatch_write(self, fd: int, owner: Channel | None = None) -> bool:
        """As `_unwatch_read`, for when `fd` can be written."""
        if owner is not None and not self._is_told(fd, watch._WRITE, owner):
            return False
        return self._set_watch(fd, watch._WRITE, None)

    def _unwatch(self, fd: int, owner: Channel | None = None) -> None:
        """Forgets a descriptor; to be called before it is closed."""
        self._unwatch_read(fd, owner)
        self._unwatch_write(fd, owner)

    def _arm(self, fd: int, event: int, entry: Channel) -> None:
        """`entry` is told when `fd` can be read (or written), at least once; to be called again for more."""
        watched = watch.find(self._poller.watches, fd)
        shared = watched is not None and not (watched.armed and self._is_told(fd, event, entry))
        if shared or not self._poller.arm(fd, event):
            self._set_watch(fd, event, entry)  # until it is taken back
        elif watched is None:
            watched = Watch(fd)
            watched.armed = True
            put(watched, event, entry)
            self._enrol(watched)

    def _disarm(self, fd: int, event: int, entry: Channel, fired: bool) -> None:
        """`entry` is not told any more, if it still was."""
        watched = watch.find(self._poller.watches, fd)
        if watched is not None and self._is_told(fd, event, entry):
            if watched.armed and fired:  # the poller's interest has ended
                put(watched, event, None)
                self._enrol(watched)
            else:
                self._set_watch(fd, event, None)

    def _is_told(self, fd: int, event: int, entry: Channel) -> bool:
        watched = watch.find(self._poller.watches, fd)
        if watched is None:
            return False
        return (watched.reader if event == watch._READ else watched.writer) is entry

    def _set_watch(self, fd: int, event: int, entry: Any) -> bool:
        """Replaces the one who is told; True if there was one. A Handle that is replaced is cancelled."""
        watched = watch.find(self._poller.watches, fd)
        if watched is None:
            if entry is None:
                return False
            watched = Watch(fd)
        before = watched.interest()
        previous = watched.reader if event == watch._READ else watched.writer
        put(watched, event, entry)
        after = watched.interest()
        try:
            # one who replaces another may mean another file: the number may have been given away
            if before != after or (entry is not None and previous is not None):
                self._poller.change(fd, before, after)
                watched.armed = False
        except BaseException:  # refused: nobody is told
            if entry is not None:
                put(watched, event, None)
            self._enrol(watched)
            raise
        self._enrol(watched)
        if isinstance(previous, Handle):
            previous.cancel()
        return previous is not None

    def _enrol(self, watched: Watch) -> None:
        """Puts it among the poller's watches, or takes it out if it has no interest any more."""
        fd, poller = watched.fd, self._poller
        watches = poller.watches
        known = watch.find(watches, fd) is watched
        if watched.interest() == 0:
            if known:
                watches[fd] = None
                poller.watched -= 1
        elif not known:
            if fd >= len(watches):
                watches.extend([None] * (fd + 1 - len(watches)))
            watches[fd] = watched
            poller.watched += 1

    def _flush_later(self, channel: Channel) -> None:
        """`channel.flush()` is called once, at the end of this turn."""
        if not channel._flush_due:
            self._flushing.append(channel)
            channel._flush_due = True  # now that it is: else it would never be flushed


class AskedClock:
    """A loop's clock that is looked up each time."""

    __slots__ = ("_loop",)

    def __init__(self, loop: Scheduler) -> None:
        self._loop = loop

    def __call__(self) -> Any:
        return self._loop.time()


def make_task(loop: Scheduler, coro: Any) -> Any:
    """`loop.create_task` without keywords, when it is the Scheduler's."""
    if loop._closed or loop._debug:
        loop._check_schedule()
    if loop._asks_factory():
        return loop._create_task_otherwise(coro, None, None, ..., {})
    return task.new(loop, coro, None, None, loop._eager)


def is_method(bound: Any, function: Any) -> bool:
    """False if something on the object or in its class stands in for `function`; no `__dict__` is made to see it."""
    return getattr(bound, "__func__", None) is function


def put(watched: Watch, event: int, entry: Any) -> None:
    if event == watch._READ:
        watched.reader = entry
    else:
        watched.writer = entry


front(Scheduler.create_task, Scheduler, make_task)
