"""as_completed(): both iterators, the timeout, and that no completion is lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import eagerloop
from tests.conftest import Run


async def after(turns: int) -> int:
    for _ in range(turns):
        await eagerloop.sleep(0)
    return turns


def test_plain_iteration_gives_results_in_order(run: Run) -> None:
    async def main() -> None:
        results = [await item for item in eagerloop.as_completed([after(9), after(1), after(5)])]
        assert results == [1, 5, 9]

    run(main)


def test_async_iteration_gives_the_tasks_themselves(run: Run) -> None:
    async def main() -> None:
        tasks = [eagerloop.create_task(after(turns)) for turns in (9, 1, 5)]
        found = [task async for task in eagerloop.as_completed(tasks)]
        assert found == [tasks[1], tasks[2], tasks[0]]
        assert all(task.done() for task in found)

    run(main)


def test_async_iteration_gives_tasks_for_coroutines(run: Run) -> None:
    async def main() -> None:
        found = [task async for task in eagerloop.as_completed([after(3), after(0)])]
        assert all(isinstance(task, eagerloop.Task) for task in found)
        assert [task.result() for task in found] == [0, 3]

    run(main)


def test_generators_and_duplicates(run: Run) -> None:
    async def main() -> None:
        coro = after(1)
        found = [await item for item in eagerloop.as_completed(c for c in (coro, coro, after(2)))]
        assert found == [1, 2]

    run(main)


def test_a_failure_is_raised_by_its_item(run: Run) -> None:
    async def failing() -> None:
        raise ValueError("failed")

    async def main() -> None:
        items = iter(eagerloop.as_completed([failing(), after(3)]))
        with pytest.raises(ValueError, match="failed"):
            await next(items)
        assert await next(items) == 3

    run(main)


def test_timeout_of_the_plain_iterator(run: Run) -> None:
    async def main() -> None:
        never: Any = eagerloop.get_running_loop().create_future()
        items = iter(eagerloop.as_completed([never, after(0)], timeout=0.01))
        assert await next(items) == 0
        with pytest.raises(TimeoutError):
            await next(items)
        assert list(items) == []
        assert not never.done()
        assert not never._callbacks
        never.cancel()

    run(main)


def test_timeout_of_the_async_iterator(run: Run) -> None:
    async def main() -> None:
        never: Any = eagerloop.get_running_loop().create_future()
        found = []
        with pytest.raises(TimeoutError):
            async for task in eagerloop.as_completed([never, after(0)], timeout=0.01):
                found.append(task.result())
        assert found == [0]
        never.cancel()

    run(main)


def test_a_cancelled_consumer_loses_nothing(run: Run) -> None:
    async def main() -> None:
        future: Any = eagerloop.get_running_loop().create_future()
        items = eagerloop.as_completed([future])
        consumer = eagerloop.create_task(items.__anext__())
        await eagerloop.sleep(0)
        consumer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await consumer
        future.set_result("kept")
        assert [item.result() async for item in items] == ["kept"]

    run(main)


def test_a_consumer_cancelled_after_the_hand_over_passes_it_on(run: Run) -> None:
    async def main() -> None:
        first: Any = eagerloop.get_running_loop().create_future()
        second: Any = eagerloop.get_running_loop().create_future()
        items = eagerloop.as_completed([first, second])
        doomed = eagerloop.create_task(items.__anext__())
        patient = eagerloop.create_task(items.__anext__())
        await eagerloop.sleep(0)
        first.set_result("first")
        first.add_done_callback(lambda _: doomed.cancel())
        with pytest.raises(asyncio.CancelledError):
            await doomed
        assert await patient is first
        second.set_result("second")
        assert [item async for item in items] == [second]

    run(main)


def test_one_awaitable_is_refused(run: Run) -> None:
    async def main() -> None:
        coro: Any = after(0)
        with pytest.raises(TypeError, match="expects an iterable of awaitables, not coroutine"):
            eagerloop.as_completed(coro)
        coro.close()

    run(main)
