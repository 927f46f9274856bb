"""sleep(): for a while, or for one turn of the loop.

On a loop of ours the waiting task sleeps on a `Delay`, which is future and timer in one. Compiled, the
`Delay` takes the place of the Sleep under `await`, so that a million sleeping tasks keep one object each.
`sleep(0)` makes neither but a `Yield`: the task goes to the end of the ready queue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core import current, operation, runtime, timers
from ..core import delay as delays
from ..core.agenda import Agenda
from ..core.delay import Delay
from ..core.operation import Operation
from .futures import set_result_unless_cancelled

if TYPE_CHECKING:
    import cython
else:
    from .. import _cython as cython

__all__ = ("sleep",)

runtime.init()

ZERO = 0  # the interpreter has one object for it, so that `sleep(0)` is recognised without a comparison


def sleep(delay: float, result: Any = None) -> Sleep | Yield:
    """Wait for `delay` seconds, then give `result`. A delay of zero or less lets every ready task
    run once.

    Raises:
        ValueError: the delay is not a number.
    """
    return yielding(result) if delay is ZERO else Sleep(delay, result)


class Yield(Operation):
    """One turn of the loop."""

    __slots__ = ("_result", "_yielded")

    _qualname = "sleep"

    _result: Any
    _yielded: bool

    def _poll(self) -> bool:
        if self._yielded:
            self.value = self._result
        self._yielded = not self._yielded
        return not self._yielded


def yielding(result: Any) -> Yield:
    """A Yield that gives `result`."""
    made = runtime.new_untracked(Yield)
    made._result = result
    made._yielded = False
    return made


class Sleep(Operation):
    """A while."""

    __slots__ = ("_asleep", "_result", "_timer")

    _qualname = "sleep"

    def __init__(self, delay: float, result: Any) -> None:
        self.value = None
        self._stage = 0
        self._driver = None
        self._result = result
        # The delay; once asleep, what has to be cancelled if the sleep is cut short, if anything.
        self._timer: Any = delay
        self._asleep = False

    def __await__(self) -> Any:
        if not cython.compiled:
            return Operation.__await__(self)
        if self._stage == operation.FRESH:
            if self._timer <= 0:
                self._stage = operation.SPENT
                return yielding(self._result)
            if self._timer > 0:  # not so of NaN, which is for the poll to refuse
                agenda = timers.keeper_of(current.running_loop())
                if agenda is not None:
                    self._stage = operation.SPENT
                    return delay_on(agenda, self._timer, self._result)
        return self

    def _poll(self) -> bool:
        if not self._asleep:
            self._asleep = True
            if self._timer <= 0:
                self._timer = None
            else:
                self._set_timer()
            return False
        self._clear_timer()
        self.value = self._result
        return True

    def _fail(self, exc: BaseException) -> bool:
        self._clear_timer()
        try:
            raise exc
        finally:
            del exc  # interpreted, this frame is in its traceback

    def _set_timer(self) -> None:
        delay = self._timer
        if delay != delay:
            raise ValueError("Invalid delay: NaN (not a number)")
        loop: Any = current.running_loop()
        agenda = timers.keeper_of(loop)
        if agenda is not None:
            self.value = self._timer = delay_on(agenda, delay, None)
        else:
            self.value = loop.create_future()
            self._timer = loop.call_later(delay, set_result_unless_cancelled, self.value, None)

    def _clear_timer(self) -> None:
        if isinstance(self._timer, Delay):
            self._timer.close()
        elif self._timer is not None:
            self._timer.cancel()


def delay_on(agenda: Agenda, seconds: float, result: Any) -> Delay:
    return delays.new(agenda, agenda._now() + seconds, result)


runtime.stock(Yield)
