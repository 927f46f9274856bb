"""The representations of Future, Task and Handle, as asyncio writes them."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from typing import Any

from .. import coroutines, format_helpers


def format_callbacks(callbacks: Sequence[tuple[Any, ...]]) -> str:
    """The first and the last callback, and how many are between; each entry is `(callback,
    context)`.
    """
    shown = [
        format_helpers._format_callback_source(entry[0], ())
        for entry in (callbacks if len(callbacks) <= 2 else (callbacks[0], callbacks[-1]))
    ]
    if len(callbacks) > 2:
        shown.insert(1, f"<{len(callbacks) - 2} more>")
    return f"cb=[{', '.join(shown)}]"


def refuse_copy(instance: Any) -> Any:
    """The `__reduce__` of what cannot be written down: a copy would be without the fields that only C sees.

    Raises:
        TypeError: always, as of asyncio's futures.
    """
    cls = type(instance)
    raise TypeError(f"cannot pickle '{cls.__module__}.{cls.__qualname__}' object")


def future_info(future: Any) -> list[str]:
    """State, outcome, callbacks, and in debug mode where it was made."""
    info = [future._state.lower()]
    if future._state == "FINISHED":
        if future._exception is not None:
            info.append(f"exception={future._exception!r}")
        else:
            info.append(f"result={reprlib.repr(future._result)}")
    if future._callbacks:
        info.append(format_callbacks(future._callbacks))
    if future._source_traceback:
        made = future._source_traceback[-1]
        info.append(f"created at {made[0]}:{made[1]}")
    return info


def task_info(task: Any) -> list[str]:
    """A future's, with the task's name, coroutine and what it waits for after the state."""
    info = future_info(task)
    if task.cancelling() and not task.done():
        info[0] = "cancelling"
    own = [f"name={task.get_name()!r}"]
    if task._coro:
        own.append(f"coro=<{coroutines._format_coroutine(task._coro)}>")
    if task._fut_waiter is not None:
        own.append(f"wait_for={task._fut_waiter!r}")
    info[1:1] = own
    return info


def handle_info(handle: Any, cancelled: bool) -> list[str]:
    """Cancelled or not, when it is due, what it calls, and in debug mode where it was made."""
    info = [handle.__class__.__name__]
    if cancelled:
        info.append("cancelled")
    if hasattr(handle, "_when"):
        when = float(handle._when)
        info.append(f"when={int(when) if when.is_integer() else when}")
    if handle._callback is not None:
        info.append(
            format_callback_source(handle._callback, handle._args, debug=handle._loop.get_debug())
        )
    if handle._source_traceback:
        made = handle._source_traceback[-1]
        info.append(f"created at {made[0]}:{made[1]}")
    return info


def format_callback_source(callback: Any, args: Any, *, debug: bool = False) -> str:
    """`name() at file:line`; with the arguments in debug mode only, for they may hold secrets."""
    return format_helpers._format_callback_source(callback, args, debug=debug)


def handle_repr(handle: Any, cancelled: bool) -> str:
    return f"<{' '.join(handle_info(handle, cancelled))}>"


@reprlib.recursive_repr()
def future_repr(future: Any) -> str:
    return f"<{type(future).__name__} {' '.join(future_info(future))}>"


@reprlib.recursive_repr()
def task_repr(task: Any) -> str:
    return f"<{type(task).__name__} {' '.join(task_info(task))}>"
