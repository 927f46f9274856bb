# cython: nonecheck=True
"""gather(): the results of several awaitables, in the order in which they were given.

The future that gather returns is the parent: it counts its children down and knows how to cancel
them. On a loop of ours they share one callback entry. When every child is done already, eager tasks
that ended at their first step, so is the parent when gather returns.
"""

from __future__ import annotations

from asyncio.events import _get_running_loop, get_event_loop
from asyncio.exceptions import CancelledError
from collections.abc import Awaitable, Sequence
from types import CoroutineType
from typing import Any

from ..core import future, overseer, passing
from ..core.current import current_task
from ..core.future import Future, future_add_to_awaited_by, future_discard_from_awaited_by
from ..core.overseer import Overseer
from ..core.task import Task
from ..core.yields import loop_of
from . import spawning
from .spawning import ensure_future

__all__ = ("gather",)


def gather(*coros_or_futures: Awaitable[Any], return_exceptions: bool = False) -> Future:
    """Run awaitables concurrently; return a future of the list of their results.

    The first exception, or cancellation, of a child goes to the future at once, and the others go
    on; with `return_exceptions` exceptions are results. Cancelling the future cancels every child
    that is not done. A child given twice is run once.

    Raises:
        ValueError: the children belong to different loops.
        TypeError: one of them is not awaitable.
    """
    loop: Any = _get_running_loop()
    if not coros_or_futures:
        empty: Any = (get_event_loop() if loop is None else loop).create_future()
        empty.set_result([])
        return empty
    task = None if loop is None else current_task(loop)
    native = None if loop is None else spawning.native_of(loop)
    children: list[Any] = []
    futures: dict[Any, Any] | None = None if are_distinct(coros_or_futures) else {}
    try:
        for awaitable in coros_or_futures:
            child = None if futures is None else futures.get(awaitable)
            if child is None:
                if native is not None and type(awaitable) is CoroutineType:
                    child = spawning.spawn(native, awaitable)
                else:
                    child = ensure_future(awaitable, loop=loop)
                if child is not awaitable:
                    forgive(child)
                if loop is None:
                    loop = loop_of(child)
                if futures is not None:
                    futures[awaitable] = child
            children.append(child)
    except BaseException:
        # an argument that is not awaitable: the tasks made for those before it go on
        for child in children:
            child.add_done_callback(retrieve)
        raise
    parent = _GatheringFuture(children, return_exceptions, task, loop)
    parent._follow(children if futures is None else list(futures.values()))
    return parent


def forgive(task: Any) -> None:
    """Nobody but us knows the task, so nobody can be told to wait for it."""
    if type(task) is Task:
        own = task
        own._mourned = False
    else:
        task._log_destroy_pending = False


def are_distinct(awaitables: tuple[Any, ...]) -> bool:
    """False if one is there twice, or cannot be told from others: a set is less work than a dict."""
    try:
        count = len(frozenset(awaitables))
    except TypeError:  # one has no hash, which is an error where its turn comes
        count = 0
    return count == len(awaitables)


def retrieve(child: Any) -> None:
    """Mark the exception of a done future, if it has one, as seen."""
    if not child.cancelled():
        child.exception()


def is_plain(child: Any) -> bool:
    """Tell whether this is a Future or Task of ours and of no subclass."""
    kind = type(child)
    return kind is Task or kind is Future


def error_of(child: Any) -> BaseException | None:
    """Give what a done child was cancelled with or raised; None if it has a result."""
    if is_plain(child) and has_result(child):
        return None
    if child.cancelled():
        return child._make_cancelled_error()
    return child.exception()


def has_result(child: Future) -> bool:
    return child._phase == future.FINISHED


def result_of(child: Future) -> Any:
    return child._outcome


class _GatheringFuture(Future):
    """The parent of the children of one gather()."""

    __slots__ = (
        "_cancel_requested",
        "_children",
        "_edge",
        "_left",
        "_return_exceptions",
    )

    def __init__(
        self, children: Sequence[Any], return_exceptions: bool, waiting_task: Any, loop: Any
    ) -> None:
        Future.__init__(self, loop=loop)
        self._children = children
        self._edge = waiting_task if isinstance(waiting_task, Future) else None
        self._cancel_requested = False
        self._left = 0
        self._return_exceptions = return_exceptions

    def cancel(self, msg: Any = None) -> bool:
        if self.done():
            return False
        cancelled = False
        for child in self._children:
            if passing.cancel(child, msg):
                cancelled = True
        if cancelled:
            # The parent ends in CancelledError when they are done, even with return_exceptions.
            self._cancel_requested = True
        return cancelled

    def _follow(self, futures: list[Any]) -> None:
        """Count these down: the children, each once."""
        self._left = len(futures)
        tally = Tally(self, self._edge)
        done = []
        for child in futures:
            if is_plain(child):
                if not self._wait_for(child, tally):
                    done.append(child)
            elif child.done():
                done.append(child)
            else:
                if self._edge is not None:
                    future_add_to_awaited_by(child, self._edge)
                child.add_done_callback(self._on_done)
        for child in done:
            self._note(child)

    def _wait_for(self, child: Future, tally: Tally) -> bool:
        """Be told through `tally` when a child of our own make is done; False if it is."""
        if child._phase != future.PENDING:
            return False
        if not overseer.watch(child, tally):
            if self._edge is not None:
                future.add_awaited_by(child, self._edge)
            child.add_done_callback(self._on_done)
        return True

    def _on_done(self, child: Any) -> None:
        self._note(child)

    def _note(self, child: Any) -> None:
        """A child is done."""
        self._left -= 1
        if self._edge is not None:
            self._unlink(child)
        if self._phase != future.PENDING:
            retrieve(child)
            return
        if not self._return_exceptions:
            error = error_of(child)
            if error is not None:
                # Children that outlive gather() must not keep who waited for it.
                if self._edge is not None:
                    for other in self._children:
                        self._unlink(other)
                self.set_exception(error)
                return
        if self._left == 0:
            self._complete()

    def _complete(self) -> None:
        results = []
        for child in self._children:
            if is_plain(child) and has_result(child):
                results.append(result_of(child))
            elif child.cancelled():
                # Nothing is raised here: the message is enough, and makes no context.
                message = child._cancel_message
                results.append(CancelledError("" if message is None else message))
            else:
                error = child.exception()
                results.append(child.result() if error is None else error)
        if self._cancel_requested:
            self.set_exception(self._children[-1]._make_cancelled_error())
        else:
            future.settle(self, results)

    def _unlink(self, child: Any) -> None:
        if is_plain(child):
            future.discard_awaited_by(child, self._edge)
        else:
            future_discard_from_awaited_by(child, self._edge)


class Tally(Overseer):
    """Stands in the children for their parent, which is a future itself and so cannot."""

    __slots__ = ("_parent", "_parent_task")

    def __init__(self, parent: _GatheringFuture, parent_task: Any) -> None:
        self._parent = parent
        self._parent_task = parent_task

    def _child_done(self, child: Future) -> None:
        self._parent._note(child)
        if self._parent._phase != future.PENDING:
            self._parent_task = (
                None  # a child that outlives gather() must not show who waited for it
            )

    def _on_task_done(self, child: Any) -> None:
        self._child_done(child)
