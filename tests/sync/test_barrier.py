"""Barrier: all go on at once, and a broken one lets nobody wait for ever."""

from __future__ import annotations

import re

import pytest

import eagerloop
from tests.sync.support import turns


def test_less_than_one_party_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^parties must be >= 1$"):
        eagerloop.Barrier(0)


def test_all_parties_go_on_at_once_each_with_its_index() -> None:
    async def main() -> None:
        barrier = eagerloop.Barrier(3)
        tasks = [eagerloop.create_task(barrier.wait()) for _ in range(2)]
        await turns(10)
        assert not any(task.done() for task in tasks)
        assert barrier.n_waiting == 2
        assert await barrier.wait() == 2
        assert await eagerloop.gather(*tasks) == [0, 1]
        assert barrier.n_waiting == 0
        assert barrier.parties == 3

    eagerloop.run(main())


def test_it_serves_round_after_round() -> None:
    async def main() -> None:
        barrier = eagerloop.Barrier(4)
        rounds: list[list[int]] = [[] for _ in range(5)]

        async def party() -> None:
            for indices in rounds:
                async with barrier as index:
                    indices.append(index)

        await eagerloop.gather(*(party() for _ in range(4)))
        assert [sorted(indices) for indices in rounds] == [[0, 1, 2, 3]] * 5

    eagerloop.run(main())


def test_a_late_comer_waits_for_the_next_round() -> None:
    async def main() -> None:
        barrier = eagerloop.Barrier(2)
        tasks = [eagerloop.create_task(barrier.wait()) for _ in range(5)]
        await turns(20)
        assert sum(task.done() for task in tasks) == 4
        await barrier.wait()
        await eagerloop.gather(*tasks)

    eagerloop.run(main())


def test_abort_breaks_it_for_those_inside_and_those_who_come() -> None:
    async def main() -> None:
        barrier = eagerloop.Barrier(3)
        tasks = [eagerloop.create_task(barrier.wait()) for _ in range(2)]
        await turns(5)
        await barrier.abort()
        assert barrier.broken
        results = await eagerloop.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [eagerloop.BrokenBarrierError] * 2
        with pytest.raises(eagerloop.BrokenBarrierError, match=r"^Barrier aborted$"):
            await barrier.wait()
        await barrier.reset()
        assert not barrier.broken
        assert sorted(await eagerloop.gather(*(barrier.wait() for _ in range(3)))) == [0, 1, 2]

    eagerloop.run(main())


def test_reset_breaks_it_for_those_inside_only() -> None:
    async def main() -> None:
        barrier = eagerloop.Barrier(3)
        task = eagerloop.create_task(barrier.wait())
        await turns(5)
        await barrier.reset()
        with pytest.raises(eagerloop.BrokenBarrierError, match=r"^Abort or reset of barrier$"):
            await task
        assert sorted(await eagerloop.gather(*(barrier.wait() for _ in range(3)))) == [0, 1, 2]

    eagerloop.run(main())


def test_a_cancelled_party_leaves_its_place() -> None:
    async def main() -> None:
        barrier = eagerloop.Barrier(2)
        task = eagerloop.create_task(barrier.wait())
        await turns(5)
        task.cancel()
        with pytest.raises(eagerloop.CancelledError):
            await task
        assert barrier.n_waiting == 0
        assert sorted(await eagerloop.gather(*(barrier.wait() for _ in range(2)))) == [0, 1]

    eagerloop.run(main())


def test_repr_tells_state_and_waiters() -> None:
    async def main() -> None:
        barrier = eagerloop.Barrier(2)
        assert re.fullmatch(
            r"<[\w.]*Barrier object at 0x[0-9a-f]+ \[filling, waiters:0/2\]>", repr(barrier)
        )
        await barrier.abort()
        assert repr(barrier).endswith(" [broken]>")

    eagerloop.run(main())
