"""Event: set() wakes all who wait at that moment, whatever follows it."""

from __future__ import annotations

import re

import pytest

import eagerloop
from tests.sync.support import at_once, turns


def test_wait_for_a_set_flag_finishes_in_its_first_step_without_a_loop() -> None:
    event = eagerloop.Event()
    event.set()
    assert at_once(event.wait()) is True
    assert event._loop is None


def test_set_clear_and_is_set() -> None:
    event = eagerloop.Event()
    assert event.is_set() is False
    event.set()
    event.set()
    assert event.is_set() is True
    event.clear()
    assert event.is_set() is False


def test_repr_tells_state_and_waiters() -> None:
    async def main() -> None:
        event = eagerloop.Event()
        assert re.fullmatch(r"<[\w.]*Event object at 0x[0-9a-f]+ \[unset\]>", repr(event))
        waiting = eagerloop.create_task(event.wait())
        await turns()
        assert repr(event).endswith(" [unset, waiters:1]>")
        event.set()
        assert repr(event).endswith(" [set, waiters:1]>")
        await waiting
        assert repr(event).endswith(" [set]>")

    eagerloop.run(main())


def test_set_wakes_everybody_in_order() -> None:
    async def main() -> None:
        event = eagerloop.Event()
        woken = []

        async def worker(number: int) -> None:
            assert await event.wait() is True
            woken.append(number)

        tasks = [eagerloop.create_task(worker(number)) for number in range(5)]
        await turns()
        assert woken == []
        event.set()
        await eagerloop.gather(*tasks)
        assert woken == [0, 1, 2, 3, 4]
        assert not event._waiters

    eagerloop.run(main())


def test_who_was_woken_returns_though_the_flag_is_cleared_again() -> None:
    async def main() -> None:
        event = eagerloop.Event()
        waiting = eagerloop.create_task(event.wait())
        await turns()
        event.set()
        event.clear()
        late = eagerloop.create_task(event.wait())
        assert await waiting is True
        await turns()
        assert not late.done()
        event.set()
        assert await late is True

    eagerloop.run(main())


def test_cancelled_waiter_leaves_and_the_others_are_woken() -> None:
    async def main() -> None:
        event = eagerloop.Event()
        cancelled = eagerloop.create_task(event.wait())
        other = eagerloop.create_task(event.wait())
        await turns()
        cancelled.cancel()
        event.set()
        with pytest.raises(eagerloop.CancelledError):
            await cancelled
        assert await other is True
        assert not event._waiters

    eagerloop.run(main())


def test_closed_wait_leaves_the_line() -> None:
    async def main() -> None:
        event = eagerloop.Event()
        waiting = event.wait()
        waiting.send(None)
        assert len(event._waiters) == 1
        waiting.close()
        assert not event._waiters

    eagerloop.run(main())


def test_an_event_belongs_to_the_loop_that_first_waited() -> None:
    event = eagerloop.Event()

    async def wait_in_vain() -> None:
        with pytest.raises(TimeoutError):
            await eagerloop.wait_for(event.wait(), 0.001)

    async def elsewhere() -> None:
        with pytest.raises(RuntimeError, match="is bound to a different event loop"):
            await event.wait()

    eagerloop.run(wait_in_vain())
    eagerloop.run(elsewhere())
