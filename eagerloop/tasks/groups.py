# cython: nonecheck=True
"""TaskGroup: tasks that begin and end inside a block, and whose errors come out of it together.

Cancellation counts. When a child fails, the group cancels its siblings and its parent task, which
may be waiting for anything inside the block. That request is the group's own: at the end of the
block it is taken back, and only if the parent's count is then above zero does somebody else want it
to stop. So at the exit, in this order: wait for every child whatever happens; KeyboardInterrupt and
SystemExit come out bare; the group's request is taken back; CancelledError comes out if it is
somebody else's and nothing has failed; what failed comes out as one group of exceptions, and a
request of somebody else's is then made again, so that the next wait of the parent ends in it.

Eager children. A child that has ended well, or was cancelled, at its very first step has nothing to
tell the group: it is not registered, and nothing is scheduled for it. One that failed is reported
through the loop like any other, in a later turn: to cancel the parent at once would hit whatever
task runs now (it may be a child that is still in its own first step, unknown to the group), and its
error would be lost.

On a loop of ours the group is the Overseer of its children, and nothing is allocated per child: each knows its seat in
the group's list, where the last one takes the place of one that leaves.
"""

from __future__ import annotations

from asyncio.exceptions import CancelledError
from collections.abc import Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from ..core import current, future, overseer, runtime
from ..core.future import (
    Future,
    future_add_to_awaited_by,
    future_discard_from_awaited_by,
)
from ..core.operation import Operation
from ..core.overseer import Overseer
from ..core.signatures import SourceSignature
from ..core.task import Task
from . import spawning

if TYPE_CHECKING:
    import cython
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares it
    from ..core.runtime import dict_for_methods, front

__all__ = ("TaskGroup",)

runtime.init()

_T = TypeVar("_T")


class TaskGroup(Overseer):
    """An asynchronous context manager that waits for the tasks made with its `create_task`.

    When one fails, the others and the body of the block are cancelled; once all have ended, the
    errors are raised as one ExceptionGroup (BaseExceptionGroup, if need be). Cancelled children are
    no errors. KeyboardInterrupt and SystemExit of a child are raised as they are.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_aborting",
        "_base_error",
        "_cancel_on_enter",
        "_children",
        "_entered",
        "_errors",
        "_exiting",
        "_loop",
        "_native",
        "_on_completed_fut",
        "_others",
        "_parent_cancel_requested",
        "_parent_task",
    )

    __signature__ = SourceSignature()

    def __init__(self) -> None:
        dict_for_methods(self)
        self._entered = False
        self._exiting = False
        self._aborting = False
        self._cancel_on_enter = False
        self._parent_cancel_requested = False
        self._loop: Any = None
        self._native: Any = None
        self._parent_task: Any = None
        self._children: list[Any] = []
        self._others: set[Any] | None = None
        self._errors: Any = ()  # a list from the first one on: most groups have none
        self._base_error: BaseException | None = None
        self._on_completed_fut: Any = None

    def __repr__(self) -> str:
        info = [""]
        if self._count() > 0:
            info.append(f"tasks={self._count()}")
        if self._errors:
            info.append(f"errors={len(self._errors)}")
        if self._aborting:
            info.append("cancelling")
        elif self._entered:
            info.append("entered")
        return f"<TaskGroup{' '.join(info)}>"

    def __aenter__(self) -> Coroutine[Any, Any, TaskGroup]:
        return entering(self)

    def __aexit__(
        self,
        et: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> Coroutine[Any, Any, None]:
        return leaving(self, exc)

    def create_task(self, coro: Coroutine[Any, Any, _T], **kwargs: Any) -> Task[_T]:
        """Run a coroutine as a task of this group, and return the task.

        Keywords are those of the loop's `create_task`. The group keeps the task alive.

        Raises:
            RuntimeError: the block has not been entered, is over, or is being cancelled; the
                coroutine is closed.
        """
        if not kwargs:
            return make_child(self, coro)
        self._check(coro)
        return self._keep(self._loop.create_task(coro, **kwargs))

    def cancel(self) -> None:
        """Cancel the children and the body of the block, which then ends without CancelledError.

        May be called at any time: before the block is entered, it is cancelled at the beginning;
        after the first time, or when it is over, nothing happens.
        """
        if not self._entered:
            self._cancel_on_enter = True
        elif not self._aborting and not (self._exiting and self._count() == 0):
            self._abort()
            self._cancel_parent()

    def _check(self, coro: Any) -> None:
        """Whether there may be another child."""
        if not self._entered:
            self._refuse(coro, "has not been entered")
        if self._exiting and self._count() == 0:
            self._refuse(coro, "is finished")
        if self._aborting:
            self._refuse(coro, "is shutting down")

    def _refuse(self, coro: Any, reason: str) -> None:
        coro.close()
        raise RuntimeError(f"TaskGroup {self!r} {reason}")

    def _keep_own(self, child: Any) -> Task[Any]:
        if child._phase == future.PENDING:
            if type(self) is TaskGroup and overseer.watch(child, self):
                child._place = len(self._children)
                self._children.append(child)
            else:
                self._keep_other(child)
                future_add_to_awaited_by(child, self._parent_task)
            if self._aborting:  # by the child itself, in its first step: the group did not know it
                child.cancel()
        elif child._phase == future.FAILED:
            self._keep_other(child)
        return child

    def _keep(self, child: Any) -> Any:
        """Wait for a task of whatever make, unless it has ended well at its first step."""
        try:
            if not (child.done() and (child.cancelled() or child.exception() is None)):
                self._keep_other(child)
                future_add_to_awaited_by(child, self._parent_task)
                if self._aborting and not child.done():
                    child.cancel()
            return child
        finally:
            del child  # interpreted, this frame may be in the traceback of the child's exception

    def _keep_other(self, child: Any) -> None:
        if self._others is None:
            self._others = set()
        self._others.add(child)
        child.add_done_callback(self._on_task_done)

    def _abort(self) -> None:
        self._aborting = True
        for child in self._tasks:
            if not child.done():
                child.cancel()

    def _cancel_parent(self) -> None:
        if self._parent_task is not None and not self._parent_cancel_requested:
            self._parent_cancel_requested = True
            self._parent_task.cancel()

    def _child_done(self, child: Future) -> None:
        last = runtime.list_pop(self._children)
        if last is not child:  # the last one takes the seat of one that leaves
            last._place = child._place
            self._children[child._place] = last
        if not self._children:
            self._tell_if_last()
        if child._phase == future.FAILED:
            self._on_error(child, child.exception())

    def _on_task_done(self, child: Any) -> None:
        if self._others is not None:
            self._others.discard(child)
        self._tell_if_last()
        future_discard_from_awaited_by(child, self._parent_task)
        if not child.cancelled() and child.exception() is not None:
            self._on_error(child, child.exception())

    @property
    def _tasks(self) -> set[Any]:
        """The children that are not done, or whose end has not been noticed."""
        return set(self._children).union(self._others or ())

    def _count(self) -> int:
        return len(self._children) + (0 if self._others is None else len(self._others))

    def _tell_if_last(self) -> None:
        waiter = self._on_completed_fut
        if waiter is not None and not self._children and not self._others:
            if self._native is not None and isinstance(waiter, Future):
                if future.is_pending(waiter):
                    future.settle(waiter, True)
            elif not waiter.done():
                waiter.set_result(True)

    def _on_error(self, child: Any, exc: Any) -> None:
        if self._errors is None or self._parent_task is None or self._parent_task.done():
            # The block was left without waiting, by an exception thrown into the parent's
            # coroutine.
            self._loop.call_exception_handler(
                {
                    "message": f"Task {child!r} has errored out but its parent task "
                    f"{self._parent_task} is already completed",
                    "exception": exc,
                    "task": child,
                }
            )
            return
        self._errors = add_error(self._errors, exc)
        if self._base_error is None and isinstance(exc, (SystemExit, KeyboardInterrupt)):
            self._base_error = exc
        if not self._aborting and not self._parent_cancel_requested:
            self._abort()
            self._cancel_parent()


def add_error(errors: Any, exc: Any) -> list[Any]:
    """The errors of a group, with one more."""
    if not errors:
        return [exc]
    errors.append(exc)
    return errors


def make_child(group: TaskGroup, coro: Any) -> Any:
    """`TaskGroup.create_task` without keywords."""
    group._check(coro)
    if group._native is None:
        return group._keep(group._loop.create_task(coro))
    child = spawning.spawn(group._native, coro)
    if type(child) is not Task:
        return group._keep(child)
    return group._keep_own(child)


class Entry(Operation):
    """`__aenter__`."""

    __slots__ = ("_group",)

    _qualname = "TaskGroup.__aenter__"

    _group: TaskGroup

    def _poll(self) -> bool:
        group = self._group
        if group._entered:
            raise RuntimeError(f"TaskGroup {group!r} has already been entered")
        if group._loop is None:
            group._loop = current.running_loop()
        group._parent_task = runtime.get_current(group._loop)
        if group._parent_task is None:
            raise RuntimeError(f"TaskGroup {group!r} cannot determine the parent task")
        group._native = spawning.native_of(group._loop)
        group._entered = True
        if group._cancel_on_enter:
            group.cancel()
        self.value = group
        return True


class Exit(Operation):
    """`__aexit__`: waits for the children, then raises what is left to raise, or nothing."""

    __slots__ = ("_cancelled", "_exc", "_group", "_last_cancelled", "_begun")

    _qualname = "TaskGroup.__aexit__"

    _group: TaskGroup
    _begun: bool
    _exc: BaseException | None
    # The CancelledError to raise if nothing failed, and the last one that ended a wait.
    _cancelled: BaseException | None
    _last_cancelled: BaseException | None

    def _poll(self) -> bool:
        group = self._group
        if not self._begun:
            self._begun = True
            group._exiting = True
            if self._exc is not None:
                self._begin_with_error()
        group._on_completed_fut = None
        if group._count() > 0:
            native = group._native
            waiter = group._loop.create_future() if native is None else future.new(native)
            self.value = group._on_completed_fut = waiter
            return False
        self._end()
        # Whatever deserves to be raised has been.
        self.value = True
        return True

    def _fail(self, exc: BaseException) -> bool:
        group = self._group
        try:
            if not isinstance(exc, CancelledError):
                self._forget()
                raise exc
            self._last_cancelled = exc
            if not group._aborting:
                self._cancelled = exc
                group._abort()
        finally:
            exc = None  # type: ignore[assignment]
        return self._poll()

    def _begin_with_error(self) -> None:
        group = self._group
        if isinstance(self._exc, CancelledError):
            self._cancelled = self._exc
        elif group._base_error is None and isinstance(self._exc, (SystemExit, KeyboardInterrupt)):
            group._base_error = self._exc
        if not group._aborting:
            group._abort()

    def _end(self) -> None:
        group = self._group
        exc = self._exc
        cancelled = self._cancelled
        last_cancelled = self._last_cancelled
        parent = group._parent_task
        errors = group._errors
        base_error = group._base_error
        requested = group._parent_cancel_requested
        self._forget()
        try:
            if base_error is not None:
                raise base_error
            if requested:
                if parent.uncancel() == 0:
                    cancelled = None
                elif cancelled is None:
                    # It came while the children were waited for, and is not ours.
                    cancelled = last_cancelled
            if cancelled is not None and not errors:
                raise cancelled
            if exc is not None and not isinstance(exc, CancelledError):
                errors = add_error(errors, exc)
            if errors:
                if parent.cancelling():
                    # Somebody else's request: the count stays, and the next wait ends in it.
                    parent.uncancel()
                    parent.cancel()
                if len(errors) == 1 and errors[0] is exc and isinstance(exc, GeneratorExit):
                    # An asynchronous generator is being closed: bare, for aclose() to recognise it.
                    raise exc
                raise BaseExceptionGroup("unhandled errors in a TaskGroup", errors) from None
        finally:
            # Interpreted, this frame is in the traceback of what was raised.
            exc = cancelled = last_cancelled = base_error = parent = errors = None

    def _forget(self) -> None:
        """Drop what would make cycles with the exceptions."""
        self._exc = self._cancelled = self._last_cancelled = None
        group = self._group
        group._parent_task = group._errors = group._base_error = None


def entering(group: TaskGroup) -> Entry:
    """An Entry into the block of `group`."""
    made = runtime.new_untracked(Entry)
    made._group = group
    return made


def leaving(group: TaskGroup, exc: BaseException | None) -> Exit:
    """An Exit from the block of `group`, which `exc` ends."""
    made = runtime.new_untracked(Exit)
    made._begun = False
    made._cancelled = None
    made._exc = exc
    made._group = group
    made._last_cancelled = None
    return made


front(TaskGroup.create_task, TaskGroup, make_child)
runtime.stock(Entry)
runtime.stock(Exit)
