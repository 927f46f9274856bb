"""The waiters of a future as other code sees them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import eagerloop
from tests.conftest import Run


def test_a_waiting_task_and_a_function(run: Run) -> None:
    async def main() -> None:
        future: Any = eagerloop.get_running_loop().create_future()

        async def wait() -> None:
            await future

        task: Any = eagerloop.create_task(wait())
        await eagerloop.sleep(0)
        seen: list[Any] = []
        future.add_done_callback(seen.append)
        (first, first_context), (second, second_context) = future._callbacks
        assert first == task._wakeup
        assert second == seen.append
        assert first_context is task.get_context()
        assert second_context.run(len, ()) == 0
        assert future._asyncio_awaited_by == {task}
        assert future.remove_done_callback(seen.append) == 1
        future.set_result(None)
        await task
        assert not seen

    run(main)


def test_a_task_of_the_stdlib_s_gets_what_the_future_holds(run: Run) -> None:
    async def main() -> None:
        loop = eagerloop.get_running_loop()

        async def wait(future: Any) -> Any:
            return await future

        futures: list[Any] = [loop.create_future() for _ in range(3)]
        tasks = [asyncio.Task(wait(future), loop=loop) for future in futures]
        await eagerloop.sleep(0)
        futures[0].set_result("a result")
        futures[1].set_exception(ValueError("an error"))
        futures[2].cancel("a reason")
        assert await tasks[0] == "a result"
        with pytest.raises(ValueError, match="an error"):
            await tasks[1]
        with pytest.raises(eagerloop.CancelledError):
            await tasks[2]
        assert tasks[2].cancelled()

    run(main)


def test_a_task_of_the_stdlib_s_asks_a_class_of_one_s_own(run: Run) -> None:
    class Refusing(eagerloop.Future):  # type: ignore[type-arg]
        def result(self) -> Any:
            raise KeyError("refused")

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        future: Any = Refusing(loop=loop)

        async def wait() -> Any:
            return await future

        task = asyncio.Task(wait(), loop=loop)
        await eagerloop.sleep(0)
        future.set_result(None)
        with pytest.raises(KeyError, match="refused"):
            await task

    run(main)


def test_other_callbacks_are_told_of_the_future_itself(run: Run) -> None:
    async def main() -> None:
        future: Any = eagerloop.get_running_loop().create_future()
        seen: list[Any] = []
        future.add_done_callback(seen.append)
        future.set_result(None)
        await eagerloop.sleep(0)
        assert seen == [future]
        assert seen[0] is future

    run(main)
