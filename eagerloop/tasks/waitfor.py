"""wait_for(): one awaitable, with a time limit.

A positive limit is a `timeout()` around a plain await: no task is made, and none of the races of a
second task exist. A limit that has already passed must not let a coroutine begin, so it is wrapped,
cancelled and waited for.
"""

from __future__ import annotations

from asyncio.events import get_running_loop
from asyncio.exceptions import CancelledError
from collections.abc import Awaitable
from typing import Any, TypeVar

from ..core.current import current_task
from ..core.future import future_add_to_awaited_by, future_discard_from_awaited_by
from .spawning import ensure_future
from .timeouts import timeout as limit

__all__ = ("wait_for",)

_T = TypeVar("_T")


async def wait_for(fut: Awaitable[_T], timeout: float | None) -> _T:
    """Wait for an awaitable, at most `timeout` seconds (None: for ever); return its result.

    When the time has passed `fut` is cancelled and, once it has finished, TimeoutError is raised; a
    value that it returns in spite of its cancellation is returned. Cancelling the wait cancels
    `fut`; `shield()` keeps it from both.

    Raises:
        TimeoutError: the time has passed.
    """
    if timeout is not None and timeout <= 0:
        return await _without_waiting(fut)
    async with limit(timeout):
        return await fut


async def _without_waiting(awaitable: Awaitable[_T]) -> _T:
    fut: Any = ensure_future(awaitable)
    if not fut.done():
        await _cancel_and_wait(fut)
        try:
            result: _T = fut.result()
        except CancelledError as error:
            raise TimeoutError from error
        return result
    finished: _T = fut.result()
    return finished


async def _cancel_and_wait(fut: Any) -> None:
    """Cancel `fut` and wait until it is done; its outcome is left in it.

    `fut` is not awaited itself: a cancellation of this wait would be passed on to it, which has its
    own already, and could not be told from it afterwards.
    """
    waiter: Any = get_running_loop().create_future()

    def release(_: Any) -> None:
        if not waiter.done():
            waiter.set_result(None)

    waiting_task = current_task()
    fut.add_done_callback(release)
    future_add_to_awaited_by(fut, waiting_task)
    try:
        fut.cancel()
        await waiter
    finally:
        fut.remove_done_callback(release)
        future_discard_from_awaited_by(fut, waiting_task)
