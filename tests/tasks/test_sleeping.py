"""sleep(): one turn, or some time."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

import eagerloop
from tests.conftest import Run


def test_zero_is_exactly_one_turn(run: Run) -> None:
    async def main() -> None:
        order: list[Any] = []
        loop: Any = eagerloop.get_running_loop()
        loop.call_soon(order.append, "callback")
        loop.call_soon(lambda: loop.call_soon(order.append, "next turn"))
        await eagerloop.sleep(0)
        order.append("awake")
        await eagerloop.sleep(-1)
        assert order == ["callback", "awake", "next turn"]

    run(main)


@pytest.mark.parametrize("delay", [0, 0.001])
def test_gives_its_result(run: Run, delay: float) -> None:
    async def main() -> None:
        assert await eagerloop.sleep(delay, "result") == "result"
        assert await eagerloop.sleep(delay) is None

    run(main)


def test_is_never_early(run: Run) -> None:
    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        for delay in (0.0001, 0.001, 0.01):
            before = loop.time()
            await eagerloop.sleep(delay)
            assert loop.time() - before >= delay

    run(main)


def test_nan_is_no_delay(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="Invalid delay: NaN"):
            await eagerloop.sleep(math.nan)

    run(main)


def test_nothing_happens_before_it_is_awaited() -> None:
    assert asyncio.iscoroutine(eagerloop.sleep(1))  # no loop is running, and no warning comes


def test_can_be_a_task_of_its_own(run: Run) -> None:
    async def main() -> None:
        tasks = [eagerloop.create_task(eagerloop.sleep(delay, delay)) for delay in (0, 0.001)]
        assert await eagerloop.gather(*tasks) == [0, 0.001]

    run(main)


def test_cancelling_takes_the_timer_out(run: Run) -> None:
    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        task = eagerloop.create_task(eagerloop.sleep(3600))
        await eagerloop.sleep(0)
        assert len(loop._scheduled) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(loop._scheduled) == 0

    run(main)


def test_closing_takes_the_timer_out(run: Run) -> None:
    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        sleeping: Any = eagerloop.sleep(3600)
        sleeping.send(None)
        assert len(loop._scheduled) == 1
        sleeping.close()
        assert len(loop._scheduled) == 0

    run(main)


@pytest.mark.parametrize("way", ["close", "throw"])
def test_cutting_the_coroutine_short_takes_the_timer_out(run: Run, way: str) -> None:
    async def sleeper() -> None:
        await eagerloop.sleep(3600)

    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        coro = sleeper()
        coro.send(None)
        assert len(loop._scheduled) == 1
        if way == "close":
            coro.close()
        else:
            with pytest.raises(KeyError):
                coro.throw(KeyError("cut short"))
        assert len(loop._scheduled) == 0

    run(main)


def test_cannot_be_awaited_twice(run: Run) -> None:
    async def main() -> None:
        for delay in (0, 0.001):
            sleeping = eagerloop.sleep(delay)
            await sleeping
            with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
                await sleeping

    run(main)


def test_on_a_loop_that_is_not_ours() -> None:
    async def main() -> None:
        assert await eagerloop.sleep(0, 1) == 1
        assert await eagerloop.sleep(0.001, 2) == 2
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(eagerloop.sleep(3600), 0.01)

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(main())
