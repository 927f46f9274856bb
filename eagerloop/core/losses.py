"""What is told when a future or a task goes and takes something with it that nobody has heard of."""

from __future__ import annotations

from typing import Any


def report_lost(fut: Any) -> None:
    """Nobody asked for the exception before the future went."""
    report(fut, "future", f"{type(fut).__name__} exception was never retrieved", fut._exception)


def report_destroyed(task: Any) -> None:
    """The task went while its coroutine waited: nobody will ever resume it."""
    report(task, "task", "Task was destroyed but it is pending!", None)


def report(gone: Any, key: str, message: str, exception: BaseException | None) -> None:
    context: dict[str, Any] = {"message": message, key: gone}
    if exception is not None:
        context["exception"] = exception
    if gone._source_traceback:
        context["source_traceback"] = gone._source_traceback
    gone._loop.call_exception_handler(context)
