"""wait(): its conditions, its timeout, and that it leaves nothing behind."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import eagerloop
from tests.conftest import Run


async def value(result: Any, turns: int = 0) -> Any:
    for _ in range(turns):
        await eagerloop.sleep(0)
    return result


async def failure(turns: int = 0) -> None:
    await value(None, turns)
    raise ValueError("failed")


def test_all_completed(run: Run) -> None:
    async def main() -> None:
        tasks = [eagerloop.create_task(value(i, turns=i)) for i in range(3)]
        done, pending = await eagerloop.wait(tasks)
        assert done == set(tasks)
        assert pending == set()
        assert sorted(task.result() for task in done) == [0, 1, 2]

    run(main)


def test_generator_is_read_once(run: Run) -> None:
    async def main() -> None:
        done, pending = await eagerloop.wait(eagerloop.create_task(value(i)) for i in range(3))
        assert len(done) == 3
        assert not pending

    run(main)


def test_first_completed(run: Run) -> None:
    async def main() -> None:
        slow = eagerloop.create_task(value("slow", turns=20))
        fast = eagerloop.create_task(value("fast"))
        done, pending = await eagerloop.wait({slow, fast}, return_when=eagerloop.FIRST_COMPLETED)
        assert done == {fast}
        assert pending == {slow}
        assert not slow._callbacks  # nothing of the wait is left on it
        assert await slow == "slow"

    run(main)


def test_first_exception_stops_at_a_failure(run: Run) -> None:
    async def main() -> None:
        slow = eagerloop.create_task(value("slow", turns=50))
        ended = eagerloop.create_task(value("ended"))
        failed = eagerloop.create_task(failure(turns=5))
        done, pending = await eagerloop.wait(
            {slow, ended, failed}, return_when=eagerloop.FIRST_EXCEPTION
        )
        assert done == {ended, failed}
        assert pending == {slow}
        await slow

    run(main)


def test_first_exception_ignores_a_cancellation(run: Run) -> None:
    async def main() -> None:
        slow = eagerloop.create_task(value("slow", turns=5))
        cancelled = eagerloop.create_task(value("never", turns=100))
        cancelled.cancel()
        done, pending = await eagerloop.wait(
            {slow, cancelled}, return_when=eagerloop.FIRST_EXCEPTION
        )
        assert done == {slow, cancelled}
        assert not pending

    run(main)


def test_timeout_returns_what_is_pending(run: Run) -> None:
    async def main() -> None:
        future: Any = eagerloop.get_running_loop().create_future()
        ended = eagerloop.create_task(value(1))
        done, pending = await eagerloop.wait([future, ended], timeout=0.01)
        assert done == {ended}
        assert pending == {future}
        future.cancel()

    run(main)


def test_cancelling_the_wait_leaves_the_futures_alone(run: Run) -> None:
    async def main() -> None:
        future: Any = eagerloop.get_running_loop().create_future()
        waiter = eagerloop.create_task(eagerloop.wait([future]))
        await eagerloop.sleep(0)
        assert waiter in future._asyncio_awaited_by
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        assert not future.done()
        assert not future._callbacks
        assert not future._asyncio_awaited_by
        future.cancel()

    run(main)


@pytest.mark.parametrize("wrong", [[], set()])
def test_nothing_to_wait_for(run: Run, wrong: Any) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="Set of Tasks/Futures is empty"):
            await eagerloop.wait(wrong)

    run(main)


def test_a_coroutine_is_refused(run: Run) -> None:
    async def main() -> None:
        coro: Any = value(1)
        with pytest.raises(TypeError, match="expect a list of futures, not coroutine"):
            await eagerloop.wait(coro)
        with pytest.raises(TypeError, match="Passing coroutines is forbidden"):
            await eagerloop.wait([coro])
        coro.close()

    run(main)


def test_an_unknown_condition_is_refused(run: Run) -> None:
    async def main() -> None:
        task = eagerloop.create_task(value(1))
        with pytest.raises(ValueError, match="Invalid return_when value: SOME"):
            await eagerloop.wait([task], return_when="SOME")
        await task

    run(main)
