"""From a coroutine, or anything awaitable, to a task: create_task() and ensure_future().

What makes many tasks (groups, gather) asks once whether the loop is one of ours that makes tasks as
all of them do (`native_of`), and then makes them without a call that Python could see (`spawn`).
"""

from __future__ import annotations

import inspect
from asyncio.events import AbstractEventLoop, get_event_loop, get_running_loop
from collections.abc import Awaitable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from ..core import scheduler
from ..core.future import Future, isfuture
from ..core.scheduler import Scheduler
from ..core.task import Task
from ..core.yields import loop_of
from ..coroutines import iscoroutine
from .awaitables import as_coroutine

if TYPE_CHECKING:
    import cython
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares it
    from ..core.runtime import front

__all__ = ("create_task", "ensure_future")

_T = TypeVar("_T")


def create_task(coro: Coroutine[Any, Any, _T], **kwargs: Any) -> Task[_T]:
    """Run a coroutine as a task of the running loop, and return the task.

    Keywords are those of `Task` (`name`, `context`, `eager_start`) and those of the loop's task
    factory.
    """
    return get_running_loop().create_task(coro, **kwargs)  # type: ignore[return-value]


def ensure_future(
    coro_or_future: Awaitable[_T], *, loop: AbstractEventLoop | None = None
) -> Future[_T]:
    """Return a future as it is; wrap a coroutine, or anything awaitable, in a task.

    Raises:
        ValueError: it is a future of another loop than `loop`.
        TypeError: it is not awaitable.
    """
    if isfuture(coro_or_future):
        if loop is not None and loop is not loop_of(coro_or_future):
            raise ValueError(
                "The future belongs to a different loop than the one specified as the loop argument"
            )
        return coro_or_future  # type: ignore[return-value]
    if iscoroutine(coro_or_future):
        coro: Any = coro_or_future
        if loop is None:
            loop = get_event_loop()
    elif inspect.isawaitable(coro_or_future):
        if loop is None:
            loop = get_event_loop()
        coro = as_coroutine(coro_or_future)
    else:
        raise TypeError("An asyncio.Future, a coroutine or an awaitable is required")
    try:
        task = loop.create_task(coro)
    except RuntimeError:
        # A closed loop, most likely: nobody else is going to await it.
        coro.close()
        raise
    return task  # type: ignore[return-value]


def native_of(loop: Any) -> Scheduler | None:
    """Give the loop if `spawn` may stand in for its `create_task`."""
    if isinstance(loop, Scheduler) and scheduler.is_method(loop.create_task, Scheduler.create_task):
        return loop
    return None


def spawn(native: Scheduler, coro: Any) -> Any:
    """`native.create_task(coro)`."""
    return scheduler.make_task(native, coro)


def create(coro: Any) -> Any:
    """`create_task` without keywords."""
    return get_running_loop().create_task(coro)


front(create_task, None, create)
