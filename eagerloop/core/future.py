"""Future: a result that will be there, and who waits for it.

Strategy. The usual future has one waiter, a task, and is read once. So the first waiter has a slot of its own
(`_waiter`; a list, `_extra`, begins with the second), a waiting task is stored as itself, not as a bound method with a
context, and waking it means pushing it onto its loop's ready queue: no handle. Slots serve by phase, to keep the
object small:

            _outcome             _extra
  pending   cancel message (*)   list of further waiters, or None; * of a Delay, what it will give
  cancelled cancel message       the CancelledError that was raised inside, to keep its traceback
  finished  result or exception  the exception's traceback

Rules. A waiter is a Task (ours, native loop), a tuple (callback, context snapshot) or, only in the first slot, an
Overseer. Waiters run in the order they came. A foreign loop's future has no agenda; it works through `call_soon`.
"""

from __future__ import annotations

import asyncio.events as _events
import asyncio.futures as _futures
import contextvars
from asyncio.exceptions import CancelledError, InvalidStateError
from types import GenericAlias
from typing import TYPE_CHECKING, Any, cast

from . import callbacks, generators, losses, reprs, runtime, stacks
from .agenda import Agenda
from .signatures import SourceSignature

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import cython
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares them
    from .runtime import install_future, ready_push_for

PENDING = 0
CANCELLED = 1
FINISHED = 2
FAILED = 3
_STATES = ("PENDING", "CANCELLED", "FINISHED", "FINISHED")

runtime.init()


class Future:
    """An awaitable result, set once, by whoever promised it (asyncio.Future, 3.15 semantics).

    Args:
        loop: the event loop whose callbacks these are; the running or set one if omitted.
    """

    __slots__ = (
        "_agenda",
        "_waiter",
        "_extra",
        "_outcome",
        "_awaited_by",
        "_phase",
        "_blocking",
        "_log",
        "_place",
        "__weakref__",
        "__dict__",
    )

    __signature__ = SourceSignature()
    __reduce__ = reprs.refuse_copy

    # In the instance's dict only where they are needed: debug mode, and loops that are not ours.
    _source_traceback = None
    _foreign_loop = None

    __class_getitem__ = classmethod(GenericAlias)

    def __init__(self, *, loop: Any = None) -> None:
        if self._is_initialized():
            raise RuntimeError(f"{type(self).__name__} object is already initialized")
        if loop is None:
            loop = _events.get_event_loop()
        self._waiter = None
        self._extra = None
        self._outcome = None
        self._awaited_by = None
        self._phase = PENDING
        self._blocking = False
        self._log = False
        self._place = 0
        if isinstance(loop, Agenda):
            self._agenda = loop
        else:
            self._agenda = None
            self._foreign_loop = loop
        if loop.get_debug():
            self._source_traceback = stacks.creation_stack()

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """asyncio's class, for isinstance() in programs that know that one only."""
        return _futures.Future if type(self) is Future else type(self)

    def _is_initialized(self) -> bool:
        return self._agenda is not None or self._foreign_loop is not None

    def __repr__(self) -> str:
        return reprs.future_repr(self)

    def __del__(self) -> None:
        tell_if_lost(self)

    # What other code reads: asyncio's private names.

    @property
    def _loop(self) -> Any:
        return self._agenda if self._agenda is not None else self._foreign_loop

    @property
    def _state(self) -> str:
        return _STATES[self._phase]

    @property
    def _result(self) -> Any:
        return self._outcome if self._phase == FINISHED else None

    @property
    def _exception(self) -> BaseException | None:
        return self._outcome if self._phase == FAILED else None

    @property
    def _exception_tb(self) -> Any:
        return self._extra if self._phase == FAILED else None

    @property
    def _cancelled_exc(self) -> Any:
        return self._extra if self._phase == CANCELLED else None

    @property
    def _cancel_message(self) -> Any:
        return self._outcome if self._phase == PENDING or self._phase == CANCELLED else None

    @_cancel_message.setter
    def _cancel_message(self, message: Any) -> None:
        if self._phase == PENDING or self._phase == CANCELLED:
            self._outcome = message

    @property
    def _asyncio_future_blocking(self) -> bool:
        return bool(self._blocking)

    @_asyncio_future_blocking.setter
    def _asyncio_future_blocking(self, value: bool) -> None:
        self._blocking = bool(value)

    @property
    def _log_traceback(self) -> bool:
        return bool(self._log)

    @_log_traceback.setter
    def _log_traceback(self, value: bool) -> None:
        if value:
            raise ValueError("_log_traceback can only be set to False")
        self._log = False

    @property
    def _callbacks(self) -> list[tuple[Any, Any]] | None:
        if self._phase != PENDING or self._waiter is None:
            return None
        waiters = [self._waiter] if self._extra is None else [self._waiter, *self._extra]
        return [(callbacks.callback_of(waiter), callbacks.context_of(waiter)) for waiter in waiters]

    @property
    def _asyncio_awaited_by(self) -> frozenset[Any] | None:
        """The futures and tasks that wait for this one (CPython 3.14), or None."""
        found: set[Any] = set()
        if self._awaited_by is not None:
            found.update(self._awaited_by if type(self._awaited_by) is set else (self._awaited_by,))
        if self._phase == PENDING:
            waiters = [self._waiter] if self._extra is None else [self._waiter, *self._extra]
            found.update([callbacks.task_of(waiter) for waiter in waiters])
        return frozenset(found - {None}) or None

    # The public interface, in asyncio's order.

    def get_loop(self) -> Any:
        """The event loop that the future is bound to.

        Raises:
            RuntimeError: the future was never initialised.
        """
        if self._agenda is None:
            self._check_loop()
        return self._foreign_loop if self._agenda is None else self._agenda

    def cancel(self, msg: Any = None) -> bool:
        """Cancels the future and schedules its callbacks; False if it is done already."""
        if self._agenda is None:
            self._check_loop()
        self._log = False
        return end_cancelled(self, msg)

    def cancelled(self) -> bool:
        """Whether the future was cancelled."""
        return bool(self._phase == CANCELLED)

    def done(self) -> bool:
        """Whether there is a result, an exception, or a cancellation."""
        return bool(self._phase != PENDING)

    def result(self) -> Any:
        """The result.

        Raises:
            CancelledError: the future was cancelled.
            InvalidStateError: there is no result yet.
            BaseException: the one that was set.
        """
        if self._phase == FINISHED:
            return self._outcome
        if self._phase == PENDING:
            raise InvalidStateError("Result is not ready.")
        self._log = False
        raise failure(self)

    def exception(self) -> BaseException | None:
        """The exception that was set, or None.

        Raises:
            CancelledError: the future was cancelled.
            InvalidStateError: the future is not done yet.
        """
        if self._phase == FINISHED:
            return None
        if self._phase == PENDING:
            raise InvalidStateError("Exception is not set.")
        self._log = False
        if self._phase == CANCELLED:
            raise make_cancelled(self)
        return cast("BaseException", self._outcome)

    def add_done_callback(
        self, fn: Callable[[Any], object], /, *, context: contextvars.Context | None = None
    ) -> None:
        """Has `fn(self)` called through the loop once the future is done, in the given or a copied context."""
        if self._agenda is None:
            self._check_loop()
        snapshot = runtime.context_given(context)
        if self._phase != PENDING:
            call_back(self, fn, snapshot)
        else:
            add_waiter(self, (fn, snapshot))

    def remove_done_callback(self, fn: Callable[[Any], object], /) -> int:
        """Removes every callback equal to `fn`; returns how many there were."""
        if self._agenda is None:
            self._check_loop()
        if self._phase != PENDING or self._waiter is None:
            return 0
        waiters = [self._waiter] if self._extra is None else [self._waiter, *self._extra]
        kept = [waiter for waiter in waiters if callbacks.callback_of(waiter) != fn]
        # The comparison may have run code that settled the future or took the last waiter away.
        if self._phase == PENDING and len(kept) != len(waiters):
            self._waiter = kept[0] if kept else None
            self._extra = kept[1:] if len(kept) > 1 else None
        return len(waiters) - len(kept)

    def set_result(self, result: Any, /) -> None:
        """Ends the future with a result.

        Raises:
            InvalidStateError: it is done already.
        """
        if self._phase != PENDING:
            raise InvalidStateError(f"{_STATES[self._phase]}: {self!r}")
        if self._agenda is None:
            self._check_loop()
        settle(self, result)

    def set_exception(self, exception: BaseException | type[BaseException], /) -> None:
        """Ends the future with an exception (a class is called; StopIteration becomes a RuntimeError).

        Raises:
            InvalidStateError: it is done already.
            TypeError: that is no exception.
        """
        if self._phase != PENDING:
            raise InvalidStateError(f"{_STATES[self._phase]}: {self!r}")
        if self._agenda is None:
            self._check_loop()
        if isinstance(exception, type) and issubclass(exception, BaseException):
            exception = exception()
        if not isinstance(exception, BaseException):
            raise TypeError(f"invalid exception object: {exception!r}")
        if isinstance(exception, StopIteration):
            replacement = RuntimeError(
                "StopIteration interacts badly with generators and cannot be raised into a Future"
            )
            replacement.__cause__ = exception
            replacement.__context__ = exception
            exception = replacement
        fail(self, exception)

    def _check_loop(self) -> None:
        if not self._is_initialized():
            raise RuntimeError("Future object is not initialized.")

    def _make_cancelled_error(self) -> CancelledError:
        return make_cancelled(self)

    def __await__(self) -> Generator[Any, None, Any]:
        if self._phase == PENDING:
            self._blocking = True
            yield self
            if self._phase == PENDING:
                raise RuntimeError("await wasn't used with future")
        return self.result()

    def __iter__(self) -> Generator[Any, None, Any]:
        return generators.wait_for(self)


def isfuture(obj: Any) -> bool:
    """Whether `obj` is a Future, of this library or any other that behaves like one."""
    return (
        hasattr(obj.__class__, "_asyncio_future_blocking")
        and obj._asyncio_future_blocking is not None
    )


def future_add_to_awaited_by(fut: Any, waiter: Any, /) -> None:
    """Notes for the call graph that `waiter` waits for `fut`; futures of other makes are left alone (CPython 3.14)."""
    if isinstance(fut, Future) and isinstance(waiter, Future):
        add_awaited_by(fut, waiter)


def future_discard_from_awaited_by(fut: Any, waiter: Any, /) -> None:
    """Takes back what `future_add_to_awaited_by` noted."""
    if isinstance(fut, Future) and isinstance(waiter, Future):
        discard_awaited_by(fut, waiter)


def add_awaited_by(fut: Future, waiter: Any) -> None:
    known = fut._awaited_by
    if known is None:
        fut._awaited_by = waiter
    elif type(known) is set:
        known.add(waiter)
    elif known is not waiter:
        fut._awaited_by = {known, waiter}


def discard_awaited_by(fut: Future, waiter: Any) -> None:
    known = fut._awaited_by
    if known is waiter:
        fut._awaited_by = None
    elif type(known) is set:
        known.discard(waiter)


def new(agenda: Agenda) -> Future:
    """A pending future of a native loop."""
    fut: Future = runtime.new(Future)
    fut._agenda = agenda
    if agenda._debug:
        fut._source_traceback = stacks.creation_stack()
    return fut


def is_pending(fut: Future) -> bool:
    return fut._phase == PENDING


def settle(fut: Future, value: Any) -> None:
    """Gives a pending future its result."""
    conclude(fut, value)
    schedule(fut)


def conclude(fut: Future, value: Any) -> None:
    """Gives a pending future its result, if nobody waits for it."""
    fut._phase = FINISHED
    fut._outcome = value
    runtime.mark_finalized(fut)


def fail(fut: Future, exc: BaseException) -> None:
    """Gives a pending future its exception."""
    waiter, extra = fut._waiter, fut._extra
    fut._waiter = None
    fut._phase = FAILED
    fut._outcome = exc
    fut._extra = exc.__traceback__
    fut._log = True
    if waiter is not None:
        wake_all(fut, waiter, extra)


def end_cancelled(fut: Future, message: Any) -> bool:
    """Cancels a pending future; False if it is done."""
    if fut._phase != PENDING:
        return False
    fut._phase = CANCELLED
    fut._outcome = message
    runtime.mark_finalized(fut)
    schedule(fut)
    return True


def schedule(fut: Future) -> None:
    waiter, extra = fut._waiter, fut._extra
    fut._waiter = None
    fut._extra = None
    if waiter is not None:
        wake_all(fut, waiter, extra)


def wake_all(fut: Future, waiter: Any, extra: list[Any] | None) -> None:
    if fut._agenda is not None and (fut._agenda._closed or fut._agenda._debug):
        fut._agenda._check_schedule()
    wake(fut, waiter)
    if extra is not None:
        for waiter in extra:
            wake(fut, waiter)


def wake(fut: Future, waiter: Any) -> None:
    if type(waiter) is tuple:
        call_back(fut, waiter[0], waiter[1])
    elif isinstance(waiter, Future):
        ready_push_for(fut, waiter)
    else:
        fut._waiter = waiter
        ready_push_for(fut, fut)


def call_back(fut: Future, callback: Any, context: Any) -> None:
    if fut._agenda is not None:
        told = callbacks.announced(fut, callback) if fut._phase == FINISHED else fut
        fut._agenda._schedule(callback, (told,), context)
    else:
        fut._foreign_loop.call_soon(callback, fut, context=runtime.context_of(context))


def add_waiter(fut: Future, waiter: Any) -> None:
    """Adds a Task, or a tuple (callback, Context), to a pending future."""
    if fut._waiter is None:
        fut._waiter = waiter
    elif fut._extra is None:
        fut._extra = [waiter]
    else:
        fut._extra.append(waiter)


def failure(fut: Future) -> BaseException | None:
    """What a done future raises to those who await it; None if it has a result."""
    if fut._phase == FINISHED:
        return None
    if fut._phase == FAILED:
        fut._log = False
        return cast("BaseException", fut._outcome.with_traceback(fut._extra))
    return make_cancelled(fut)


def make_cancelled(fut: Future) -> CancelledError:
    """A CancelledError with the message given to cancel(); the one caught inside a task keeps its traceback."""
    if fut._phase == CANCELLED and fut._extra is not None:
        exc: CancelledError = fut._extra
        fut._extra = None
        return exc
    message = fut._outcome if fut._phase == PENDING or fut._phase == CANCELLED else None
    return CancelledError() if message is None else CancelledError(message)


def tell_if_lost(fut: Future) -> None:
    if fut._log:
        fut._log = False
        losses.report_lost(fut)


def poll(fut: Future) -> int:
    """Under `await`, compiled: 1 done, 0 wait. Cython cannot say am_send; the header calls this."""
    if fut._phase == FINISHED:
        return 1
    if fut._phase == PENDING:
        fut._blocking = True
        return 0
    raise failure(fut)


def take(fut: Future, finished: bool) -> Any:
    return fut._outcome if finished else fut


NOTHING = dict.fromkeys(("_agenda", "_waiter", "_extra", "_outcome", "_awaited_by"))
UNSET = {"_phase": PENDING, "_blocking": False, "_log": False, "_place": 0}
runtime.zeroed(Future, NOTHING | UNSET)
install_future(Future, poll, take)
runtime.stock(Future)
