"""The waiters of a future as other code sees them: callbacks, their contexts, and who waits.

Inside, a waiter is a Task, a tuple (callback, context snapshot) or an Overseer (see future.py).
"""

from __future__ import annotations

import contextvars
from typing import Any

from . import runtime

try:
    from _asyncio import Future as StdlibFuture
    from _asyncio import Task as StdlibTask
except ImportError:  # a Python without asyncio's C module: nobody is woken that way
    from asyncio import Future as StdlibFuture
    from asyncio import Task as StdlibTask


class NoLoop:
    """What a future asks of its loop that never calls anybody."""

    def get_debug(self) -> bool:
        """No."""
        return False


SETTLED: Any = StdlibFuture(loop=NoLoop())  # type: ignore[arg-type]
SETTLED.set_result(None)


def announced(fut: Any, callback: Any) -> Any:
    """What a callback is told of when `fut` has a result: that, or any future with a result.

    A task of the stdlib's that is woken asks for the result only to see that it is no exception, of a future that is
    not its library's own by name; the coroutine takes the result itself.
    """
    if runtime.wakes_one_of(callback, StdlibTask) and runtime.is_native(fut):
        return SETTLED
    return fut


def callback_of(waiter: Any) -> Any:
    """The callback that asyncio would have."""
    if type(waiter) is tuple:
        return waiter[0]
    return waiter._wakeup if hasattr(waiter, "_wakeup") else waiter._on_task_done


def context_of(waiter: Any) -> contextvars.Context:
    """The context that it would run in."""
    if type(waiter) is tuple:
        return runtime.context_of(waiter[1])
    if hasattr(waiter, "get_context"):
        context: contextvars.Context = waiter.get_context()
        return context
    return contextvars.copy_context()


def task_of(waiter: Any) -> Any:
    """The task that waits, or None if nobody can tell."""
    if waiter is None or type(waiter) is tuple:
        return None
    return waiter if hasattr(waiter, "_wakeup") else waiter._parent_task
