"""as_completed(): several awaitables, one after the other as they finish.

The object is both iterators. An async one yields the futures themselves (the caller's own, where
the caller gave futures); a plain one yields coroutines, each of which returns the next result
whoever that turns out to be. Both take from one queue of finished futures.

A finished future is handed straight to the consumer that has waited longest. If that consumer is
cancelled after the hand-over but before it ran, it passes the future on: a completion is never
lost.
"""

from __future__ import annotations

import inspect
from asyncio.events import get_event_loop
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterable, Iterator
from contextlib import suppress
from typing import Any

from ..core.current import current_task
from ..core.future import Future, future_add_to_awaited_by, future_discard_from_awaited_by
from .spawning import ensure_future

__all__ = ("as_completed",)


def as_completed(fs: Iterable[Awaitable[Any]], *, timeout: float | None = None) -> _Completions:
    """Run awaitables concurrently and iterate over them in the order in which they finish.

    With `async for`, each item is a finished future: the given one, or the task made for a given
    coroutine. With `for`, each item is a coroutine that returns the result, or raises the
    exception, of the next one.

    Args:
        fs: awaitables; what is no future becomes a task. Equal ones count once.
        timeout: in seconds, for all together.

    Raises:
        TimeoutError: from each item that had not finished in time; what runs goes on running.
        TypeError: `fs` is itself awaitable.
    """
    if inspect.isawaitable(fs):
        raise TypeError(f"expects an iterable of awaitables, not {type(fs).__name__}")
    return _Completions(fs, timeout)


class _Completions(AsyncIterator["Future[Any]"], Iterator[Coroutine[Any, Any, Any]]):
    """The iterator, plain and async, that `as_completed` returns."""

    def __init__(self, awaitables: Iterable[Awaitable[Any]], timeout: float | None) -> None:
        self._loop = loop = get_event_loop()
        self._task = current_task(loop)
        # In order of completion, not taken yet; None stands for one that the timeout overtook.
        self._finished: deque[Any] = deque()
        # Consumers asleep. Either this or `_finished` is empty.
        self._consumers: deque[Any] = deque()
        self._running: set[Any] = {ensure_future(item, loop=loop) for item in set(awaitables)}
        self._left = len(self._running)
        for fut in self._running:
            fut.add_done_callback(self._on_done)
            future_add_to_awaited_by(fut, self._task)
        self._timer = None
        if self._running and timeout is not None:
            self._timer = loop.call_later(timeout, self._on_timeout)

    def __aiter__(self) -> _Completions:
        return self

    def __iter__(self) -> _Completions:
        return self

    async def __anext__(self) -> Future[Any]:
        if not self._left:
            raise StopAsyncIteration
        self._left -= 1
        return await self._take()

    def __next__(self) -> Coroutine[Any, Any, Any]:
        if not self._left:
            raise StopIteration
        self._left -= 1
        return self._take_result()

    async def _take_result(self) -> Any:
        return (await self._take()).result()

    async def _take(self) -> Future[Any]:
        if self._finished:
            fut = self._finished.popleft()
        else:
            fut = await self._handed_over()
        if fut is None:
            raise TimeoutError
        finished: Future[Any] = fut
        return finished

    async def _handed_over(self) -> Any:
        consumer: Any = self._loop.create_future()
        self._consumers.append(consumer)
        try:
            return await consumer
        except BaseException:  # cancelled, or the coroutine closed: the item goes to someone else
            self._left += 1
            if consumer.done() and not consumer.cancelled():
                self._put_back(consumer.result())
            else:
                with suppress(ValueError):  # a hand-over may have thrown it out already
                    self._consumers.remove(consumer)
            raise

    def _on_done(self, fut: Any) -> None:
        if not self._running:
            return  # the timeout was here first
        self._running.remove(fut)
        future_discard_from_awaited_by(fut, self._task)
        self._put(fut)
        if not self._running and self._timer is not None:
            self._timer.cancel()

    def _on_timeout(self) -> None:
        overtaken, self._running = self._running, set()
        for fut in overtaken:
            fut.remove_done_callback(self._on_done)
            future_discard_from_awaited_by(fut, self._task)
            self._put(None)

    def _put(self, item: Any) -> None:
        if not self._give(item):
            self._finished.append(item)

    def _put_back(self, item: Any) -> None:
        # It finished before all that wait now in the queue.
        if not self._give(item):
            self._finished.appendleft(item)

    def _give(self, item: Any) -> bool:
        while self._consumers:
            consumer = self._consumers.popleft()
            if not consumer.done():
                consumer.set_result(item)
                return True
        return False
