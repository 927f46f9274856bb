"""gather(): results in order, errors, cancellation, eager children."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import eagerloop
from tests.conftest import Run


async def after(turns: int) -> int:
    for _ in range(turns):
        await eagerloop.sleep(0)
    return turns


async def fail_after(turns: int) -> None:
    await after(turns)
    raise ValueError(f"failed after {turns}")


def test_results_in_the_order_of_the_arguments(run: Run) -> None:
    async def main() -> None:
        future: Any = eagerloop.get_running_loop().create_future()
        future.set_result("future")
        task = eagerloop.create_task(after(2))
        assert await eagerloop.gather(after(5), future, task, after(0)) == [5, "future", 2, 0]

    run(main)


def test_nothing_to_gather(run: Run) -> None:
    async def main() -> None:
        assert await eagerloop.gather() == []

    run(main)


def test_one_given_twice_runs_once(run: Run) -> None:
    async def main() -> None:
        coro = after(1)
        assert await eagerloop.gather(coro, after(2), coro) == [1, 2, 1]

    run(main)


def test_one_without_a_hash_is_an_error_in_its_turn(run: Run) -> None:
    class Unhashable:
        __hash__: Any = None

        def __await__(self) -> Any:
            return iter(())

    async def main() -> None:
        ran: list[int] = []
        with pytest.raises(TypeError, match="unhashable"):
            await eagerloop.gather(note(ran), Unhashable())
        await eagerloop.sleep(0)
        assert ran == [1]

    async def note(ran: list[int]) -> None:
        ran.append(1)

    run(main)


def test_the_first_exception_comes_at_once(run: Run) -> None:
    async def main() -> None:
        slow = eagerloop.create_task(after(9))
        with pytest.raises(ValueError, match="failed after 2"):
            await eagerloop.gather(slow, fail_after(2), fail_after(4))
        assert not slow.done()
        assert await slow == 9

    run(main)


def test_exceptions_as_results(run: Run) -> None:
    async def main() -> None:
        cancelled: Any = eagerloop.get_running_loop().create_future()
        cancelled.cancel("why")
        results = await eagerloop.gather(fail_after(1), after(2), cancelled, return_exceptions=True)
        assert isinstance(results[0], ValueError)
        assert results[1] == 2
        assert isinstance(results[2], asyncio.CancelledError)
        assert results[2].args == ("why",)

    run(main)


def test_a_cancelled_child_does_not_cancel_the_parent(run: Run) -> None:
    async def main() -> None:
        children = [eagerloop.create_task(after(9)) for _ in range(2)]
        parent = eagerloop.gather(*children)
        await eagerloop.sleep(0)
        children[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await parent
        assert not parent.cancelled()
        assert await children[1] == 9

    run(main)


@pytest.mark.parametrize("return_exceptions", [False, True])
def test_cancelling_the_parent_cancels_the_children(run: Run, return_exceptions: bool) -> None:
    async def main() -> None:
        children = [eagerloop.create_task(eagerloop.sleep(10)) for _ in range(3)]
        parent = eagerloop.gather(*children, return_exceptions=return_exceptions)
        await eagerloop.sleep(0)
        assert parent.cancel("stop")
        with pytest.raises(asyncio.CancelledError, match="stop"):
            await parent
        assert all(child.cancelled() for child in children)
        assert not parent.cancel()

    run(main)


def test_cancelling_the_waiting_task_cancels_the_children(run: Run) -> None:
    async def main() -> None:
        children = [eagerloop.create_task(eagerloop.sleep(10)) for _ in range(3)]

        async def wait() -> None:
            await eagerloop.gather(*children)

        task = eagerloop.create_task(wait())
        await eagerloop.sleep(0)
        await eagerloop.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert all(child.cancelled() for child in children)

    run(main)


def test_eager_children_that_are_done_make_a_parent_that_is() -> None:
    async def main() -> None:
        parent = eagerloop.gather(*(after(0) for _ in range(10)))
        assert parent.done()
        assert await parent == [0] * 10
        failing = eagerloop.gather(after(0), fail_after(0), return_exceptions=True)
        assert failing.done()
        results = await failing
        assert results[0] == 0
        assert isinstance(results[1], ValueError)

    eagerloop.run(main(), eager=True)


def test_outside_a_running_loop(loop: Any) -> None:
    parent = eagerloop.gather(*(loop.create_task(after(turns)) for turns in range(3)))
    assert loop.run_until_complete(parent) == [0, 1, 2]


def test_a_wrong_argument_leaves_no_report(run: Run) -> None:
    async def main() -> None:
        reports: list[Any] = []
        eagerloop.get_running_loop().set_exception_handler(
            lambda _, context: reports.append(context)
        )
        wrong: Any = 1
        with pytest.raises(TypeError, match="an awaitable is required"):
            await eagerloop.gather(fail_after(0), wrong)
        await after(5)
        assert not reports

    run(main)


def test_children_show_who_waits_for_them(run: Run) -> None:
    async def main() -> None:
        children = [eagerloop.create_task(after(30)), eagerloop.create_task(fail_after(1))]
        parent = eagerloop.gather(*children)  # type: ignore[call-overload]
        waiting = eagerloop.current_task()
        assert all(waiting in (child._asyncio_awaited_by or ()) for child in children)  # type: ignore[attr-defined]
        with pytest.raises(ValueError, match="failed"):
            await parent
        assert not children[0]._asyncio_awaited_by  # type: ignore[attr-defined]
        await children[0]  # type: ignore[misc]

    run(main)
