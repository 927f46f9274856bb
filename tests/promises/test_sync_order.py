"""Who comes first is served first, and nobody who comes later overtakes one who waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import eagerloop

GATES = [
    eagerloop.Lock,
    eagerloop.Condition,
    eagerloop.Semaphore,
    lambda: eagerloop.BoundedSemaphore(1),
]
each_gate = pytest.mark.parametrize(
    "make", GATES, ids=["lock", "condition", "semaphore", "bounded"]
)


@each_gate
def test_ten_thousand_are_served_in_order(make: Callable[[], Any]) -> None:
    async def main() -> None:
        gate = make()
        served = []

        async def worker(number: int) -> None:
            async with gate:
                served.append(number)

        await gate.acquire()
        async with eagerloop.TaskGroup() as group:
            for number in range(10_000):
                group.create_task(worker(number))
            await eagerloop.sleep(0)
            gate.release()
        assert served == list(range(10_000))

    eagerloop.run(main())


@each_gate
def test_those_who_come_back_at_once_take_turns(make: Callable[[], Any]) -> None:
    async def main() -> None:
        gate = make()
        entered = []

        async def worker(name: int) -> None:
            for _ in range(50):
                async with gate:
                    entered.append(name)
                    await eagerloop.sleep(0)

        await eagerloop.gather(*(worker(name) for name in range(3)))
        assert entered == [0, 1, 2] * 50

    eagerloop.run(main())


@each_gate
def test_a_new_comer_does_not_overtake_who_was_woken(make: Callable[[], Any]) -> None:
    async def main() -> None:
        gate = make()
        entered = []

        async def worker(name: str) -> None:
            async with gate:
                entered.append(name)

        await gate.acquire()
        waiting = [eagerloop.create_task(worker("waiting")) for _ in range(3)]
        await eagerloop.sleep(0)
        for _ in range(3):
            gate.release()
            await gate.acquire()
            entered.append("new")
        gate.release()
        await eagerloop.gather(*waiting)
        # The first acquire() goes behind all three.
        assert entered == ["waiting"] * 3 + ["new"] * 3

    eagerloop.run(main())


def test_getters_get_and_putters_put_in_order() -> None:
    async def main() -> None:
        queue: eagerloop.Queue[int] = eagerloop.Queue(1)
        got: list[tuple[int, int]] = []

        async def getter(number: int) -> None:
            got.append((number, await queue.get()))

        getters = [eagerloop.create_task(getter(number)) for number in range(100)]
        await eagerloop.sleep(0)
        putters = [eagerloop.create_task(queue.put(item)) for item in range(100)]
        await eagerloop.gather(*getters, *putters)
        assert got == [(number, number) for number in range(100)]

    eagerloop.run(main())


def test_an_event_and_a_condition_wake_in_order() -> None:
    async def main() -> None:
        event = eagerloop.Event()
        condition = eagerloop.Condition()
        woken = []

        async def by_event(number: int) -> None:
            await event.wait()
            woken.append(number)

        async def by_condition(number: int) -> None:
            async with condition:
                await condition.wait()
                woken.append(number)

        tasks = [eagerloop.create_task(by_event(number)) for number in range(100)]
        await eagerloop.sleep(0)
        event.set()
        await eagerloop.gather(*tasks)
        tasks = [eagerloop.create_task(by_condition(number)) for number in range(100)]
        while len(condition._waiters) < 100:
            await eagerloop.sleep(0)
        async with condition:
            condition.notify_all()
        await eagerloop.gather(*tasks)
        assert woken == [*range(100), *range(100)]

    eagerloop.run(main())
