"""Cancellation wins, and none is lost: whatever is awaited, whenever the request comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

import eagerloop
from tests.conftest import Run

Wait = Callable[[], Coroutine[Any, Any, Any]]
TURNS = 6  # requests come in each of the first turns: before, while and after the wait ends


async def in_group() -> None:
    async with eagerloop.TaskGroup() as group:
        group.create_task(eagerloop.sleep(0))
        group.create_task(eagerloop.sleep(0.001))


async def in_gather() -> None:
    await eagerloop.gather(eagerloop.sleep(0), eagerloop.sleep(0.001))


async def in_wait() -> None:
    await eagerloop.wait([eagerloop.create_task(eagerloop.sleep(0.001))])


async def in_wait_for() -> None:
    await eagerloop.wait_for(eagerloop.sleep(0.001), 10)


async def in_timeout() -> None:
    async with eagerloop.timeout(10):
        await eagerloop.sleep(0.001)


async def in_shield() -> None:
    await eagerloop.shield(eagerloop.sleep(0.001))


async def in_as_completed() -> None:
    async for _ in eagerloop.as_completed([eagerloop.sleep(0), eagerloop.sleep(0.001)]):
        pass


WAITS = [in_group, in_gather, in_wait, in_wait_for, in_timeout, in_shield, in_as_completed]


@pytest.mark.parametrize("eager", [False, True], ids=["lazy", "eager"])
@pytest.mark.parametrize("turns", range(TURNS))
@pytest.mark.parametrize("wait", WAITS)
def test_a_request_ends_the_task(wait: Wait, turns: int, eager: bool) -> None:
    async def forever() -> None:
        while True:
            await wait()

    async def main() -> None:
        task = eagerloop.create_task(forever())
        for _ in range(turns):
            await eagerloop.sleep(0)
        assert task.cancel("stop")
        async with asyncio.timeout(10):
            with pytest.raises(asyncio.CancelledError):
                await task
        assert task.cancelled()
        assert task.cancelling() == 1

    eagerloop.run(main(), eager=eager)


@pytest.mark.parametrize("turns", range(TURNS))
def test_a_group_that_cancels_itself_keeps_somebody_elses_request(run: Run, turns: int) -> None:
    async def child(group: eagerloop.TaskGroup) -> None:
        try:
            await eagerloop.sleep(10)
        finally:
            for _ in range(TURNS):
                await eagerloop.sleep(0)

    async def body() -> None:
        async with eagerloop.TaskGroup() as group:
            group.create_task(child(group))
            await eagerloop.sleep(0)
            group.cancel()
        await eagerloop.sleep(10)
        raise AssertionError("the request was lost")

    async def main() -> None:
        task = eagerloop.create_task(body())
        for _ in range(turns):
            await eagerloop.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelling() == 1

    run(main)


@pytest.mark.parametrize("turns", range(TURNS))
def test_a_limit_and_a_request_in_the_same_turn(run: Run, turns: int) -> None:
    async def body() -> str:
        try:
            async with eagerloop.timeout(0):
                for _ in range(TURNS):
                    await eagerloop.sleep(0)
        except TimeoutError:
            await eagerloop.sleep(10)
        return "went on"

    async def main() -> None:
        task = eagerloop.create_task(body())
        for _ in range(turns):
            await eagerloop.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main)
