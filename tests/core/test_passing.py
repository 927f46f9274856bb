"""Cancellation passed on: too deep and in a circle it is an error, and not the end of the process."""

from __future__ import annotations

import gc
from typing import Any

import pytest

import eagerloop

DEEP = 50_000


def test_tasks_that_wait_for_each_other_cannot_be_cancelled(loop: eagerloop.EventLoop) -> None:
    async def wait_for(tasks: list[Any], i: int) -> None:
        await eagerloop.sleep(0)
        await tasks[i]

    async def main() -> None:
        tasks: list[Any] = []
        tasks += [loop.create_task(wait_for(tasks, i)) for i in (1, 0)]
        for _ in range(3):
            await eagerloop.sleep(0)
        with pytest.raises(RecursionError):
            tasks[0].cancel()
        for task in tasks:  # nobody can end them
            task._log_destroy_pending = False
        tasks.clear()

    loop.run_until_complete(main())
    gc.collect()
    assert not eagerloop.all_tasks(loop)


def test_a_deep_pile_of_gathers_cannot_be_cancelled(loop: eagerloop.EventLoop) -> None:
    async def main() -> None:
        future: Any = loop.create_future()
        for _ in range(DEEP):
            future = eagerloop.gather(future)
        with pytest.raises(RecursionError):
            future.cancel()

    loop.run_until_complete(main())
