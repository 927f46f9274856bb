"""Where a task stands (`Task.get_stack`, `Task.print_stack`), and where an object was made (debug
mode).
"""

from __future__ import annotations

import linecache
import os
import sys
import traceback
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from .. import format_helpers

_PACKAGE = str(Path(__file__).parent.parent) + os.sep


def creation_stack() -> traceback.StackSummary:
    """The stack of the caller outside this package: compiled and interpreted give the same."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return format_helpers.extract_stack(frame)


def task_get_stack(task: Any, limit: int | None) -> list[FrameType]:
    """The frames of a suspended task's coroutine, or those of a failed task's traceback; oldest
    first.

    With a limit, the newest frames of a stack are kept but the oldest of a traceback, as
    `traceback` does it.
    """
    limit = None if limit is None else max(limit, 0)
    for name in ("cr_frame", "gi_frame", "ag_frame"):
        if hasattr(task._coro, name):
            frame = getattr(task._coro, name)
            break
    else:
        frame = None
    if frame is not None:
        return list(islice(_outwards(frame), limit))[::-1]
    if task._exception is None:
        return []
    walk = traceback.walk_tb(task._exception.__traceback__)
    return [frame for frame, _ in islice(walk, limit)]


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def task_print_stack(task: Any, limit: int | None, file: TextIO | None) -> None:
    """Prints `task.get_stack()` in the form of a traceback, with the exception of a failed task."""
    frames = task.get_stack(limit=limit)
    for filename in {frame.f_code.co_filename for frame in frames}:
        linecache.checkcache(filename)
    entries = [
        (
            frame.f_code.co_filename,
            frame.f_lineno,
            frame.f_code.co_name,
            linecache.getline(frame.f_code.co_filename, frame.f_lineno, frame.f_globals),
        )
        for frame in frames
    ]
    exception = task._exception
    if not entries:
        print(f"No stack for {task!r}", file=file)
    elif exception is not None:
        print(f"Traceback for {task!r} (most recent call last):", file=file)
    else:
        print(f"Stack for {task!r} (most recent call last):", file=file)
    traceback.print_list(entries, file=file)
    if exception is not None:
        for line in traceback.format_exception_only(exception):
            print(line, file=file, end="")
