"""Lock: uncontended it needs no loop; contended it serves in order, whatever is cancelled."""

from __future__ import annotations

import gc
import re
import weakref
from typing import Any

import pytest

import eagerloop
from tests.sync.support import at_once, turns


def test_uncontended_acquire_finishes_in_its_first_step_without_a_loop() -> None:
    lock = eagerloop.Lock()
    assert at_once(lock.acquire()) is True
    assert lock.locked()
    lock.release()
    assert not lock.locked()
    assert lock._waiters is None
    assert lock._loop is None


def test_uncontended_block_needs_no_loop() -> None:
    lock = eagerloop.Lock()
    assert at_once(lock.__aenter__()) is None
    assert lock.locked()
    assert at_once(lock.__aexit__(None, None, None)) is None
    assert not lock.locked()


def test_nothing_happens_before_the_await() -> None:
    lock = eagerloop.Lock()
    entering = lock.acquire()
    assert not lock.locked()
    entering.close()
    assert not lock.locked()


def test_an_acquire_is_awaited_once() -> None:
    lock = eagerloop.Lock()
    acquiring = lock.acquire()
    at_once(acquiring)
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        acquiring.send(None)


def test_release_of_a_free_lock_is_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"^Lock is not acquired\.$"):
        eagerloop.Lock().release()


def test_leaving_the_block_releases_after_an_error() -> None:
    async def main() -> None:
        async with lock as nothing:
            assert nothing is None
            assert lock.locked()
            raise ZeroDivisionError

    lock = eagerloop.Lock()
    with pytest.raises(ZeroDivisionError):
        eagerloop.run(main())
    assert not lock.locked()


def test_repr_tells_state_and_waiters() -> None:
    async def main() -> None:
        lock = eagerloop.Lock()
        assert re.fullmatch(r"<[\w.]*Lock object at 0x[0-9a-f]+ \[unlocked\]>", repr(lock))
        await lock.acquire()
        assert repr(lock).endswith(" [locked]>")
        waiting = eagerloop.create_task(lock.acquire())
        await turns()
        assert repr(lock).endswith(" [locked, waiters:1]>")
        lock.release()
        await waiting

    eagerloop.run(main())


def test_waiters_are_served_in_order_one_for_each_release() -> None:
    async def main() -> None:
        lock = eagerloop.Lock()
        served = []

        async def worker(number: int) -> None:
            assert await lock.acquire() is True
            served.append(number)

        await lock.acquire()
        tasks = [eagerloop.create_task(worker(number)) for number in range(4)]
        for count in range(4):
            await turns()
            assert served == list(range(count))
            lock.release()
        await eagerloop.gather(*tasks)
        assert served == [0, 1, 2, 3]
        assert lock.locked()

    eagerloop.run(main())


def test_nobody_overtakes_a_waiter_that_was_promised_the_lock() -> None:
    async def main() -> None:
        lock = eagerloop.Lock()
        order = []

        async def worker(name: str) -> None:
            async with lock:
                order.append(name)

        await lock.acquire()
        first = eagerloop.create_task(worker("waited"))
        await turns()
        lock.release()
        assert not lock.locked()
        # Free, but promised: this one has to go to the end of the line.
        async with lock:
            order.append("came later")
        await first
        assert order == ["waited", "came later"]

    eagerloop.run(main())


def test_cancelled_waiter_leaves_the_line() -> None:
    async def main() -> None:
        lock = eagerloop.Lock()
        await lock.acquire()
        waiting = eagerloop.create_task(lock.acquire())
        await turns()
        waiting.cancel("enough")
        with pytest.raises(eagerloop.CancelledError) as caught:
            await waiting
        assert caught.value.args == ("enough",)
        assert not lock._waiters
        assert lock.locked()

    eagerloop.run(main())


@pytest.mark.parametrize("release_first", [True, False])
def test_cancel_and_release_in_the_same_turn_serve_the_next(release_first: bool) -> None:
    async def main() -> None:
        lock = eagerloop.Lock()
        await lock.acquire()
        cancelled = eagerloop.create_task(lock.acquire())
        other = eagerloop.create_task(lock.acquire())
        await turns()
        if release_first:
            lock.release()
            cancelled.cancel()
        else:
            cancelled.cancel()
            lock.release()
        await turns(5)
        assert cancelled.cancelled()
        assert other.done()
        assert lock.locked()
        assert not lock._waiters

    eagerloop.run(main())


def test_a_closed_waiter_hands_its_promise_on() -> None:
    async def main() -> None:
        lock = eagerloop.Lock()
        await lock.acquire()
        closed = lock.acquire()
        closed.send(None)
        other = eagerloop.create_task(lock.acquire())
        await turns()
        lock.release()
        closed.close()
        await eagerloop.wait_for(other, 5)
        assert not lock._waiters

    eagerloop.run(main())


def test_a_free_lock_with_cancelled_waiters_only_is_taken_at_once() -> None:
    async def main() -> None:
        lock = eagerloop.Lock()
        await lock.acquire()
        late = eagerloop.create_task(lock.acquire())
        await turns()
        # Cancelled, but its task has not run yet, so it still stands in the line.
        late.cancel()
        lock.release()
        assert lock._waiters
        assert at_once(lock.acquire()) is True
        await turns()
        assert late.cancelled()
        assert not lock._waiters

    eagerloop.run(main())


def test_a_lock_belongs_to_the_loop_that_first_waited() -> None:
    lock = eagerloop.Lock()

    async def contend() -> None:
        await lock.acquire()
        try:
            with pytest.raises(TimeoutError):
                await eagerloop.wait_for(lock.acquire(), 0.001)
        finally:
            lock.release()

    async def elsewhere() -> None:
        async with lock:  # uncontended: any loop will do
            with pytest.raises(RuntimeError, match="is bound to a different event loop"):
                await lock.acquire()

    eagerloop.run(contend())
    eagerloop.run(elsewhere())


def test_a_wait_outside_a_loop_is_an_error() -> None:
    lock = eagerloop.Lock()
    at_once(lock.acquire())
    with pytest.raises(RuntimeError, match="no running event loop"):
        lock.acquire().send(None)


def test_a_subclass_is_entered_by_its_own_methods() -> None:
    calls = []

    class Logged(eagerloop.Lock):
        async def acquire(self) -> bool:
            calls.append("acquire")
            return await super().acquire()

        def release(self) -> None:
            calls.append("release")
            super().release()

    async def main() -> None:
        lock = Logged()
        async with lock:
            assert lock.locked()
        assert not lock.locked()
        assert calls == ["acquire", "release"]

    eagerloop.run(main())


def test_a_lock_takes_attributes_and_weak_references() -> None:
    lock: Any = eagerloop.Lock()
    lock.owner = "me"
    assert lock.owner == "me"
    reference = weakref.ref(lock)
    del lock
    gc.collect()
    assert reference() is None
