"""wait_for(): one awaitable, with a time limit."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import eagerloop
from tests.conftest import Run


def test_the_result_in_time(run: Run) -> None:
    async def main() -> None:
        assert await eagerloop.wait_for(eagerloop.sleep(0, "done"), 10) == "done"
        assert await eagerloop.wait_for(eagerloop.sleep(0, "done"), None) == "done"

    run(main)


def test_too_late(run: Run) -> None:
    async def main() -> None:
        future: Any = eagerloop.get_running_loop().create_future()
        with pytest.raises(TimeoutError) as caught:
            await eagerloop.wait_for(future, 0.01)
        assert isinstance(caught.value.__cause__, asyncio.CancelledError)
        assert future.cancelled()

    run(main)


@pytest.mark.parametrize("limit", [0, -1])
def test_no_time_at_all_does_not_start_a_coroutine(run: Run, limit: float) -> None:
    started = []

    async def work() -> None:
        started.append(1)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await eagerloop.wait_for(work(), limit)
        assert not started

    run(main)


def test_what_is_done_is_returned_without_any_time(run: Run) -> None:
    async def main() -> None:
        future: Any = eagerloop.get_running_loop().create_future()
        future.set_result("done")
        assert await eagerloop.wait_for(future, 0) == "done"

    run(main)


def test_a_value_in_spite_of_the_cancellation_is_returned(run: Run) -> None:
    async def stubborn() -> str:
        try:
            await eagerloop.sleep(10)
        except asyncio.CancelledError:
            return "all the same"
        return "in time"

    async def main() -> None:
        assert await eagerloop.wait_for(stubborn(), 0.01) == "all the same"

    run(main)


def test_an_exception_during_the_cancellation_is_raised(run: Run) -> None:
    async def failing() -> None:
        try:
            await eagerloop.sleep(10)
        finally:
            raise OSError("while cleaning up")

    async def main() -> None:
        with pytest.raises(OSError, match="while cleaning up"):
            await eagerloop.wait_for(failing(), 0.01)

    run(main)


def test_cancelling_the_wait_cancels_what_is_waited_for(run: Run) -> None:
    async def main() -> None:
        future: Any = eagerloop.get_running_loop().create_future()
        waiter = eagerloop.create_task(eagerloop.wait_for(future, 10))
        await eagerloop.sleep(0)
        waiter.cancel("stop")
        with pytest.raises(asyncio.CancelledError, match="stop"):
            await waiter
        assert future.cancelled()

    run(main)


def test_the_coroutine_runs_in_the_calling_task(run: Run) -> None:
    async def main() -> None:
        async def inner() -> Any:
            return eagerloop.current_task()

        assert await eagerloop.wait_for(inner(), 10) is eagerloop.current_task()

    run(main)
