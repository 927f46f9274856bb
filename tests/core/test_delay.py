"""Delay: a future with a timer of its own."""

from __future__ import annotations

import asyncio
import gc
import time

import pytest

import eagerloop

Loop = eagerloop.EventLoop


def test_a_sleeping_task_waits_for_one_object(loop: Loop) -> None:
    async def main() -> None:
        task = loop.create_task(eagerloop.sleep(0.01, "value"))
        await eagerloop.sleep(0)
        assert type(task._fut_waiter).__name__ == "Delay"
        assert loop._scheduled == [task._fut_waiter]
        start = time.monotonic()
        assert await task == "value"
        assert time.monotonic() - start >= 0.0095

    loop.run_until_complete(main())


def test_cancelling_takes_the_timer_out(loop: Loop) -> None:
    async def main() -> None:
        task = loop.create_task(eagerloop.sleep(1000))
        await eagerloop.sleep(0)
        task.cancel()
        assert loop._scheduled == []
        with pytest.raises(asyncio.CancelledError):
            await task

    loop.run_until_complete(main())


def test_a_sleeper_may_outlive_its_loop(
    loop: Loop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    unraisable: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", unraisable.append)

    async def sleeper() -> None:
        await eagerloop.sleep(1000)

    tasks = [loop.create_task(sleeper()), loop.create_task(eagerloop.sleep(1000))]
    for _ in range(2):
        loop.run_until_complete(eagerloop.sleep(0))
    loop.close()
    tasks.clear()
    gc.collect()
    assert unraisable == []
    assert caplog.text.count("Task was destroyed but it is pending!") == 2
