"""Condition: wait() always ends with the lock held, and a notification always reaches somebody."""

from __future__ import annotations

import re
from typing import Any

import pytest

import eagerloop
from tests.sync.support import at_once, turns


class OtherLock(eagerloop.Lock):
    """Not our own Lock any more, so the condition takes the way in coroutines."""


class OtherCondition(eagerloop.Condition):
    """The same for the condition."""


WAYS = [
    eagerloop.Condition,
    OtherCondition,
    lambda: eagerloop.Condition(OtherLock()),
    lambda: eagerloop.Condition(eagerloop.Semaphore(1)),
]
each_way = pytest.mark.parametrize("make", WAYS, ids=["own", "subclass", "lock", "semaphore"])


def test_the_lock_is_made_or_taken() -> None:
    assert type(eagerloop.Condition()._lock) is eagerloop.Lock
    lock = eagerloop.Lock()
    condition = eagerloop.Condition(lock)
    assert condition._lock is lock
    at_once(condition.acquire())
    assert lock.locked()
    assert condition.locked()
    condition.release()
    assert not lock.locked()


@each_way
def test_use_without_the_lock_is_an_error(make: Any) -> None:
    async def main() -> None:
        condition = make()
        with pytest.raises(RuntimeError, match=r"^cannot wait on un-acquired lock$"):
            await condition.wait()
        with pytest.raises(RuntimeError, match=r"^cannot wait on un-acquired lock$"):
            await condition.wait_for(lambda: False)
        with pytest.raises(RuntimeError, match=r"^cannot notify on un-acquired lock$"):
            condition.notify()
        with pytest.raises(RuntimeError, match=r"^cannot notify on un-acquired lock$"):
            condition.notify_all()
        assert await condition.wait_for(lambda: [1]) == [1]

    eagerloop.run(main())


def test_repr_tells_state_and_waiters() -> None:
    async def main() -> None:
        condition = eagerloop.Condition()
        assert re.fullmatch(
            r"<[\w.]*Condition object at 0x[0-9a-f]+ \[unlocked\]>", repr(condition)
        )
        async with condition:
            assert repr(condition).endswith(" [locked]>")
            with pytest.raises(TimeoutError):
                await eagerloop.wait_for(watched(condition), 0.001)

    async def watched(condition: eagerloop.Condition) -> None:
        eagerloop.get_running_loop().call_soon(
            lambda: reprs.append(repr(condition)),
        )
        await condition.wait()

    reprs: list[str] = []
    eagerloop.run(main())
    assert reprs[0].endswith(" [unlocked, waiters:1]>")


@each_way
def test_notify_wakes_in_order_and_no_more_than_asked(make: Any) -> None:
    async def main() -> None:
        condition = make()
        woken = []

        async def worker(number: int) -> None:
            async with condition:
                assert await condition.wait() is True
                assert condition.locked()
                woken.append(number)

        tasks = [eagerloop.create_task(worker(number)) for number in range(5)]
        await turns(5)
        for count, expected in ((0, []), (1, [0]), (2, [0, 1, 2])):
            async with condition:
                condition.notify(count)
            await turns(10)
            assert woken == expected
        async with condition:
            condition.notify_all()
        await eagerloop.gather(*tasks)
        assert woken == [0, 1, 2, 3, 4]
        assert not condition._waiters

    eagerloop.run(main())


@each_way
def test_wait_for_looks_again_after_each_notification(make: Any) -> None:
    async def main() -> None:
        condition = make()
        level = 0
        looked = []

        def enough() -> str:
            looked.append(level)
            return "enough" if level >= 2 else ""

        async def worker() -> str:
            async with condition:
                result: str = await condition.wait_for(enough)
                return result

        task = eagerloop.create_task(worker())
        await turns()
        for level in (1, 2):  # noqa: B007
            async with condition:
                condition.notify()
            await turns(5)
        assert await task == "enough"
        assert looked == [0, 1, 2]

    eagerloop.run(main())


@each_way
def test_an_error_of_the_predicate_leaves_the_lock_held(make: Any) -> None:
    async def main() -> None:
        condition = make()
        async with condition:
            with pytest.raises(ZeroDivisionError):
                await condition.wait_for(lambda: 1 / 0)
            assert condition.locked()

    eagerloop.run(main())


@each_way
def test_cancelled_wait_ends_with_the_lock_and_the_same_error(make: Any) -> None:
    async def main() -> None:
        condition = make()
        seen: list[BaseException] = []

        async def worker() -> None:
            async with condition:
                try:
                    await condition.wait()
                except eagerloop.CancelledError as exc:
                    assert condition.locked()
                    seen.append(exc)
                    raise

        task = eagerloop.create_task(worker())
        await turns()
        await condition.acquire()
        task.cancel("first")
        await turns()
        assert not task.done()  # it waits for the lock now
        task.cancel("second")
        await turns()
        assert not task.done()
        condition.release()
        with pytest.raises(eagerloop.CancelledError) as caught:
            await task
        assert caught.value.args == ("second",)
        assert caught.value is seen[0]
        assert not condition.locked()
        assert not condition._waiters

    eagerloop.run(main())


@each_way
@pytest.mark.parametrize("relocking", [False, True])
def test_a_notified_waiter_that_is_cancelled_notifies_another(make: Any, relocking: bool) -> None:
    async def main() -> None:
        condition = make()
        items = 0
        eaten = []

        async def eater(name: str) -> None:
            nonlocal items
            async with condition:
                await condition.wait_for(lambda: items > 0)
                items -= 1
                eaten.append(name)

        first = eagerloop.create_task(eater("first"))
        second = eagerloop.create_task(eater("second"))
        await turns(5)
        async with condition:
            items = 1
            condition.notify()
            if relocking:
                await turns()  # it is woken, and stands in the lock's line
            first.cancel()
        await eagerloop.wait_for(second, 5)
        assert first.cancelled()
        assert eaten == ["second"]

    eagerloop.run(main())


def test_a_condition_belongs_to_the_loop_that_first_waited() -> None:
    condition = eagerloop.Condition()

    async def wait_in_vain() -> None:
        async with condition:
            with pytest.raises(TimeoutError):
                await eagerloop.wait_for(condition.wait(), 0.001)

    async def elsewhere() -> None:
        async with condition:
            with pytest.raises(RuntimeError, match="is bound to a different event loop"):
                await condition.wait()
            assert condition.locked()

    eagerloop.run(wait_in_vain())
    eagerloop.run(elsewhere())


def test_a_subclass_is_met_by_its_own_methods() -> None:
    calls = []

    class Logged(eagerloop.Condition):
        async def wait(self) -> bool:
            calls.append("wait")
            return await super().wait()

    async def main() -> None:
        condition = Logged()
        ready = False

        async def worker() -> None:
            async with condition:
                await condition.wait_for(lambda: ready)

        task = eagerloop.create_task(worker())
        await turns(5)
        ready = True
        async with condition:
            condition.notify_all()
        await task
        assert calls == ["wait"]

    eagerloop.run(main())
