"""The coroutine ways: whatever has acquire() and release() can be entered and waited under."""

from __future__ import annotations

import pytest

import eagerloop
from eagerloop.sync.overridden import enter, leave
from tests.sync.support import at_once, turns


class Door:
    """A lock of a program's own."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def locked(self) -> bool:
        return self.calls[-1:] == ["acquire"]

    async def acquire(self) -> bool:
        while self.locked():
            await eagerloop.sleep(0)
        self.calls.append("acquire")
        return True

    def release(self) -> None:
        self.calls.append("release")


def test_enter_and_leave_call_the_public_methods() -> None:
    door = Door()
    assert at_once(enter(door)) is None
    assert at_once(leave(door)) is None
    assert door.calls == ["acquire", "release"]


def test_a_condition_waits_under_any_lock() -> None:
    async def main() -> None:
        door = Door()
        condition = eagerloop.Condition(door)
        ready = False

        async def worker() -> None:
            async with condition:
                await condition.wait_for(lambda: ready)
                assert condition.locked()

        task = eagerloop.create_task(worker())
        await turns()
        assert not condition.locked()
        ready = True
        async with condition:
            condition.notify_all()
        await task
        assert door.calls == ["acquire", "release"] * 3

    eagerloop.run(main())


def test_a_lock_that_fails_on_the_way_back_ends_the_wait_and_notifies_another() -> None:
    class Jammed(Door):
        async def acquire(self) -> bool:
            if "release" in self.calls:
                raise OSError("jammed")
            return await super().acquire()

    async def main() -> None:
        condition = eagerloop.Condition(Jammed())
        await condition.acquire()
        waiting = condition.wait()
        waiter = waiting.send(None)
        waiter.set_result(None)
        with pytest.raises(OSError, match="jammed"):
            waiting.send(None)
        assert not condition._waiters

    eagerloop.run(main())
