"""wait(): until the first, the first failure, or all of several futures are done.

One `_Watch` counts the completions: its bound method is the callback on every future, and it
releases the one future that the waiting task sleeps on. The callbacks are taken back whatever ends
the wait, so a future that outlives it keeps nothing of it.
"""

from __future__ import annotations

import concurrent.futures
from asyncio.events import AbstractEventLoop, get_running_loop
from asyncio.futures import Future
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from ..core.current import current_task
from ..core.future import (
    future_add_to_awaited_by,
    future_discard_from_awaited_by,
    isfuture,
)
from ..coroutines import iscoroutine

__all__ = ("ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION", "wait")

_F = TypeVar("_F", bound=Future[Any])

FIRST_COMPLETED = concurrent.futures.FIRST_COMPLETED
FIRST_EXCEPTION = concurrent.futures.FIRST_EXCEPTION
ALL_COMPLETED = concurrent.futures.ALL_COMPLETED

_CONDITIONS = (FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED)


async def wait(
    fs: Iterable[_F], *, timeout: float | None = None, return_when: str = ALL_COMPLETED
) -> tuple[set[_F], set[_F]]:
    """Wait for futures or tasks; return the sets (done, pending).

    Args:
        fs: futures or tasks, at least one; coroutines are refused.
        timeout: in seconds; when it passes, what is not done is in the second set. Never raises
            TimeoutError.
        return_when: FIRST_COMPLETED, FIRST_EXCEPTION or ALL_COMPLETED.

    Raises:
        TypeError: `fs` is one future or coroutine, or has a coroutine in it.
        ValueError: `fs` is empty, or `return_when` is none of the three.
    """
    if isfuture(fs) or isinstance(fs, Coroutine):
        raise TypeError(f"expect a list of futures, not {type(fs).__name__}")
    if not fs:
        raise ValueError("Set of Tasks/Futures is empty.")
    if return_when not in _CONDITIONS:
        raise ValueError(f"Invalid return_when value: {return_when}")
    # The iterable may be a generator, so it is read once.
    futures = set(fs)
    if any(iscoroutine(fut) for fut in futures):
        raise TypeError("Passing coroutines is forbidden, use tasks explicitly.")
    return await _wait(futures, timeout, return_when, get_running_loop())


async def _wait(
    futures: set[_F], timeout: float | None, return_when: str, loop: AbstractEventLoop
) -> tuple[set[_F], set[_F]]:
    watch = _Watch(len(futures), return_when, loop)
    on_done = watch.on_done
    for fut in futures:
        fut.add_done_callback(on_done)
        future_add_to_awaited_by(fut, watch.waiting_task)
    timer = None if timeout is None else loop.call_later(timeout, watch.release)
    try:
        await watch.released
    finally:
        if timer is not None:
            timer.cancel()
        for fut in futures:
            fut.remove_done_callback(on_done)
            future_discard_from_awaited_by(fut, watch.waiting_task)
    done = {fut for fut in futures if fut.done()}
    return done, futures - done


class _Watch:
    """Counts completions down and releases its waiter when the condition holds."""

    def __init__(self, count: int, return_when: str, loop: AbstractEventLoop) -> None:
        self.waiting_task = current_task()
        self.released: Any = loop.create_future()
        self._left = count
        self._on_any = return_when == FIRST_COMPLETED
        self._on_failure = return_when == FIRST_EXCEPTION

    def on_done(self, fut: Any) -> None:
        future_discard_from_awaited_by(fut, self.waiting_task)
        self._left -= 1
        if (
            self._left <= 0
            or self._on_any
            or (self._on_failure and not fut.cancelled() and fut.exception() is not None)
        ):
            self.release()

    def release(self) -> None:
        if not self.released.done():
            self.released.set_result(None)
