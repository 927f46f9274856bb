"""What a task is given to drive, and what its coroutine yields to it: whether that is right, in asyncio's words."""

from __future__ import annotations

import contextvars
from types import CoroutineType
from typing import Any

from .. import coroutines


def check_coroutine(coro: Any, context: Any) -> None:
    """Whether a task can be made of these.

    Raises:
        TypeError: `coro` is no coroutine, or `context` no Context.
    """
    if type(coro) is not CoroutineType and not coroutines.iscoroutine(coro):
        raise TypeError(f"a coroutine was expected, got {coro!r}")
    if context is not None and not isinstance(context, contextvars.Context):
        raise TypeError(f"a contextvars.Context was expected, got {type(context).__name__}")


def mistake(task: Any, waited: Any) -> str | None:
    """Why the task cannot wait for what it was yielded; None if it can."""
    blocking = getattr(waited, "_asyncio_future_blocking", None)
    if blocking is None:
        if hasattr(waited, "send") and hasattr(waited, "gi_frame"):
            return f"yield was used instead of yield from for generator in task {task!r} with {waited!r}"
        return f"Task got bad yield: {waited!r}"
    if waited is task:
        return f"Task cannot await on itself: {task!r}"
    if loop_of(waited) is not task._loop:
        return f"Task {task!r} got Future {waited!r} attached to a different loop"
    if not blocking:
        return f"yield was used instead of yield from in task {task!r} with {waited!r}"
    return None


def loop_of(fut: Any) -> Any:
    """The loop of a future of whatever make; some are older than `get_loop`, as asyncio allows."""
    get_loop = getattr(fut, "get_loop", None)
    return fut._loop if get_loop is None else get_loop()
