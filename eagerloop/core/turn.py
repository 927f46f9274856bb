"""Turn: the loop's one turn, on one page.

    deadline   how long may we wait?
    wait       ask the poller, which pushes ready descriptors' Watches onto the ready queue
    expire     push what is due from the heap of timers onto the ready queue
    run        run what is in the ready queue now; what that adds waits for the next turn
    flush      let transports send what they held back; in a long turn, every few entries

The ready queue holds Tasks (to be stepped), Handles and TimerHandles (to be called), Watches (a descriptor is ready)
and Alarms (it is time). Everything that runs goes through it, in order.

When to ask the kernel. With work in the queue a poll is only needed lest the work starve I/O; it costs as much as
several callbacks. So it is left out until POLL_TURNS turns or POLL_SECONDS have passed; with no descriptor but the
loop's own waker, which only brings signals, until IDLE_SECONDS have. Where turns are short the clock is read every
eighth turn only, for that too costs as much as a callback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import current, delay, handle, overseer, runtime, task, timers, watch
from .agenda import Agenda
from .delay import Delay
from .future import Future
from .handle import Handle, ThreadsafeHandle
from .task import Task
from .timers import Alarm, TimerHandle
from .watch import Watch

if TYPE_CHECKING:
    import cython
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares them
    from .runtime import (
        call_entry,
        ready_len,
        ready_pop,
        ready_push,
        timers_due,
        timers_len,
        timers_pop,
    )

runtime.init()

POLL_TURNS = 64
POLL_SECONDS = 50e-6
SHORT_TURNS = 7  # mask: the clock is read every 8th turn
SHORT_SECONDS = 5e-6
IDLE_TURNS = 15  # mask: the clock is read every 16th turn
IDLE_SECONDS = 1e-3
ROUNDING_SECONDS = 1e-9  # asyncio's resolution of a clock
FLUSH_ENTRIES = 7  # mask: in a long turn, what is held back goes out after every 8th entry


class Turn(Agenda):
    """Works an agenda off, turn by turn."""

    __slots__ = ()

    def _run_once(self) -> None:
        """One turn by itself, as test kits ask for it."""
        try:
            self._turn()
        finally:
            self._leave_all()

    def _leave_all(self) -> None:
        """Nothing of ours runs, be it that an exit or an interrupt came out of it."""
        self._making = None
        current.leave(self)

    def _turn(self) -> None:
        """One turn."""
        self._turn_number += 1
        timeout = self._deadline()
        if timeout != 0.0 or self._must_poll():
            self._wait(timeout)
        if timers_len(self) > 0:
            self._expire()
        self._run_ready()
        if self._flushing:
            self._flush()

    def _deadline(self) -> float:
        """Seconds that the poll may block; negative: for ever."""
        if self._stopping or ready_len(self) > 0:
            return 0.0
        if timers_len(self) == 0:
            return -1.0
        wait = timers_due(self) - self._now()
        return wait if wait > 0.0 else 0.0

    def _must_poll(self) -> bool:
        """Whether to ask the kernel although there is work."""
        if self._stopping or ready_len(self) == 0 or self._unpolled < 0:
            return True
        self._unpolled += 1
        if self._unpolled & self._clock_turns != 0:
            return False
        if self._poller.watched <= 1:
            self._clock_turns = IDLE_TURNS
            return runtime.monotonic() - self._polled_at >= IDLE_SECONDS
        since = runtime.monotonic() - self._polled_at
        self._clock_turns = SHORT_TURNS if since < self._unpolled * SHORT_SECONDS else 0
        return self._unpolled >= POLL_TURNS or since >= POLL_SECONDS

    def _wait(self, timeout: float) -> None:
        """Asks the poller; other threads know from `_waiting` that they have to wake it."""
        current.leave(self)
        if timeout != 0.0:
            self._waiting = True
            if ready_len(self) > 0:  # another thread came between
                timeout = 0.0
        try:
            self._poller.wait(self._ring, timeout)
        finally:
            self._waiting = False
        self._unpolled = 0
        self._polled_at = runtime.monotonic()
        runtime.check_signals()

    def _expire(self) -> None:
        """What is due becomes ready; never before its time, if that is the kernel's.

        A clock of the program's own is stepped by differences of times, and may stand a rounding
        error before the one that it was to reach, for good.
        """
        now = self._now()
        if self._clock is not None:
            now += ROUNDING_SECONDS
        while timers_len(self) > 0 and timers_due(self) <= now:
            entry = timers_pop(self)
            if type(entry) is Delay:
                delay.expire(entry)
            else:
                ready_push(self, entry)

    def _run_ready(self) -> None:
        """Runs a snapshot of the queue; a turn that is run inside of it may take some of that."""
        count = ready_len(self)
        while count > 0 and ready_len(self) > 0:
            count -= 1
            entry = ready_pop(self)
            if self._debug:
                self._run_timed(entry)
            elif type(entry) is Task:
                task.run(entry)
            elif type(entry) is Handle:
                self._call(entry)
            else:
                self._run_entry(entry)
            if type(entry) is not Task or not cython.cast(Task, entry)._hidden:
                runtime.gc_return(entry)
            entry = None  # interpreted, this frame may be kept, see runtime.py
            if count & FLUSH_ENTRIES == 0 and self._flushing:
                self._flush()

    def _run_entry(self, entry: Any) -> None:
        if type(entry) is Watch:
            current.leave(self)
            watch.run(entry)
        elif type(entry) is ThreadsafeHandle:
            self._making = entry
            self._call(entry)
            self._making = None
        elif type(entry) is TimerHandle or type(entry) is Handle:
            self._call(entry)
        elif isinstance(entry, Task):
            task.run(entry)
        else:
            current.leave(self)
            if isinstance(entry, Future):
                overseer.tell(entry)
            elif isinstance(entry, Alarm):
                timers.go_off(entry)
            else:
                entry._run()
        if not cython.compiled:
            del entry  # this frame may be kept, see runtime.py

    def _call(self, entry: Handle) -> None:
        """Makes the call that an entry of the queue is about; an exception goes to the loop's exception handler."""
        if self._current is not None:
            current.clear(self)
        if entry._args is not None:
            error = call_entry(self, entry)
            if error is not None:
                current.leave(self)
                handle.report(entry, error)
                error = None  # interpreted, this frame may be kept, see runtime.py
        if not cython.compiled:
            del entry

    def _run_timed(self, entry: Any) -> None:
        """In debug mode: a callback that takes long is reported by name."""
        start = runtime.monotonic()
        self._run_entry(entry)
        seconds = runtime.monotonic() - start
        if seconds >= self.slow_callback_duration:
            current.leave(self)
            self._report_slow(entry, seconds)
        del entry  # interpreted, this frame may be kept, see runtime.py

    def _flush(self) -> None:
        current.leave(self)
        while self._flushing:  # TLS flushes into a transport that holds it back once more
            channels = self._flushing
            self._flushing = []
            done = 0
            try:
                for channel in channels:
                    channel._flush_due = False
                    channel._on_flush()
                    done += 1
            except BaseException:  # an exit or an interrupt: the others must not wait for ever
                channel._flush_due = True
                self._flushing = channels[done:] + self._flushing
                raise

    def _report_slow(self, entry: Any, seconds: float) -> None:
        """Says that `entry` took long; the loop logs it."""
