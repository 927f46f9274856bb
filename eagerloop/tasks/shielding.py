"""shield(): keeps the cancellation of a waiter from what it waits for."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar

from ..core.current import current_task
from ..core.future import Future, future_add_to_awaited_by, future_discard_from_awaited_by
from ..core.yields import loop_of
from .spawning import ensure_future

__all__ = ("shield",)

_T = TypeVar("_T")


def shield(arg: Awaitable[_T]) -> Future[_T]:
    """Wait for `arg` without passing a cancellation of the wait on to it.

    `await shield(arg)` is `await arg`, except that the cancellation of the waiting task ends only
    the wait. If `arg` itself is cancelled, so is the wait. An exception of `arg` that comes after
    the wait was cancelled belongs to `arg`: it is reported as never retrieved unless somebody else
    asks for it.

    Keep a reference to a task given to this function: the loop keeps only weak ones.
    """
    inner: Any = ensure_future(arg)
    if inner.done():
        return inner
    loop = loop_of(inner)
    outer: Any = loop.create_future()
    task = current_task(loop)

    def on_inner_done(inner: Any) -> None:
        if task is not None:
            future_discard_from_awaited_by(inner, task)
        if outer.done():
            return
        if inner.cancelled():
            outer.cancel()
        elif (error := inner.exception()) is not None:
            outer.set_exception(error)
        else:
            outer.set_result(inner.result())

    def on_outer_done(outer: Any) -> None:
        if not inner.done():
            inner.remove_done_callback(on_inner_done)
            if task is not None:
                future_discard_from_awaited_by(inner, task)

    if task is not None:
        future_add_to_awaited_by(inner, task)
    inner.add_done_callback(on_inner_done)
    outer.add_done_callback(on_outer_done)
    return outer
