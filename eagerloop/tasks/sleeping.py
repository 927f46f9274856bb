"""sleep(): for a while, or for one turn of the loop.

On a loop of ours the waiting task sleeps on a `Delay`, which is future and timer in one. Compiled, the
`Delay` takes the place of the Sleep under `await`, so that a million sleeping tasks keep one object each.
`sleep(0)` makes neither: the task goes to the end of the ready queue.
"""

from __future__ import annotations

from asyncio.events import get_running_loop
from typing import TYPE_CHECKING, Any

from ..core import delay as delays
from ..core import operation
from ..core.agenda import Agenda
from ..core.delay import Delay
from ..core.operation import Operation
from .futures import set_result_unless_cancelled

if TYPE_CHECKING:
    import cython
else:
    from .. import _cython as cython

__all__ = ("sleep",)

NEW = 0
YIELDED = 1
ASLEEP = 2


def sleep(delay: float, result: Any = None) -> Sleep:
    """Wait for `delay` seconds, then give `result`. A delay of zero or less lets every ready task
    run once.

    Raises:
        ValueError: the delay is not a number.
    """
    return Sleep(delay, result)


class Sleep(Operation):
    """What `sleep` returns."""

    __slots__ = ("_result", "_timer", "_where")

    def __init__(self, delay: float, result: Any) -> None:
        self.value = None
        self._stage = 0
        self._driver = None
        self._result = result
        # The delay; once asleep, what has to be cancelled if the sleep is cut short.
        self._timer: Any = delay
        self._where = NEW

    def __await__(self) -> Any:
        if not cython.compiled:
            return Operation.__await__(self)
        if self._stage == operation.FRESH and self._timer > 0:
            loop: Any = get_running_loop()
            if isinstance(loop, Agenda) and loop._keeps_timers:
                self._stage = operation.SPENT
                return delay_on(loop, self._timer, self._result)
        return self

    def _poll(self) -> bool:
        if self._where == NEW:
            if self._timer <= 0:
                self._where = YIELDED
                return False
            self._fall_asleep()
            return False
        if self._where == ASLEEP:
            self._timer.cancel()
        self.value = self._result
        return True

    def _fail(self, exc: BaseException) -> bool:
        if self._where == ASLEEP:
            self._timer.cancel()
        try:
            raise exc
        finally:
            del exc  # interpreted, this frame is in its traceback

    def _fall_asleep(self) -> None:
        delay = self._timer
        if delay != delay:
            raise ValueError("Invalid delay: NaN (not a number)")
        loop: Any = get_running_loop()
        if isinstance(loop, Agenda) and loop._keeps_timers:
            self.value = self._timer = delay_on(loop, delay, None)
        else:
            self.value = loop.create_future()
            self._timer = loop.call_later(delay, set_result_unless_cancelled, self.value, None)
        self._where = ASLEEP


def delay_on(agenda: Agenda, seconds: float, result: Any) -> Delay:
    return delays.new(agenda, agenda._now() + seconds, result)
