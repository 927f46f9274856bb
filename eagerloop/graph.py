"""asyncio.graph: who awaits whom, with the frames where they stand (3.14's, on every Python).

Two sources. A suspended task is followed from its coroutine along `cr_await`; the current task is
followed along the frames of the caller, down to its coroutine's own. And each future knows who
awaits it (`Future._asyncio_awaited_by`). What kind of function a frame belongs to is read off its
code's flags, so that no Python needs `frame.f_generator`, which came in 3.14.
"""

from __future__ import annotations

import inspect
import sys
from asyncio.events import _get_running_loop
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any, TextIO

from .core.current import current_task
from .core.future import isfuture

__all__ = (
    "FrameCallGraphEntry",
    "FutureCallGraph",
    "capture_call_graph",
    "format_call_graph",
    "print_call_graph",
)

# a frame's kind, by the flag of its code
_KINDS = (
    (inspect.CO_COROUTINE, "async"),
    (inspect.CO_ASYNC_GENERATOR, "async generator"),
    (inspect.CO_GENERATOR, "generator"),
)
_ASYNC = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


@dataclass(frozen=True, slots=True)
class FrameCallGraphEntry:
    """One frame of a call stack."""

    frame: FrameType


@dataclass(frozen=True, slots=True)
class FutureCallGraph:
    """A future or task, where it stands, and the graphs of those that await it."""

    future: Any
    call_stack: tuple[FrameCallGraphEntry, ...]
    awaited_by: tuple[FutureCallGraph, ...]


def capture_call_graph(
    future: Any = None, /, *, depth: int = 1, limit: int | None = None
) -> FutureCallGraph | None:
    """The call graph of a future, by default of the current task; None if there is no current task.

    Args:
        future: a Future or Task.
        depth: frames to skip at the top of the current task's stack.
        limit: entries to keep of each stack: positive keeps the outermost, those nearest to the
            task; negative the innermost, nearest to where it stands; 0 none.

    Raises:
        RuntimeError: no future was given and no loop runs.
        TypeError: `future` is no Future.
    """
    loop = _get_running_loop()
    current = None if loop is None else current_task(loop)
    if future is None:
        if loop is None:
            raise RuntimeError(
                "capture_call_graph() is called outside of a running event loop "
                "and no *future* to introspect was provided"
            )
        if current is None:
            return None
    elif future is not current:
        return _graph(future, limit)
    _check(current)
    frames = [] if limit == 0 else list(_frames_of_current(current, sys._getframe(depth)))
    return FutureCallGraph(current, _limited(frames, limit), _awaiting(current, limit))


def _check(future: Any) -> None:
    if not isfuture(future):
        raise TypeError(f"{future!r} object does not appear to be compatible with asyncio.Future")


def _graph(future: Any, limit: int | None) -> FutureCallGraph:
    _check(future)
    coro = future.get_coro() if limit != 0 and hasattr(future, "get_coro") else None
    frames = list(_frames_of_suspended(coro))[::-1]
    return FutureCallGraph(future, _limited(frames, limit), _awaiting(future, limit))


def _frames_of_suspended(coro: Any) -> Iterator[FrameType]:
    """From the coroutine inwards, to where it waits."""
    while coro is not None:
        for frame, awaited in (("cr_frame", "cr_await"), ("ag_frame", "ag_await")):
            if hasattr(coro, awaited):
                if getattr(coro, frame, None) is not None:
                    yield getattr(coro, frame)
                coro = getattr(coro, awaited)
                break
        else:
            return


def _frames_of_current(task: Any, frame: FrameType | None) -> Iterator[FrameType]:
    """From the calling frame outwards, to the task's own coroutine."""
    outermost = getattr(task.get_coro(), "cr_frame", None)
    while frame is not None:
        yield frame
        caller = frame.f_back
        if frame is outermost:
            return
        # a coroutine that no coroutine or generator drives is driven by the task itself
        if frame.f_code.co_flags & _ASYNC and caller is not None and _kind(caller) is None:
            return
        frame = caller


def _kind(frame: FrameType) -> str | None:
    return next((kind for flag, kind in _KINDS if frame.f_code.co_flags & flag), None)


def _limited(frames: list[FrameType], limit: int | None) -> tuple[FrameCallGraphEntry, ...]:
    """Frames come nearest first."""
    if limit is not None:
        frames = frames[-limit:] if limit > 0 else frames[:-limit] if limit < 0 else []
    return tuple(FrameCallGraphEntry(frame) for frame in frames)


def _awaiting(future: Any, limit: int | None) -> tuple[FutureCallGraph, ...]:
    parents = getattr(future, "_asyncio_awaited_by", None) or ()
    return tuple(_graph(parent, limit) for parent in parents)


def format_call_graph(future: Any = None, /, *, depth: int = 1, limit: int | None = None) -> str:
    """The call graph as text; empty if there is no current task. See `capture_call_graph`."""
    graph = capture_call_graph(future, depth=depth + 1, limit=limit)
    return "" if graph is None else "\n".join(_lines(graph, ""))


def print_call_graph(
    future: Any = None,
    /,
    *,
    file: TextIO | None = None,
    depth: int = 1,
    limit: int | None = None,
) -> None:
    """Prints the call graph. See `capture_call_graph`."""
    print(format_call_graph(future, depth=depth + 1, limit=limit), file=file)


def _lines(graph: FutureCallGraph, indent: str) -> Iterator[str]:
    future = graph.future
    if hasattr(future, "get_coro"):
        yield f"{indent}* Task(name={future.get_name()!r}, id={id(future):#x})"
    else:
        yield f"{indent}* Future(id={id(future):#x})"
    if graph.call_stack:
        yield f"{indent}  + Call stack:"
        for entry in graph.call_stack:
            frame, code = entry.frame, entry.frame.f_code
            kind = _kind(frame)
            yield (
                f"{indent}  |   File {code.co_filename!r}, line {frame.f_lineno}, in"
                f" {kind + ' ' if kind else ''}{code.co_qualname}()"
            )
    if graph.awaited_by:
        yield f"{indent}  + Awaited by:"
        for parent in graph.awaited_by:
            yield from _lines(parent, indent + "    ")
