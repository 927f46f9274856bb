"""Overseer: told of each future that is done, in its turn, and visible as a callback."""

from __future__ import annotations

from typing import Any

import pytest

import eagerloop
from tests.conftest import Run

Loop = eagerloop.EventLoop


async def after(turns: int) -> None:
    for _ in range(turns):
        await eagerloop.sleep(0)


def test_an_overseen_task_shows_callback_and_parent(run: Run) -> None:
    async def main() -> None:
        async with eagerloop.TaskGroup() as group:
            task: Any = group.create_task(after(1))
            ((callback, context),) = task._callbacks
            assert callback == group._on_task_done
            assert "TaskGroup._on_task_done" in repr(task)
            assert context.run(lambda: 1) == 1
            assert task._asyncio_awaited_by == {eagerloop.current_task()}

    run(main)


def test_callbacks_and_overseer_are_called_in_their_order(run: Run) -> None:
    async def main() -> None:
        order: list[str] = []
        async with eagerloop.TaskGroup() as group:
            task: Any = group.create_task(after(1))
            task.add_done_callback(lambda _: order.append(f"{len(group._tasks)} left"))
        assert order == ["0 left"]

    run(main)


def test_an_overseer_can_be_removed_like_a_callback(run: Run) -> None:
    async def main() -> None:
        parent: Any = eagerloop.gather(task := eagerloop.create_task(after(1)), after(1))
        ((callback, _),) = task._callbacks
        assert task.remove_done_callback(callback) == 1
        await after(3)
        assert task.done()
        assert not parent.done()
        parent.cancel()

    run(main)


def test_what_an_overseer_raises_goes_to_the_exception_handler(run: Run) -> None:
    class Stubborn(eagerloop.Task[Any]):
        def cancel(self, msg: Any = None) -> bool:
            raise ValueError("no")

    async def fail() -> None:
        raise OSError

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        reports: list[Any] = []
        loop.set_exception_handler(lambda _, context: reports.append(context["exception"]))
        with pytest.raises(ExceptionGroup) as caught:
            async with eagerloop.TaskGroup() as group:
                loop.set_task_factory(lambda loop, coro, **rest: Stubborn(coro, loop=loop, **rest))
                group.create_task(after(5))
                loop.set_task_factory(None)
                group.create_task(fail())
                await after(8)
        assert [type(error) for error in caught.value.exceptions] == [OSError]
        assert [str(report) for report in reports] == ["no"]

    run(main)


def test_a_lone_overseer_is_told_at_the_childs_end(run: Run) -> None:
    async def main() -> None:
        async with eagerloop.TaskGroup() as group:
            group.create_task(after(1))
            other = group.create_task(after(1))
            await after(2)
            assert other.done()
            assert not group._tasks

    run(main)


def test_who_else_waits_for_a_child_hears_before_the_group_ends(run: Run) -> None:
    async def main() -> None:
        order: list[str] = []
        for make in (in_group, in_gather):
            child = eagerloop.create_task(after(1))
            child.add_done_callback(lambda _: order.append("callback"))
            await make(child)
            order.append("parent")
        assert order == ["callback", "parent"] * 2

    async def in_group(child: Any) -> None:
        async with eagerloop.TaskGroup() as group:
            task = group.create_task(after(1))
            task.add_done_callback(lambda _: None)
            await child

    async def in_gather(child: Any) -> None:
        await eagerloop.gather(child, after(1))

    run(main)


def test_what_a_lone_overseer_raises_goes_to_the_exception_handler(run: Run) -> None:
    class Moody(eagerloop.Future[int]):
        def cancelled(self) -> bool:
            raise ValueError("no")

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        told: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _, context: told.append(context))
        moody = Moody(loop=loop)
        moody.set_result(1)
        parent = eagerloop.gather(moody, after(1), return_exceptions=True)
        await after(3)
        assert [str(context["exception"]) for context in told] == ["no"]
        assert not parent.done()

    run(main)


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_an_exit_out_of_an_overseer_ends_the_run(loop: Loop, kind: type[BaseException]) -> None:
    class Leaving(eagerloop.Task[Any]):
        def cancel(self, msg: Any = None) -> bool:
            raise kind("now")

    async def fail() -> None:
        raise OSError

    async def main() -> None:
        async with eagerloop.TaskGroup() as group:
            loop.set_task_factory(lambda loop, coro, **rest: Leaving(coro, loop=loop, **rest))
            leaving.append(group.create_task(after(5)))
            loop.set_task_factory(None)
            group.create_task(fail())

    leaving: list[Any] = []
    task = loop.create_task(main())
    with pytest.raises(kind, match="now"):
        loop.run_until_complete(task)
    loop.run_until_complete(eagerloop.wait(leaving))
    with pytest.raises(ExceptionGroup):
        loop.run_until_complete(task)
