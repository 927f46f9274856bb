"""Eager groups lose no error: however soon a child fails, and wherever it was started."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

import eagerloop


class Failure(Exception):
    """What a child raises."""


async def child(turns: int, failing: bool) -> int:
    for _ in range(turns):
        await eagerloop.sleep(0)
    if failing:
        raise Failure(turns)
    return turns


@pytest.mark.parametrize("eager", [False, True], ids=["lazy", "eager"])
@pytest.mark.parametrize("nested", [False, True], ids=["from the body", "from a child"])
@pytest.mark.parametrize(
    "plan", list(itertools.product(range(3), [False, True], range(3), [False, True]))
)
def test_every_error_and_no_request_is_left(plan: Any, nested: bool, eager: bool) -> None:
    first_turns, first_fails, second_turns, second_fails = plan

    async def main() -> None:
        task: Any = eagerloop.current_task()
        failures: set[int] = set()
        refusals: list[str] = []

        async def start(group: eagerloop.TaskGroup) -> None:
            group.create_task(child(first_turns, first_fails))
            await eagerloop.sleep(0)
            group.create_task(child(second_turns, second_fails))

        try:
            async with eagerloop.TaskGroup() as group:
                if nested:
                    group.create_task(start(group))
                else:
                    await start(group)
        except* Failure as caught:
            failures = {error.args[0] for error in caught.exceptions}
        except* RuntimeError as caught:  # the second came when the first had failed
            refusals = [str(error) for error in caught.exceptions]
        assert bool(failures) == (first_fails or second_fails)
        if first_fails and (first_turns <= second_turns or not second_fails):
            assert first_turns in failures
        assert all("is shutting down" in refusal for refusal in refusals)
        assert task.cancelling() == 0
        await eagerloop.sleep(0)

    eagerloop.run(main(), eager=eager)


def test_a_child_that_ends_at_once_is_forgotten_and_its_result_kept() -> None:
    async def main() -> None:
        async with eagerloop.TaskGroup() as group:
            tasks = [group.create_task(child(0, False)) for _ in range(1000)]
            assert not group._tasks
            assert all(task.done() for task in tasks)

    eagerloop.run(main(), eager=True)


def test_a_child_cancelled_at_its_first_step_is_no_error() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    async def main() -> None:
        async with eagerloop.TaskGroup() as group:
            task = group.create_task(cancelled())
        assert task.cancelled()

    eagerloop.run(main(), eager=True)
