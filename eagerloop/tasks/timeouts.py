# cython: binding=False, embedsignature=True, nonecheck=True
"""timeout(): a limit on the time that a block may take.

The limit cancels the task, and the block's end turns the CancelledError into TimeoutError. That
must only happen to our own cancellation. Tasks count the requests: the count is taken at the
beginning of the block, ours is taken back at its end, and if it is then higher than it was, someone
else wants the task to stop, and CancelledError passes through. The life of a Timeout:

    created --enter--> active --time is up--> expiring --exit--> expired
                         `--------exit--------> finished

On a loop of ours a Timeout is its own timer entry (an Alarm): entering and leaving a block that is
not overdue allocates nothing for the timer.
"""

from __future__ import annotations

from asyncio.exceptions import CancelledError
from collections.abc import Coroutine
from types import TracebackType
from typing import Any

from ..core import current, runtime, timers
from ..core.agenda import Agenda
from ..core.finished import DONE
from ..core.operation import Operation
from ..core.signatures import SourceSignature
from ..core.task import Task
from ..core.timers import Alarm

__all__ = ("Timeout", "timeout", "timeout_at")

runtime.init()

CREATED = 0
ACTIVE = 1
EXPIRING = 2
EXPIRED = 3
FINISHED = 4
_STATES = ("created", "active", "expiring", "expired", "finished")


def timeout(delay: float | None) -> Timeout:
    """Limit an `async with` block to `delay` seconds; None sets no limit, but one can be set
    inside.

    Raises:
        TimeoutError: out of the block, when the time is up.
        RuntimeError: no loop is running.
    """
    loop = current.running_loop()
    return limited(None if delay is None else after(loop, delay))


def timeout_at(when: float | None) -> Timeout:
    """Limit an `async with` block to the time `when` on the loop's clock; None sets no limit.

    Raises:
        TimeoutError: out of the block, when the time is up.
    """
    return limited(when)


def after(loop: Any, delay: Any) -> Any:
    """The time on the loop's clock in so many seconds."""
    if isinstance(loop, Agenda):
        agenda = loop
        return agenda._now() + delay
    return loop.time() + delay


def limited(when: Any) -> Timeout:
    """What `Timeout(when)` makes."""
    made = runtime.new(Timeout)
    made._place = 0
    made._when = when
    return made


class Timeout(Alarm):
    """The asynchronous context manager that `timeout` and `timeout_at` return.

    Args:
        when: the deadline on the loop's clock, in seconds; None for none. A past one ends the block
            at its next wait.
    """

    __slots__ = ("__dict__", "_agenda", "_handle", "_task", "_when", "_cancelling", "_state")

    __signature__ = SourceSignature()

    def __init__(self, when: float | None) -> None:
        self._place = 0
        self._agenda: Agenda | None = None
        self._task: Any = None
        self._when: Any = when
        self._handle: Any = None
        self._cancelling = 0
        self._state = CREATED

    def when(self) -> float | None:
        """Return the deadline on the loop's clock, in seconds, or None."""
        return self._when

    def reschedule(self, when: float | None) -> None:
        """Move the deadline.

        Raises:
            RuntimeError: the block has not been entered, is over, or its time is up.
        """
        if self._state != ACTIVE:
            if self._state == CREATED:
                raise RuntimeError("Timeout has not been entered")
            raise RuntimeError(f"Cannot change state of {_STATES[self._state]} Timeout")
        self._when = when
        self._disarm()
        if when is not None:
            self._arm(when)

    def expired(self) -> bool:
        """Return whether the time was up while the block ran."""
        return self._state == EXPIRING or self._state == EXPIRED

    def __repr__(self) -> str:
        name = _STATES[self._state]
        if self._state != ACTIVE:
            return f"<Timeout [{name}]>"
        when = None if self._when is None else round(self._when, 3)
        return f"<Timeout [{name}] when={when}>"

    def __aenter__(self) -> Coroutine[Any, Any, Timeout]:
        return entering(self)

    def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> Coroutine[Any, Any, None]:
        self._exit(exc_type, exc_val)
        return DONE

    def _enter(self) -> None:
        if self._state != CREATED:
            raise RuntimeError("Timeout has already been entered")
        loop = current.running_loop()
        task = runtime.get_current(loop)
        if task is None:
            raise RuntimeError("Timeout should be used inside a task")
        self._state = ACTIVE
        self._agenda = timers.keeper_of(loop)
        self._task = task
        if type(task) is Task:
            own = task
            self._cancelling = own._num_cancels_requested
        else:
            self._cancelling = task.cancelling()
        if self._when is not None:
            self._arm(self._when)

    def _exit(self, exc_type: Any, exc_val: Any) -> None:
        self._disarm()
        task = self._task
        self._task = None
        if self._state == ACTIVE:
            self._state = FINISHED
            return
        self._state = EXPIRED
        if task.uncancel() <= self._cancelling and exc_type is not None:
            # Nobody else has asked for the cancellation, so it ends here.
            if issubclass(exc_type, CancelledError):
                raise TimeoutError from exc_val
            if exc_val is not None:
                insert_timeout_error(exc_val)
                if isinstance(exc_val, ExceptionGroup):
                    for exc in exc_val.exceptions:
                        insert_timeout_error(exc)

    def _arm(self, when: float) -> None:
        if self._agenda is not None:
            due: float = when
            if due > self._agenda._now():
                timers.set_alarm(self._agenda, self, due)
                return
        loop = current.running_loop()
        if when <= loop.time():
            self._handle = loop.call_soon(self._on_timeout)
        else:
            self._handle = loop.call_at(when, self._on_timeout)

    def _disarm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        elif self._agenda is not None:
            timers.clear_alarm(self._agenda, self)

    def _on_timeout(self) -> None:
        self._due()

    def _due(self) -> None:
        # An alarm that is in the ready queue already cannot be taken back; by the time it goes off
        # the block may have ended, or the limit may have moved.
        if self._state == ACTIVE and self._when is not None and self._place == 0:
            self._disarm()
            self._task.cancel()
            self._state = EXPIRING


class Entry(Operation):
    """`__aenter__`."""

    __slots__ = ("_timeout",)

    _qualname = "Timeout.__aenter__"

    _timeout: Timeout

    def _poll(self) -> bool:
        self._timeout._enter()
        self.value = self._timeout
        return True


def entering(timeout: Timeout) -> Entry:
    """An Entry into the block of `timeout`."""
    made = runtime.new_untracked(Entry)
    made._timeout = timeout
    return made


def insert_timeout_error(exc: BaseException) -> None:
    """Put TimeoutError in front of the CancelledError that `exc` was raised during the handling
    of.
    """
    while (context := exc.__context__) is not None:
        if isinstance(context, CancelledError):
            error = TimeoutError()
            error.__context__ = error.__cause__ = context
            exc.__context__ = error
            return
        exc = context


runtime.zeroed(
    Timeout,
    {
        **dict.fromkeys(("_agenda", "_handle", "_task", "_when")),
        "_cancelling": 0,
        "_state": CREATED,
    },
)
runtime.stock(Timeout)
runtime.stock(Entry)
