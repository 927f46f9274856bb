"""WaitQueue: order, places, and who is woken."""

from __future__ import annotations

import random
from collections import deque

import pytest

import eagerloop
from eagerloop.sync.waitqueue import WaitQueue


def test_it_behaves_as_the_deque_that_asyncio_has() -> None:
    queue, model = WaitQueue(), deque[object]()
    chance = random.Random(1)
    for _ in range(5000):
        action = chance.choice(("append", "append", "popleft", "remove"))
        if action == "append":
            entry = object()
            queue.append(entry)
            model.append(entry)
        elif action == "popleft" and model:
            assert queue.popleft() is model.popleft()
        elif model:
            entry = chance.choice(model)
            queue.remove(entry)
            model.remove(entry)
        assert len(queue) == len(model)
        assert bool(queue) == bool(model)
    assert list(queue) == list(model)
    assert queue[0] is model[0]
    assert queue[-1] is model[-1]


def test_taking_all_from_the_front_leaves_no_memory_behind() -> None:
    queue = WaitQueue()
    for number in range(100_000):
        queue.append(number)
        if number >= 3:
            assert queue.popleft() == number - 3
    assert list(queue) == [99_997, 99_998, 99_999]
    assert repr(queue) == "WaitQueue([99997, 99998, 99999])"


def test_what_is_not_there_is_an_error() -> None:
    queue = WaitQueue()
    with pytest.raises(IndexError):
        queue.popleft()
    with pytest.raises(ValueError, match=r"^not in the WaitQueue$"):
        queue.remove(object())
    with pytest.raises(IndexError):
        queue[0]
    queue.append("waiter")
    assert "waiter" in queue
    queue.popleft()
    assert "waiter" not in queue


def test_foreign_futures_wait_too() -> None:
    async def main() -> None:
        class Own(eagerloop.Future[None]):
            """Not exactly ours, so it is met by its methods."""

        event = eagerloop.Event()
        loop = eagerloop.get_running_loop()
        waiters = [Own(loop=loop), loop.create_future(), Own(loop=loop)]
        waiters[0].cancel()
        for waiter in waiters:
            event._waiters.append(waiter)
        event.set()
        assert [waiter.cancelled() for waiter in waiters] == [True, False, False]
        assert all(waiter.done() for waiter in waiters)

    eagerloop.run(main())
