"""A limit that runs out just as its block ends, or is moved, hits nobody."""

from __future__ import annotations

import time

import eagerloop


async def into_the_ready_queue() -> None:
    """Let the alarm's time pass while the task is before it in the ready queue."""
    time.sleep(0.005)
    await eagerloop.sleep(0)


def test_a_block_that_has_ended_is_not_timed_out() -> None:
    async def main() -> int:
        async with eagerloop.timeout(0.001):
            await into_the_ready_queue()
        await eagerloop.sleep(0)
        task = eagerloop.current_task()
        assert task is not None
        return task.cancelling()

    assert eagerloop.run(main()) == 0


def test_a_limit_that_was_moved_does_not_run_out() -> None:
    async def main() -> bool:
        loop = eagerloop.get_running_loop()
        async with eagerloop.timeout(0.001) as limit:
            await into_the_ready_queue()
            limit.reschedule(loop.time() + 60)
            await eagerloop.sleep(0.001)
        return limit.expired()

    assert not eagerloop.run(main())


def test_a_limit_that_was_taken_away_does_not_run_out() -> None:
    async def main() -> bool:
        async with eagerloop.timeout(0.001) as limit:
            await into_the_ready_queue()
            limit.reschedule(None)
            await eagerloop.sleep(0.001)
        return limit.expired()

    assert not eagerloop.run(main())


def test_a_limit_moved_into_the_past_runs_out_once() -> None:
    async def main() -> int:
        try:
            async with eagerloop.timeout(0.001) as limit:
                await into_the_ready_queue()
                limit.reschedule(0)
                await eagerloop.sleep(60)
        except TimeoutError:
            assert limit.expired()
        await eagerloop.sleep(0)
        task = eagerloop.current_task()
        assert task is not None
        return task.cancelling()

    assert eagerloop.run(main()) == 0
