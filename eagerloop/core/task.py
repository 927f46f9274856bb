"""Task: drives a coroutine, one await at a time.

Strategy. A task is itself the entry in the ready queue and itself the waiter in a future; what a step needs to know
about the wake-up it reads from the future in `_fut_waiter`. Between steps it keeps its context's variables, not a
Context. The name is a number until somebody asks. Its cancel message lies in Future's `_outcome`, which is free while
it runs.

A crowd of tasks that have not begun, or that sleep, is alive whatever the collector finds, and walking them again and
again costs as much as running them. So from the CROWD-th entry of the ready queue or the timers on, a new task's
coroutine is hidden from the collector, or a sleeping task with its coroutine and its Delay. They are shown again when
the task runs, when the queue is cleared (queues.h), when the loop closes, and to deallocators, which count on it.

An eager task runs its first step inside the constructor; if the coroutine ends there, the loop never hears of it.

Rules. While queued, a task is in the ready queue once. It waits in `_fut_waiter`, or is queued, or runs. Tasks of
foreign loops take the slow road: the loop's call_soon and the future's add_done_callback.
"""

from __future__ import annotations

import asyncio.tasks as _tasks
import contextvars
from asyncio.exceptions import CancelledError, InvalidStateError
from types import CoroutineType
from typing import TYPE_CHECKING, Any, TextIO

from . import current, future, losses, overseer, passing, reprs, runtime, stacks, yields
from .delay import Delay
from .future import Future

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import FrameType

    import cython

    from .agenda import Agenda
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares them
    from .runtime import (
        ready_len,
        ready_push,
        ready_push_for,
        send,
        send_entry,
        stock_linked,
        task_context,
        task_link,
        task_unlink,
        timers_len,
    )


runtime.init()

CROWD = 500  # fewer are through before a collection comes: it takes 700 new objects, or 2,000


class Task(Future):
    """A coroutine that runs on a loop (asyncio.Task, 3.15 semantics).

    Args:
        coro: the coroutine.
        loop: the loop; the running or set one if omitted.
        name: for people; "Task-" and a number if omitted.
        context: the Context to run in; a copy of the current one if omitted.
        eager_start: run the first step now (the loop must be running, in this thread).

    Raises:
        TypeError: `coro` is no coroutine, or `context` no Context.
        RuntimeError: an eager start from a thread that is not the loop's.
    """

    __slots__ = (
        "_coro",
        "_context",
        "_fut_waiter",
        "_name",
        "_number",
        "_num_cancels_requested",
        "_cancel_due",
        "_hidden",
        "_mourned",
        "_link",
    )

    def __init__(
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        loop: Any = None,
        name: object = None,
        context: contextvars.Context | None = None,
        eager_start: bool = False,
    ) -> None:
        Future.__init__(self, loop=loop)
        yields.check_coroutine(coro, context)
        self._fut_waiter = None
        self._num_cancels_requested = 0
        self._cancel_due = self._hidden = False
        begin(self, coro, name, context)
        if not eager_start or not self._loop.is_running():
            start(self)
        elif self._agenda is None:
            start_eagerly_foreign(self)
        else:
            start_eagerly(self)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return _tasks.Task if type(self) is Task else type(self)

    def __repr__(self) -> str:
        return reprs.task_repr(self)

    def __del__(self) -> None:
        if self._phase == future.PENDING and self._mourned and self._loop is not None:
            task_unlink(
                self
            )  # whoever hears of it may keep it, but it is no task of the loop any more
            losses.report_destroyed(self)
        future.tell_if_lost(self)

    def __dealloc__(self) -> None:
        task_unlink(self)
        if self._hidden:
            show(self)

    # What other code reads and sets: asyncio's private names.

    @property
    def _must_cancel(self) -> bool:
        return bool(self._cancel_due)

    @_must_cancel.setter
    def _must_cancel(self, value: bool) -> None:
        self._cancel_due = bool(value)

    @property
    def _log_destroy_pending(self) -> bool:
        return bool(self._mourned)

    @_log_destroy_pending.setter
    def _log_destroy_pending(self, value: bool) -> None:
        self._mourned = bool(value)

    # The public interface, in asyncio's order.

    def get_coro(self) -> Any:
        """The coroutine; None for an eager task that ended at its first step (CPython 3.12)."""
        return self._coro

    def get_context(self) -> contextvars.Context:
        """The Context that the task runs in."""
        if self._context is None:  # never initialised
            return None  # type: ignore[return-value]
        context: contextvars.Context = task_context(self)
        return context

    def get_name(self) -> str:
        """The task's name."""
        if self._name is None and self._number != 0:
            self._name = f"Task-{self._number}"
        return str(self._name)

    def set_name(self, value: object, /) -> None:
        """Names the task str(value)."""
        self._name = str(value)

    def set_result(self, result: Any, /) -> None:
        """Raises RuntimeError: a task's result is its coroutine's."""
        raise RuntimeError("Task does not support set_result operation")

    def set_exception(self, exception: Any, /) -> None:
        """Raises RuntimeError: a task's exception is its coroutine's."""
        raise RuntimeError("Task does not support set_exception operation")

    def cancel(self, msg: Any = None) -> bool:
        """Has CancelledError raised where the task waits; False if it is done.

        Each call counts (`cancelling`); the coroutine may catch the error, and take a request back (`uncancel`).
        """
        self._log = False
        if self._phase != future.PENDING:
            return False
        self._num_cancels_requested += 1
        if self._fut_waiter is not None and passing.cancel(self._fut_waiter, msg):
            return True  # it may be done and refuse, or its task absorb the cancellation: ours is then still due
        self._cancel_due = True
        self._outcome = msg
        return True

    def cancelling(self) -> int:
        """How many cancellations were requested and not taken back."""
        return int(self._num_cancels_requested)

    def uncancel(self) -> int:
        """Takes one request back; at zero also one that was not delivered yet (CPython 3.13)."""
        if self._num_cancels_requested > 0:
            self._num_cancels_requested -= 1
            if self._num_cancels_requested == 0:
                self._cancel_due = False
        return int(self._num_cancels_requested)

    def get_stack(self, *, limit: int | None = None) -> list[FrameType]:
        """The frames of the suspended coroutine, or of a failed task's traceback; oldest first."""
        return stacks.task_get_stack(self, limit)

    def print_stack(self, *, limit: int | None = None, file: TextIO | None = None) -> None:
        """Prints `get_stack()` as a traceback, to stderr if no file is given."""
        stacks.task_print_stack(self, limit, file)

    def _wakeup(self, fut: Any) -> None:
        """The done callback where a future cannot hold the task itself."""
        error = None
        try:
            fut.result()
        except BaseException as exc:  # whatever the future holds is raised in the coroutine
            error = exc
        self._fut_waiter = None
        step(self, error, False)

    def _step(self, exc: BaseException | None = None) -> None:
        step(self, exc, False)


def begin(task: Task, coro: Any, name: object, context: Any) -> None:
    task._coro = coro
    task._context = runtime.snapshot() if context is None else context
    task._mourned = True
    if name is None:
        task._number = runtime.next_number()
    else:
        task._name = name if type(name) is str else str(name)


def new(agenda: Agenda, coro: Any, name: object, context: Any, eager: bool) -> Task:
    """What Task(...) makes, for a native loop."""
    if type(coro) is not CoroutineType or context is not None:
        yields.check_coroutine(coro, context)
    task: Task = runtime.new_untracked(Task)
    task._agenda = agenda
    begin(task, coro, name, context)
    if agenda._debug:
        task._source_traceback = stacks.creation_stack()
    if eager and agenda._thread_id != 0:
        start_eagerly(task)
    else:
        task_link(agenda, task)
        ready_push(agenda, task)
        if ready_len(agenda) > CROWD and type(coro) is CoroutineType:
            runtime.gc_untrack(coro)
            task._hidden = True
    return task


def hide_asleep(task: Task, waited: Future) -> None:
    """The heap of timers holds the Delay that holds the task."""
    if type(task) is Task and type(task._coro) is CoroutineType:
        runtime.gc_untrack(task._coro)
        runtime.gc_untrack(waited)
        runtime.gc_untrack(task)
        task._hidden = True


def show(task: Task) -> None:
    """The collector is to know of the coroutine again, and of what it waits for."""
    task._hidden = False
    runtime.gc_track(task._coro)
    if task._fut_waiter is not None:
        runtime.gc_track(task._fut_waiter)


def show_all(tasks: list[Task]) -> None:
    """The loop closes, and nothing holds them any more."""
    for task in tasks:
        if task._hidden:
            show(task)
            runtime.gc_track(task)


def start(task: Task) -> None:
    """Lazily: the first step comes with the next turn."""
    if task._agenda is None:
        _tasks._register_task(task)
        task._loop.call_soon(task._step, context=task.get_context().copy())
    else:
        task._agenda._check_schedule()
        task_link(task._agenda, task)
        ready_push_for(task, task)


def start_eagerly(task: Task) -> None:
    """Runs the first step now; a coroutine that ends with it leaves no trace on the loop."""
    agenda = task._agenda
    if agenda._thread_id != runtime.thread_id():
        task._mourned = False
        task._coro.close()
        raise RuntimeError(
            "an eager task can only be started from the thread that runs its event loop; "
            "use run_coroutine_threadsafe() or eager_start=False"
        )
    task_link(agenda, task)
    previous = current.swap(agenda, task)
    coro = task._coro
    try:
        step(task, None, False)
    finally:
        current.restore(agenda, previous)
        if task._phase != future.PENDING:
            task._coro = None
    if task._phase == future.FAILED and getattr(coro, "cr_frame", None) is not None:
        # it never began: its context is entered already, which is the caller's mistake
        task._log = False
        raise task._outcome


def start_eagerly_foreign(task: Task) -> None:
    loop = task._loop
    previous = runtime.get_current(loop)
    try:
        step(task, None, False)
    finally:
        runtime.set_current(loop, previous)
        if task._phase == future.PENDING:
            _tasks._register_task(task)
        else:
            task._coro = None


def run(task: Task) -> None:
    """What the turn does with a task it finds in the ready queue."""
    if task._hidden:
        show(task)
    error = None
    waited = task._fut_waiter
    if waited is not None:
        task._fut_waiter = None
        error = future.failure(waited)
    if task._phase != future.PENDING:
        current.leave(task._agenda)
        if not overseer.tell(task):
            report_done(task, error)
    else:
        step(task, error, True)
    error = None
    if not cython.compiled:
        del task  # this frame may be kept, see runtime.py


def report_done(task: Task, error: BaseException | None) -> None:
    """Somebody settled the task from outside, in the name of its base class."""
    context = {
        "message": "Exception in callback Task.__step()",
        "exception": InvalidStateError(f"__step(): already done: {task!r}, {error!r}"),
        "task": task,
    }
    task._loop.call_exception_handler(context)


def step(task: Task, error: BaseException | None, entry: bool) -> None:
    """Runs the coroutine to its next await, or to its end; `entry`: the turn runs it, inside of nothing else."""
    agenda = task._agenda
    if task._phase != future.PENDING:
        raise InvalidStateError(f"__step(): already done: {task!r}, {error!r}")
    if task._cancel_due:
        if not isinstance(error, CancelledError):
            error = future.make_cancelled(task)
        task._cancel_due = False
    task._fut_waiter = None
    if agenda is None:
        step_foreign(task, error)
    else:
        current.enter(agenda, task)
        outcome = send_entry(agenda, task, error) if entry else send(task, error)
        kind = runtime.kind(outcome)
        error = None
        if not entry:  # else the turn does so, if anybody holds it still
            runtime.gc_track(task)
        if kind != runtime.YIELDED:
            finish(task, kind, runtime.value(outcome))
        elif outcome is None:
            ready_push(agenda, task)
        else:
            wait_for(task, outcome)
        del outcome
    if not cython.compiled:
        del task  # as in run


def step_foreign(task: Task, error: BaseException | None) -> None:
    loop = task._loop
    runtime.set_current(loop, task)
    outcome = send(task, error)
    kind = runtime.kind(outcome)
    error = None
    runtime.set_current(loop, None)
    if kind != runtime.YIELDED:
        finish(task, kind, runtime.value(outcome))
    elif outcome is None:
        loop.call_soon(task._step, context=task.get_context().copy())
    else:
        wait_for(task, outcome)


def finish(task: Task, kind: int, value: Any) -> None:
    """The coroutine returned `value` or raised it."""
    task_unlink(task)
    if kind == runtime.RETURNED:
        if task._cancel_due:
            task._cancel_due = False
            future.end_cancelled(task, task._outcome)
        else:
            overseer.settle(task, value)
    elif isinstance(value, CancelledError):
        future.end_cancelled(task, None)
        task._extra = value
    else:
        future.fail(task, value)
        if isinstance(value, (KeyboardInterrupt, SystemExit)):
            runtime.gc_track(task)  # which the turn, left by this, does not
            raise value


def wait_for(task: Task, waited: Any) -> None:
    """The coroutine yielded something: a future to wait for, or a mistake."""
    agenda = task._agenda
    if agenda is not None and isinstance(waited, Future) and runtime.is_native(waited):
        wait_natively(task, agenda, waited)
    else:
        wait_generally(task, waited)


def wait_generally(task: Task, waited: Any) -> None:
    """Waits for a future of any make, by asyncio's protocol."""
    message = yields.mistake(task, waited)
    if message is not None:
        throw_later(task, message)
    else:
        waited._asyncio_future_blocking = False
        waited.add_done_callback(task._wakeup, context=task.get_context().copy())
        task._fut_waiter = waited
        deliver_cancel(task)


def wait_natively(task: Task, agenda: Agenda, waited: Future) -> None:
    """Waits for a future of our own make: it holds the task itself."""
    if waited is task:
        throw_later(task, f"Task cannot await on itself: {task!r}")
    elif waited._agenda is not agenda:
        throw_later(task, f"Task {task!r} got Future {waited!r} attached to a different loop")
    elif not waited._blocking:
        throw_later(task, f"yield was used instead of yield from in task {task!r} with {waited!r}")
    else:
        waited._blocking = False
        task._fut_waiter = waited
        if waited._phase == future.PENDING:
            future.add_waiter(waited, task)
            if task._cancel_due:
                deliver_cancel(task)
            elif timers_len(agenda) > CROWD and type(waited) is Delay and waited._place != 0:
                hide_asleep(task, waited)
        else:
            ready_push(agenda, task)


def deliver_cancel(task: Task) -> None:
    """A cancellation was requested while the step ran."""
    if task._cancel_due and passing.cancel(task._fut_waiter, task._outcome):
        task._cancel_due = False


def throw_later(task: Task, message: str) -> None:
    """The next step raises RuntimeError in the coroutine: its mistake, told where it was made."""
    exc = RuntimeError(message)
    if task._agenda is not None:
        failed = future.new(task._agenda)
        failed._phase = future.FAILED
        failed._outcome = exc
        task._fut_waiter = failed
        ready_push_for(task, task)
    else:
        task._loop.call_soon(task._step, exc, context=task.get_context().copy())


runtime.zeroed(
    Task,
    {
        **dict.fromkeys(("_context", "_fut_waiter", "_name")),
        **dict.fromkeys(("_number", "_num_cancels_requested"), 0),
        **dict.fromkeys(("_cancel_due", "_hidden", "_mourned"), False),
    },
)
stock_linked(Task, None)
