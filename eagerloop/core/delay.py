"""Delay: a future that is its own timer. What a sleeping task waits for: one object, not four."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import future, operation, runtime, stacks
from .future import Future

if TYPE_CHECKING:
    import cython

    from .agenda import Agenda
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares them
    from .runtime import heap_push_delay, heap_remove_delay


class Delay(Future):
    """Gets its result at its time; until then `_outcome` keeps it. Cancelling takes it out of the heap of timers."""

    __slots__ = ()

    def cancel(self, msg: Any = None) -> bool:
        """Cancels the wait and the timer; False if the time has come already."""
        if self._agenda is not None:
            heap_remove_delay(self._agenda._timers, self)
        return future.end_cancelled(self, msg)

    # Under `await` itself (see tasks/sleeping.py), it is told when the wait is cut short.

    def throw(self, typ: Any, val: Any = None, tb: Any = None, /) -> Any:
        """Takes the timer out of the heap, then raises the exception."""
        self.close()
        raise operation.exception_of(typ, val, tb)

    def close(self) -> None:
        """Takes the timer out of the heap; a closed loop has none, and nobody to wake."""
        if self._agenda is None or not self._agenda._closed:
            self.cancel()


def new(agenda: Agenda, when: float, value: Any) -> Delay:
    """A delay until loop time `when`, already in the heap."""
    delay: Delay = runtime.new(Delay)
    delay._agenda = agenda
    delay._outcome = value
    if agenda._debug:
        delay._source_traceback = stacks.creation_stack()
    heap_push_delay(agenda._timers, delay, when)
    return delay


def expire(delay: Delay) -> None:
    """The time has come."""
    if delay._phase == future.PENDING:
        future.settle(delay, delay._outcome)


runtime.stock(Delay)
