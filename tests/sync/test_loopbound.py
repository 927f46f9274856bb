"""LoopBound: a primitive belongs to the first loop in which somebody waited."""

from __future__ import annotations

import threading

import pytest

import eagerloop
from eagerloop.sync.loopbound import LoopBound


def test_it_is_bound_by_its_first_use() -> None:
    bound = LoopBound()

    async def main() -> None:
        running = eagerloop.get_running_loop()
        assert bound._loop is None
        assert bound._get_loop() is running
        assert bound._loop is running
        assert bound._get_loop() is running

    async def elsewhere() -> None:
        with pytest.raises(RuntimeError, match=r"LoopBound .*is bound to a different event loop"):
            bound._get_loop()

    eagerloop.run(main())
    eagerloop.run(elsewhere())


def test_there_is_no_loop_to_bind_to_outside_of_one() -> None:
    with pytest.raises(RuntimeError, match=r"^no running event loop$"):
        LoopBound()._get_loop()


def test_of_two_threads_one_wins() -> None:
    threads = 8
    meeting = threading.Barrier(threads)
    bound = LoopBound()
    outcomes: list[str] = []

    async def main() -> None:
        meeting.wait()
        try:
            bound._get_loop()
        except RuntimeError:
            outcomes.append("refused")
        else:
            outcomes.append("bound")
        meeting.wait()

    workers = [threading.Thread(target=lambda: eagerloop.run(main())) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(outcomes) == ["bound"] + ["refused"] * (threads - 1)
