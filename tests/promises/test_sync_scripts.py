"""Whatever happens in whatever order, nothing is lost: random scripts against a plain model.

A script is a list of steps; each is done at once, and only "turn" lets the loop run. So every
race of wake-up, cancellation and new comer within one turn comes up. After "settle", when nobody
can run any more, nobody may be waiting for what is there.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import eagerloop

YOUNGEST = 4  # a cancellation hits one of the last few tasks, which are likely to wait
SETTLED = 100  # turns: more than any chain of wake-ups below

thorough = settings(max_examples=300, deadline=None)


def steps(*names: str) -> st.SearchStrategy[list[tuple[str, int]]]:
    """Scripts of (name, number) steps; "turn" and "settle" are always among them."""
    step = st.tuples(st.sampled_from([*names, "turn", "settle"]), st.integers(0, YOUNGEST - 1))
    return st.lists(step, max_size=30)


async def settle() -> None:
    for _ in range(SETTLED):
        await eagerloop.sleep(0)


async def end(tasks: list[Any]) -> None:
    for task in tasks:
        task.cancel()
    await eagerloop.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize(
    ("make", "places"),
    [
        (eagerloop.Lock, 1),
        (eagerloop.Condition, 1),
        (lambda: eagerloop.Semaphore(1), 1),
        (lambda: eagerloop.Semaphore(3), 3),
        (lambda: eagerloop.BoundedSemaphore(2), 2),
    ],
    ids=["lock", "condition", "semaphore1", "semaphore3", "bounded2"],
)
@thorough
@given(script=steps("acquire", "release", "cancel"))
def test_a_place_is_given_in_order_to_one_and_never_lost(
    make: Callable[[], Any], places: int, script: list[tuple[str, int]]
) -> None:
    async def main() -> None:
        gate = make()
        tasks: list[eagerloop.Task[None]] = []
        served: list[int] = []
        released = 0

        async def worker(number: int) -> None:
            await gate.acquire()
            served.append(number)
            assert len(served) - released <= places

        def check() -> None:
            assert served == sorted(served)
            if len(served) - released < places:
                assert all(task.done() for task in tasks), "a place is free and somebody waits"

        for name, number in script:
            if name == "acquire":
                tasks.append(eagerloop.create_task(worker(len(tasks))))
            elif name == "release" and len(served) > released:
                released += 1
                gate.release()
            elif name == "cancel" and number < len(tasks):
                tasks[-1 - number].cancel()
            elif name == "turn":
                await eagerloop.sleep(0)
            elif name == "settle":
                await settle()
                check()
        await settle()
        check()
        await end(tasks)
        assert not gate._waiters
        for _ in range(len(served) - released):
            gate.release()
        assert not gate.locked()

    eagerloop.run(main())


class Fifo:
    """What a queue must do, without waiting."""

    def __init__(self) -> None:
        self.items: list[int] = []

    def push(self, item: int) -> None:
        self.items.append(item)

    def pop(self) -> int:
        return self.items.pop(0)


class Lifo(Fifo):
    def pop(self) -> int:
        return self.items.pop()


class Smallest(Fifo):
    def push(self, item: int) -> None:
        heappush(self.items, item)

    def pop(self) -> int:
        return heappop(self.items)


class Overridden(eagerloop.Queue[int]):
    """A program's own: every method goes through Python."""


@pytest.mark.parametrize(
    ("kind", "model_of"),
    [
        (eagerloop.Queue, Fifo),
        (eagerloop.LifoQueue, Lifo),
        (eagerloop.PriorityQueue, Smallest),
        (Overridden, Fifo),
    ],
)
@thorough
@given(
    maxsize=st.integers(0, 2),
    script=st.one_of(
        steps("get", "put_nowait", "cancel_get"),
        steps("put", "get_nowait", "cancel_put"),
        steps("put", "get", "cancel_put", "cancel_get", "task_done", "shutdown"),
    ),
)
def test_a_queue_loses_no_item_and_no_wake_up(
    kind: type[eagerloop.Queue[int]],
    model_of: type[Fifo],
    maxsize: int,
    script: list[tuple[str, int]],
) -> None:
    async def main() -> None:
        queue = kind(maxsize)
        model = model_of()
        getters: list[eagerloop.Task[None]] = []
        putters: list[eagerloop.Task[None]] = []
        unfinished = 0
        is_shut = False

        def entered(item: int) -> None:
            nonlocal unfinished
            unfinished += 1
            model.push(item)
            assert not maxsize or len(model.items) <= maxsize

        async def put(item: int) -> None:
            try:
                await queue.put(item)
            except eagerloop.QueueShutDown:
                assert is_shut
            else:
                entered(item)

        async def get() -> None:
            try:
                item = await queue.get()
            except eagerloop.QueueShutDown:
                assert is_shut
                assert not model.items
            else:
                assert item == model.pop()

        def check() -> None:
            if not all(task.done() for task in getters):
                assert not model.items, "an item is there and somebody waits for one"
                assert not is_shut
            if not all(task.done() for task in putters):
                assert queue.full(), "there is room and somebody waits for it"
                assert not is_shut

        for serial, (name, number) in enumerate(script):
            item = number * 1000 + serial
            if name == "put":
                putters.append(eagerloop.create_task(put(item)))
            elif name == "get":
                getters.append(eagerloop.create_task(get()))
            elif name == "put_nowait" and not is_shut and not queue.full():
                queue.put_nowait(item)
                entered(item)
            elif name == "get_nowait" and not queue.empty():
                assert queue.get_nowait() == model.pop()
            elif name == "cancel_get" and number < len(getters):
                getters[-1 - number].cancel()
            elif name == "cancel_put" and number < len(putters):
                putters[-1 - number].cancel()
            elif name == "task_done" and unfinished:
                queue.task_done()
                unfinished -= 1
            elif name == "shutdown" and number == 0:
                queue.shutdown()
                is_shut = True
            elif name == "shutdown" and number == 1:
                queue.shutdown(immediate=True)
                is_shut = True
                unfinished = max(0, unfinished - len(model.items))
                model.items.clear()
            elif name == "turn":
                await eagerloop.sleep(0)
            elif name == "settle":
                await settle()
                check()
            assert queue.qsize() == len(model.items)
            assert queue._unfinished_tasks == unfinished
        await settle()
        check()
        joining = eagerloop.create_task(queue.join())
        await settle()
        assert joining.done() == (unfinished == 0)
        await end([*getters, *putters, joining])
        assert not queue._getters
        assert not queue._putters
        for task in (*getters, *putters):
            assert task.cancelled() or task.exception() is None

    eagerloop.run(main())


class OwnCondition(eagerloop.Condition):
    """A program's own: its wait() is a coroutine."""


@pytest.mark.parametrize("kind", [eagerloop.Condition, OwnCondition])
@thorough
@given(script=steps("consume", "produce", "release", "cancel"))
def test_a_notification_reaches_somebody(
    kind: type[eagerloop.Condition], script: list[tuple[str, int]]
) -> None:
    async def main() -> None:
        condition = kind()
        items = 0
        is_held = False
        consumers: list[eagerloop.Task[None]] = []

        async def consume() -> None:
            nonlocal items
            async with condition:
                await condition.wait_for(lambda: items > 0)
                items -= 1
                await eagerloop.sleep(0)

        def release() -> None:
            nonlocal is_held
            if is_held:
                is_held = False
                condition.release()

        def check() -> None:
            assert condition.locked() == is_held
            if not is_held and not all(task.done() for task in consumers):
                assert items == 0, "an item is there and its notification was lost"

        async def play() -> None:
            nonlocal is_held, items
            for name, number in [("consume", 0), ("consume", 0), ("settle", 0), *script]:
                if name == "consume":
                    consumers.append(eagerloop.create_task(consume()))
                elif name == "produce":
                    if not is_held:
                        await condition.acquire()
                        is_held = True
                    items += 1
                    condition.notify()
                    if number:
                        release()
                elif name == "release":
                    release()
                elif name == "cancel" and number < len(consumers):
                    consumers[-1 - number].cancel()
                elif name == "turn":
                    await eagerloop.sleep(0)
                elif name == "settle":
                    await settle()
                    check()

        try:
            await play()
        finally:
            release()  # or the consumers could not even be cancelled
        await settle()
        check()
        await end(consumers)
        assert not condition._waiters
        assert not condition.locked()

    eagerloop.run(main())
