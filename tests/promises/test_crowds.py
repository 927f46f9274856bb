"""A crowd of tasks hides its coroutines from the collector while it waits, and nobody is the wiser."""

import gc
import weakref
from collections.abc import Coroutine
from typing import Any

import pytest

import eagerloop
from eagerloop.core import task

Loop = eagerloop.EventLoop

CROWD = 3 * 500


async def light(ran: list[int], number: int) -> int:
    ran.append(number)
    return number


def crowd(loop: Loop, ran: list[int]) -> tuple[list[Any], list[Any]]:
    coroutines: list[Coroutine[Any, Any, int]] = [light(ran, number) for number in range(CROWD)]
    return coroutines, [loop.create_task(coroutine) for coroutine in coroutines]


def test_the_collector_walks_only_the_first_of_them(loop: Loop) -> None:
    ran: list[int] = []
    coroutines, tasks = crowd(loop, ran)
    compiled = not task.__file__.endswith(".py")
    assert [gc.is_tracked(one) for one in coroutines].count(False) == (CROWD - 500) * compiled
    gc.collect()
    assert loop.run_until_complete(eagerloop.gather(*tasks)) == ran == list(range(CROWD))
    assert all(gc.is_tracked(one) for one in coroutines)


def test_a_loop_that_is_closed_shows_them_again(
    loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    coroutines, tasks = crowd(loop, [])
    kept = tasks[-1]
    loop.close()
    assert all(gc.is_tracked(one) for one in coroutines)
    del tasks
    for one in coroutines:
        one.close()
    del coroutines, one
    assert kept.get_coro().cr_frame is None
    assert not kept.done()
    del kept
    gc.collect()
    assert caplog.text.count("Task was destroyed but it is pending!") == CROWD


def test_they_can_be_settled_closed_or_cancelled_where_they_wait(loop: Loop) -> None:
    ran: list[int] = []
    coroutines, tasks = crowd(loop, ran)
    reports: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: reports.append(context))
    *others, settled, closed, cancelled = tasks
    eagerloop.Future.set_result(settled, "from outside")
    coroutines[-2].close()
    cancelled.cancel()
    loop.run_until_complete(eagerloop.wait(others))
    assert settled.result() == "from outside"
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        closed.result()
    assert cancelled.cancelled()
    assert [str(report["exception"])[:23] for report in reports] == ["__step(): already done:"]
    assert ran == list(range(CROWD - 3))
    assert all(gc.is_tracked(one) for one in coroutines)
    coroutines[-3].close()


@pytest.mark.parametrize("seconds", [0, 0.01])
def test_a_cycle_through_one_of_them_is_collected_after_its_end(loop: Loop, seconds: float) -> None:
    async def knows_itself(own: list[Any]) -> None:
        await eagerloop.sleep(seconds)
        own.append(own)

    lists: list[list[Any]] = [[] for _ in range(CROWD)]
    tasks = [loop.create_task(knows_itself(own)) for own in lists]
    for own, one in zip(lists, tasks, strict=True):
        own.append(one)
    seen = [weakref.ref(one) for one in tasks]
    loop.run_until_complete(eagerloop.wait(tasks))
    del own, one, tasks
    lists.clear()
    gc.collect()
    assert not [found for found in (ref() for ref in seen) if found is not None]


async def sleeper(woken: list[int], number: int, seconds: float) -> None:
    await eagerloop.sleep(seconds)
    woken.append(number)


def asleep(loop: Loop, woken: list[int], seconds: float) -> tuple[list[Any], list[Any]]:
    coroutines = [sleeper(woken, number, seconds) for number in range(CROWD)]
    tasks = [loop.create_task(coroutine) for coroutine in coroutines]
    for _ in range(2):
        loop.run_until_complete(eagerloop.sleep(0))
    return coroutines, tasks


def test_of_sleeping_tasks_it_walks_only_the_first(loop: Loop) -> None:
    woken: list[int] = []
    coroutines, tasks = asleep(loop, woken, 0.05)
    compiled = not task.__file__.endswith(".py")
    for hidden in (coroutines, tasks, [one._fut_waiter for one in tasks]):
        assert [gc.is_tracked(one) for one in hidden].count(False) == (CROWD - 500) * compiled
    del hidden
    gc.collect()
    loop.run_until_complete(eagerloop.wait(tasks))
    assert woken == list(range(CROWD))
    assert all(gc.is_tracked(one) for one in (*coroutines, *tasks))


def test_a_loop_that_is_closed_shows_the_sleeping_too(
    loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    coroutines, tasks = asleep(loop, [], 60)
    seen = [weakref.ref(one) for one in (*coroutines, *tasks)]
    loop.close()
    assert all(gc.is_tracked(one) for one in (*coroutines, *tasks))
    del coroutines, tasks
    gc.collect()
    assert not [found for found in (ref() for ref in seen) if found is not None]
    assert caplog.text.count("Task was destroyed but it is pending!") == CROWD


def test_the_sleeping_can_be_settled_closed_cancelled_or_forgotten(loop: Loop) -> None:
    woken: list[int] = []
    coroutines, tasks = asleep(loop, woken, 0.05)
    reports: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: reports.append(context))
    *others, settled, closed, cancelled, forgotten = tasks
    eagerloop.Future.set_result(settled, "from outside")
    coroutines[-3].close()
    cancelled.cancel()
    assert forgotten._fut_waiter.remove_done_callback(forgotten._wakeup) == 1
    seen = weakref.ref(forgotten)
    forgotten._log_destroy_pending = False
    del forgotten, tasks[-1], coroutines[-1]
    gc.collect()
    assert seen() is None
    loop.run_until_complete(eagerloop.wait(others))
    loop.run_until_complete(eagerloop.sleep(0.06))
    assert settled.result() == "from outside"
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        closed.result()
    assert cancelled.cancelled()
    assert [str(report["exception"])[:23] for report in reports] == ["__step(): already done:"]
    assert woken == list(range(CROWD - 4))
    coroutines[-3].close()
