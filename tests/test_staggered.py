"""staggered_race: who wins, what becomes of the others, and what is left behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

import eagerloop
from eagerloop.staggered import staggered_race

Attempt = Callable[[], Coroutine[Any, Any, Any]]


def succeeds(result: object, after: float = 0) -> Attempt:
    async def attempt() -> object:
        await eagerloop.sleep(after)
        return result

    return attempt


def fails(after: float = 0) -> Attempt:
    async def attempt() -> None:
        await eagerloop.sleep(after)
        raise ValueError("no")

    return attempt


def at_once(result: object) -> Attempt:
    async def attempt() -> object:
        return result

    return attempt


@pytest.fixture(params=["lazy", "eager"])
def race(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Runs a race to its end; no task may be left."""

    def run(*attempts: Attempt, delay: float | None) -> Any:
        async def main() -> Any:
            loop = eagerloop.get_running_loop()
            if request.param == "eager":
                loop.set_task_factory(eagerloop.eager_task_factory)
            try:
                return await staggered_race(attempts, delay)
            finally:
                assert eagerloop.all_tasks() == {eagerloop.current_task()}

        return eagerloop.run(main())

    return run


def kinds(exceptions: list[BaseException | None]) -> list[type]:
    return [type(each) for each in exceptions]


NONE, ERROR, CANCELLED = type(None), ValueError, eagerloop.CancelledError


def test_nobody_runs(race: Callable[..., Any]) -> None:
    assert race(delay=None) == (None, None, [])


@pytest.mark.parametrize("delay", [None, 0, 30])
def test_the_first_wins(race: Callable[..., Any], delay: float | None) -> None:
    assert race(succeeds("a"), delay=delay) == ("a", 0, [None])


def test_one_that_needs_no_waiting_wins_before_another_starts(race: Callable[..., Any]) -> None:
    assert race(at_once("a"), at_once("b"), delay=30) == ("a", 0, [None])


@pytest.mark.parametrize("delay", [None, 30])
def test_a_failure_starts_the_next(race: Callable[..., Any], delay: float | None) -> None:
    began = time.monotonic()
    result, winner, exceptions = race(fails(), fails(), succeeds("c"), delay=delay)
    assert (result, winner, kinds(exceptions)) == ("c", 2, [ERROR, ERROR, NONE])
    assert time.monotonic() - began < 10


def test_all_fail(race: Callable[..., Any]) -> None:
    result, winner, exceptions = race(fails(0.02), fails(), delay=0.01)
    assert (result, winner, kinds(exceptions)) == (None, None, [ERROR, ERROR])


def test_the_delay_starts_the_next_and_the_slow_one_is_cancelled(race: Callable[..., Any]) -> None:
    result, winner, exceptions = race(succeeds("a", 30), succeeds("b"), delay=0.01)
    assert (result, winner, kinds(exceptions)) == ("b", 1, [CANCELLED, NONE])


def test_a_slow_one_still_wins_over_a_later_one(race: Callable[..., Any]) -> None:
    result, winner, exceptions = race(succeeds("a", 0.03), succeeds("b", 30), delay=0.01)
    assert (result, winner, kinds(exceptions)) == ("a", 0, [NONE, CANCELLED])


def test_of_two_that_become_ready_together_one_wins(race: Callable[..., Any]) -> None:
    gate = eagerloop.Event()

    def waits(result: str) -> Attempt:
        async def attempt() -> str:
            await gate.wait()
            return result

        return attempt

    async def opens() -> None:
        gate.set()
        await eagerloop.sleep(30)

    result, winner, exceptions = race(waits("a"), waits("b"), opens, delay=0.01)
    assert (result, winner) == ("a", 0)
    assert kinds(exceptions) == [NONE, CANCELLED, CANCELLED]


def test_a_cancellation_stops_every_attempt() -> None:
    async def main() -> None:
        attempts = [succeeds("a", 30), succeeds("b", 30)]
        task = eagerloop.create_task(staggered_race(attempts, 0.01))
        await eagerloop.sleep(0.05)
        task.cancel("enough")
        with pytest.raises(eagerloop.CancelledError):
            await task
        assert eagerloop.all_tasks() == {eagerloop.current_task()}

    eagerloop.run(main())


def test_who_races_is_known_to_await_its_attempts() -> None:
    async def main() -> None:
        seen: list[Any] = []

        async def attempt() -> None:
            await eagerloop.sleep(0)
            graph = eagerloop.capture_call_graph()
            assert graph is not None
            seen.extend(each.future for each in graph.awaited_by)

        await staggered_race([attempt], None)
        assert seen == [eagerloop.current_task()]

    eagerloop.run(main())
