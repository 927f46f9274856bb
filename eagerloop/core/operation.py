"""Operation: what a compiled primitive returns where asyncio has a coroutine.

Strategy. `await queue.get()` on a queue that has an item should cost a method call, not a coroutine, a frame and a
future. So the method returns an Operation, a small state machine. Under `await` its `_poll` runs: True means finished,
with the result in `value`; False means wait for the Future in `value` (None: for one turn), then poll again. If
the wait ends in an exception, `_fail` decides: clean up and raise, or go on like `_poll`.

Cython's coroutines are not Python's: `inspect` and the call graph do not know them and they cost more than this. An
Operation is a `collections.abc.Coroutine`, so `create_task`, `wait_for` and `gather` take it and
`asyncio.iscoroutine` says yes; `inspect.iscoroutine`, which asks for the interpreter's own type, says no.

Rules. Nothing happens before the first poll. An operation runs once. The collector learns of it when it has to wait:
most never do, and none leads back to its owner before. Compiled, the header makes it its own iterator
(am_send); everything else, such as `send` and `throw`, goes through the generator `__await__`.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from . import future, runtime
from .future import Future

if TYPE_CHECKING:
    from collections.abc import Generator

    import cython
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares it
    from .runtime import install_operation

runtime.init()

FRESH = 0  # never polled
WAITING = 1  # somebody waits for `value`
SPENT = 2  # finished or failed


class Operation:
    """The base of awaitable state machines; a subclass says `_poll`, and `_fail` if it has to clean up."""

    __slots__ = ("_stage", "__weakref__", "value", "_driver")

    _qualname = "Operation"  # what asyncio's coroutine is called: for a task's repr

    def __init__(self) -> None:
        self.value: Any = None
        self._stage = FRESH
        self._driver: Generator[Any, None, Any] | None = None

    def _poll(self) -> bool:
        """True: finished, `value` is the result. False: poll again when the Future in `value` is done."""
        raise AssertionError(f"{type(self).__name__} has no _poll")

    def _fail(self, exc: BaseException) -> bool:
        """The wait ended in `exc`: raises it, or goes on as `_poll` does."""
        try:
            raise exc
        finally:
            del exc  # interpreted, this frame is in its traceback

    def __await__(self) -> Generator[Any, None, Any]:
        finished = poll(self)
        while not finished:
            waited = take(self, False)
            error = None
            try:
                yield waited
            except GeneratorExit as exc:  # closed: clean up, whatever _fail would rather do
                fail(self, exc)
                raise
            except BaseException as exc:  # whatever the wait raises is for _fail
                error = exc
            try:
                # not where the exception is handled: it is no context of what comes of it
                finished = poll(self) if error is None else fail(self, error)
            finally:
                error = None  # interpreted, this frame is in its traceback
        return take(self, True)

    # The coroutine protocol, for create_task(queue.get()) and for what a coroutine awaiting us passes on.

    def send(self, value: Any, /) -> Any:
        """Runs to the next wait; the result comes in StopIteration."""
        if self._stage == SPENT:  # a driver that has ended would say StopIteration once more
            raise RuntimeError("cannot reuse already awaited coroutine")
        if self._driver is None:
            if value is not None:
                raise TypeError("can't send non-None value to a just-started coroutine")
            self._driver = Operation.__await__(self)  # a subclass may give another iterator
        return self._driver.send(value)

    def throw(self, typ: Any, val: Any = None, tb: Any = None, /) -> Any:
        """Raises an exception where the operation waits."""
        if self._stage == SPENT:
            raise RuntimeError("cannot reuse already awaited coroutine")
        if self._driver is not None:
            return self._driver.throw(exception_of(typ, val, tb))
        exc = exception_of(typ, val, tb)
        if self._stage != WAITING:
            self._stage = SPENT
            raise exc
        if fail(self, exc):
            raise StopIteration(take(self, True))
        return take(self, False)

    def close(self) -> None:
        """Ends the operation where it waits."""
        if self._driver is not None:
            self._driver.close()
        elif self._stage == WAITING:
            exc = GeneratorExit()
            try:
                fail(self, exc)
            except GeneratorExit:  # what closing is
                pass
        self._stage = SPENT


def exception_of(typ: Any, val: Any, tb: Any) -> BaseException:
    """The exception that the arguments of a generator's throw() mean."""
    exc: BaseException
    if isinstance(typ, BaseException):
        if val is not None:
            raise TypeError("instance exception may not have a separate value")
        exc = typ
    elif not isinstance(typ, type) or not issubclass(typ, BaseException):
        raise TypeError(
            "exceptions must be classes or instances deriving from BaseException, "
            f"not {type(typ).__name__}"
        )
    elif isinstance(val, typ):
        exc = val
    elif val is None:
        exc = typ()
    else:
        exc = typ(*val) if isinstance(val, tuple) else typ(val)
    return exc if tb is None else exc.with_traceback(tb)


def poll(op: Operation) -> int:
    """One poll, with what holds for every operation: it runs once, and waits for futures as tasks expect."""
    if op._stage != FRESH:
        if op._stage == SPENT:
            raise RuntimeError("cannot reuse already awaited coroutine")
        waited = op.value
        if waited is not None:
            pending = future.is_pending(waited) if isinstance(waited, Future) else not waited.done()
            if pending:  # driven by hand, not by a task
                return fail(op, RuntimeError("await wasn't used with future"))
            op.value = None
    op._stage = SPENT  # while it runs, and if it raises
    finished = op._poll()
    if not finished:
        op._stage = WAITING
        runtime.gc_track(op)
    return finished


def fail(op: Operation, exc: BaseException) -> int:
    op._stage = SPENT
    try:
        finished = op._fail(exc)
    finally:
        del exc  # interpreted, this frame is in its traceback
    if not finished:
        op._stage = WAITING
    return finished


def take(op: Operation, finished: bool) -> Any:
    """The result, or what to wait for, marked as a task expects it; that stays, to be looked at by the next poll."""
    value = op.value
    if finished:
        op.value = None
    elif value is not None:
        if isinstance(value, Future):
            fut = value
            fut._blocking = True
        else:
            value._asyncio_future_blocking = True
    return value


runtime.zeroed(Operation, {"value": None, "_stage": 0, "_driver": None})
install_operation(Operation, poll, take)
Coroutine.register(Operation)
