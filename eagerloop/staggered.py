"""staggered_race: start attempts one after another, some time apart, and take the first that
succeeds.

The racing function drives: it starts an attempt, waits until that one fails, the delay is over, or
somebody wins, and goes on. Who wins cancels the others itself, in the same step, so that of two
attempts that become ready together only one wins. An attempt may succeed within `create_task`
(eager start): nothing here assumes that it has yet to begin.
"""

from __future__ import annotations

from asyncio.events import AbstractEventLoop, get_running_loop
from asyncio.exceptions import CancelledError
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from .core.current import current_task
from .core.future import future_add_to_awaited_by, future_discard_from_awaited_by

__all__ = ("staggered_race",)


async def staggered_race(
    coro_fns: Iterable[Callable[[], Awaitable[Any]]],
    delay: float | None,
    *,
    loop: AbstractEventLoop | None = None,
) -> tuple[Any, int | None, list[BaseException | None]]:
    """Runs the coroutine functions with staggered starts until one succeeds.

    An attempt that succeeds returns; one that fails raises, and one that is cancelled re-raises.

    Args:
        coro_fns: functions that return a coroutine; they are called when their turn comes.
        delay: seconds after which the next attempt starts although the last one goes on; None
            starts it only when the last one failed.

    Returns:
        The winner's result and its index (both None if all failed), and what each attempt that
        was started raised, None for the winner.
    """
    race = _Race(loop or get_running_loop())
    try:
        for index, coro_fn in enumerate(coro_fns):
            race.start(index, coro_fn)
            if race.running and race.winner is None:
                await race.wait(lambda: race.latest_failed or race.winner is not None, delay)
            if race.winner is not None:
                break
    except BaseException as reason:
        # cancelled, or the iterable raised: nothing may be left behind
        race.cancel(*(reason.args if isinstance(reason, CancelledError) else ()))
        await race.finish()
        raise
    await race.finish()
    # an exception's traceback knows the race, which must not know the exception
    exceptions, race.exceptions = race.exceptions, []
    return race.result, race.winner, exceptions


class _Race:
    """The attempts, what became of them, and the driver's wait."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.result: Any = None
        self.winner: int | None = None
        self.exceptions: list[BaseException | None] = []
        self.latest_failed = False
        self.running: set[Any] = set()
        self._loop = loop
        self._driver = current_task(loop)
        self._waiter: Any = None
        self._broken: BaseException | None = None

    def start(self, index: int, coro_fn: Callable[[], Awaitable[Any]]) -> None:
        self.latest_failed = False
        self.exceptions.append(None)
        task = self._loop.create_task(self._attempt(index, coro_fn))
        self.running.add(task)
        future_add_to_awaited_by(task, self._driver)
        task.add_done_callback(self._on_done)
        if self.winner is not None and self.winner != index:
            # an attempt won while this one was being started
            task.cancel()

    async def _attempt(self, index: int, coro_fn: Callable[[], Awaitable[Any]]) -> None:
        try:
            result = await coro_fn()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:  # a cancellation too: it is what became of this attempt
            self.exceptions[index] = exc
            self.latest_failed |= index == len(self.exceptions) - 1
        else:
            if self.winner is None:
                self.winner, self.result = index, result
                self.cancel()
        self._wake()

    def cancel(self, *args: Any) -> None:
        """Cancels every attempt but the one that is calling."""
        caller = current_task(self._loop)
        for task in self.running:
            if task is not caller:
                task.cancel(*args)

    def _on_done(self, task: Any) -> None:
        self.running.discard(task)
        future_discard_from_awaited_by(task, self._driver)
        if not task.cancelled() and task.exception() is not None:
            self._broken = self._broken or task.exception()
        self._wake()

    def _wake(self, *_: Any) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self, reason: Callable[[], bool], delay: float | None) -> None:
        """Until there is a reason to go on, or the delay is over."""
        timer = None if delay is None else self._loop.call_later(delay, self._expire)
        self._expired = False
        try:
            while not (reason() or self._expired or not self.running):
                self._waiter = self._loop.create_future()
                await self._waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    def _expire(self) -> None:
        self._expired = True
        self._wake()

    async def finish(self) -> None:
        """Until no attempt runs; a cancellation meanwhile is passed on to them and raised at the
        end.
        """
        cancelled: CancelledError | None = None
        while self.running:
            try:
                await self.wait(lambda: False, None)
            except CancelledError as exc:
                cancelled = exc
                self.cancel(*exc.args)
        if self._broken is not None:
            raise self._broken
        if cancelled is not None:
            raise cancelled
