"""Semaphore: a place is taken when it is promised; BoundedSemaphore counts what comes back."""

from __future__ import annotations

import re
from typing import Any

import pytest

import eagerloop
from tests.sync.support import at_once, turns

KINDS = [eagerloop.Semaphore, eagerloop.BoundedSemaphore]
each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
def test_a_free_place_is_taken_in_the_first_step_without_a_loop(
    kind: type[eagerloop.Semaphore],
) -> None:
    semaphore = kind(2)
    assert at_once(semaphore.acquire()) is True
    assert at_once(semaphore.__aenter__()) is None
    assert semaphore.locked()
    assert semaphore._value == 0
    assert at_once(semaphore.__aexit__(None, None, None)) is None
    semaphore.release()
    assert semaphore._value == 2
    assert semaphore._loop is None


@each_kind
def test_a_negative_value_is_an_error(kind: type[eagerloop.Semaphore]) -> None:
    with pytest.raises(ValueError, match=r"^Semaphore initial value must be >= 0$"):
        kind(-1)


def test_an_infinite_value_never_locks() -> None:
    semaphore = eagerloop.Semaphore(float("inf"))
    for _ in range(100):
        at_once(semaphore.acquire())
    assert not semaphore.locked()


def test_release_beyond_the_bound_is_an_error() -> None:
    semaphore = eagerloop.BoundedSemaphore(1)
    at_once(semaphore.acquire())
    semaphore.release()
    with pytest.raises(ValueError, match=r"^BoundedSemaphore released too many times$"):
        semaphore.release()
    unbounded = eagerloop.Semaphore(1)
    unbounded.release()
    assert unbounded._value == 2


@each_kind
def test_repr_tells_value_and_waiters(kind: type[eagerloop.Semaphore]) -> None:
    async def main() -> None:
        semaphore = kind()
        name = kind.__name__
        assert re.fullmatch(
            rf"<[\w.]*{name} object at 0x[0-9a-f]+ \[unlocked, value:1\]>", repr(semaphore)
        )
        await semaphore.acquire()
        assert repr(semaphore).endswith(" [locked]>")
        waiting = eagerloop.create_task(semaphore.acquire())
        await turns()
        assert repr(semaphore).endswith(" [locked, waiters:1]>")
        semaphore.release()
        await waiting

    eagerloop.run(main())


@each_kind
def test_never_more_holders_than_places_and_all_in_order(kind: type[eagerloop.Semaphore]) -> None:
    async def main() -> None:
        semaphore = kind(3)
        inside = 0
        most = 0
        served = []

        async def worker(number: int) -> None:
            nonlocal inside, most
            async with semaphore:
                served.append(number)
                inside += 1
                most = max(most, inside)
                await turns(number % 3)
                inside -= 1

        await eagerloop.gather(*(worker(number) for number in range(20)))
        assert most == 3
        assert served == list(range(20))
        assert semaphore._value == 3

    eagerloop.run(main())


@each_kind
def test_nobody_overtakes_a_waiter_that_was_promised_a_place(
    kind: type[eagerloop.Semaphore],
) -> None:
    async def main() -> None:
        semaphore = kind(1)
        order = []

        async def worker(name: str) -> None:
            async with semaphore:
                order.append(name)

        await semaphore.acquire()
        first = eagerloop.create_task(worker("waited"))
        await turns()
        semaphore.release()
        assert semaphore.locked()
        async with semaphore:
            order.append("came later")
        await first
        assert order == ["waited", "came later"]

    eagerloop.run(main())


def test_many_places_returned_at_once_wake_as_many_waiters() -> None:
    async def main() -> None:
        semaphore = eagerloop.Semaphore(0)
        tasks = [eagerloop.create_task(semaphore.acquire()) for _ in range(5)]
        await turns()
        for _ in range(3):
            semaphore.release()
        await turns()
        assert [task.done() for task in tasks] == [True, True, True, False, False]
        assert semaphore._value == 0
        semaphore.release()
        semaphore.release()
        await eagerloop.gather(*tasks)

    eagerloop.run(main())


@pytest.mark.parametrize("release_first", [True, False])
def test_a_cancelled_waiter_gives_its_place_to_the_next(release_first: bool) -> None:
    async def main() -> None:
        semaphore = eagerloop.Semaphore(0)
        cancelled = eagerloop.create_task(semaphore.acquire())
        other = eagerloop.create_task(semaphore.acquire())
        await turns()
        if release_first:
            semaphore.release()
            cancelled.cancel()
        else:
            cancelled.cancel()
            semaphore.release()
        await turns(5)
        assert cancelled.cancelled()
        assert other.done()
        assert semaphore._value == 0
        assert not semaphore._waiters

    eagerloop.run(main())


def test_a_place_promised_to_a_cancelled_waiter_comes_back() -> None:
    async def main() -> None:
        semaphore = eagerloop.BoundedSemaphore(1)
        await semaphore.acquire()
        waiting = eagerloop.create_task(semaphore.acquire())
        await turns()
        semaphore.release()
        assert semaphore._value == 0
        waiting.cancel()
        await turns()
        assert semaphore._value == 1
        assert at_once(semaphore.acquire()) is True

    eagerloop.run(main())


def test_a_closed_waiter_gives_its_place_back() -> None:
    async def main() -> None:
        semaphore = eagerloop.Semaphore(0)
        waiting = semaphore.acquire()
        waiting.send(None)
        semaphore.release()
        waiting.close()
        assert semaphore._value == 1
        assert not semaphore._waiters

    eagerloop.run(main())


def test_a_subclass_is_met_by_its_own_methods() -> None:
    class Gate(eagerloop.Semaphore):
        shut = False

        def locked(self) -> bool:
            return self.shut or super().locked()

    calls = []

    class Logged(eagerloop.BoundedSemaphore):
        def release(self) -> None:
            calls.append("release")
            super().release()

    async def main() -> None:
        gate: Any = Gate(1)
        gate.shut = True
        with pytest.raises(TimeoutError):
            await eagerloop.wait_for(gate.acquire(), 0.001)
        gate.shut = False
        async with gate:
            assert gate.locked()
        async with Logged(1):
            pass
        assert calls == ["release"]

    eagerloop.run(main())


def test_a_semaphore_belongs_to_the_loop_that_first_waited() -> None:
    semaphore = eagerloop.Semaphore(0)

    async def wait_in_vain() -> None:
        with pytest.raises(TimeoutError):
            await eagerloop.wait_for(semaphore.acquire(), 0.001)

    async def elsewhere() -> None:
        with pytest.raises(RuntimeError, match="is bound to a different event loop"):
            await semaphore.acquire()

    eagerloop.run(wait_in_vain())
    eagerloop.run(elsewhere())
