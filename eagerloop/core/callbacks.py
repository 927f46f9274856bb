"""The waiters of a future as other code sees them: callbacks, their contexts, and who waits.

Inside, a waiter is a Task, a tuple (callback, context snapshot) or an Overseer (see future.py).
"""

from __future__ import annotations

import contextvars
from typing import Any

from . import runtime


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
