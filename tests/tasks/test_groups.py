"""TaskGroup: children and body end together, in CPython's newest order."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import eagerloop
from tests.conftest import Run


@pytest.fixture(params=[False, True], ids=["lazy", "eager"])
def run_both(request: pytest.FixtureRequest) -> Run:
    """Runs a test with lazy and with eager tasks."""

    def call(main: Any, *args: object) -> Any:
        return eagerloop.run(main(*args), eager=request.param)

    return call


async def after(turns: int, result: Any = None) -> Any:
    for _ in range(turns):
        await eagerloop.sleep(0)
    return result


async def fail(turns: int = 0, error: type[BaseException] = ValueError) -> None:
    await after(turns)
    raise error("failed")


def cancelling() -> int:
    task: Any = eagerloop.current_task()
    count: int = task.cancelling()
    return count


@contextmanager
def raises_group(*expected: type[BaseException]) -> Iterator[None]:
    with pytest.raises(BaseExceptionGroup, match="unhandled errors in a TaskGroup") as caught:
        yield
    assert {type(error) for error in caught.value.exceptions} == set(expected)


def test_waits_for_all(run_both: Run) -> None:
    async def main() -> None:
        async with eagerloop.TaskGroup() as group:
            tasks = [group.create_task(after(turns, turns)) for turns in (3, 0, 5)]
        assert [task.result() for task in tasks] == [3, 0, 5]
        assert repr(group) == "<TaskGroup entered>"

    run_both(main)


def test_keywords_go_to_the_task(run: Run) -> None:
    async def main() -> None:
        async with eagerloop.TaskGroup() as group:
            task = group.create_task(after(0, "now"), name="child", eager_start=True)
            assert task.get_name() == "child"
            assert task.result() == "now"
            assert not group._tasks

    run(main)


def test_a_failing_child_cancels_the_rest(run_both: Run) -> None:
    async def main() -> None:
        with raises_group(ValueError):
            async with eagerloop.TaskGroup() as group:
                sibling = group.create_task(eagerloop.sleep(10))
                group.create_task(fail(2))
                await eagerloop.sleep(10)
        assert sibling.cancelled()
        assert cancelling() == 0

    run_both(main)


def test_all_errors_come_out(run_both: Run) -> None:
    async def cleanup() -> None:
        try:
            await eagerloop.sleep(10)
        finally:
            raise OSError("in cleanup")

    async def main() -> None:
        with raises_group(ValueError, OSError, KeyError):
            async with eagerloop.TaskGroup() as group:
                group.create_task(cleanup())
                group.create_task(fail(1))
                try:
                    await eagerloop.sleep(10)
                finally:
                    raise KeyError("body")
        assert cancelling() == 0

    run_both(main)


def test_a_child_that_fails_at_its_first_step(run_both: Run) -> None:
    async def main() -> None:
        with raises_group(ValueError):
            async with eagerloop.TaskGroup() as group:
                group.create_task(fail())
                interrupted = True
                await eagerloop.sleep(10)
                interrupted = False
        assert interrupted
        assert cancelling() == 0
        await eagerloop.sleep(0)

    run_both(main)


def test_a_body_that_fails_cancels_the_children(run_both: Run) -> None:
    async def main() -> None:
        with raises_group(KeyError):
            async with eagerloop.TaskGroup() as group:
                child = group.create_task(eagerloop.sleep(10))
                await eagerloop.sleep(0)
                raise KeyError
        assert child.cancelled()

    run_both(main)


def test_a_cancelled_child_is_no_error(run_both: Run) -> None:
    async def main() -> None:
        async with eagerloop.TaskGroup() as group:
            child = group.create_task(eagerloop.sleep(10))
            await eagerloop.sleep(0)
            child.cancel()
        assert child.cancelled()

    run_both(main)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_keyboard_interrupt_and_system_exit_come_out_bare(
    run: Run, error: type[BaseException]
) -> None:
    async def main() -> None:
        with pytest.raises(error):
            async with eagerloop.TaskGroup() as group:
                child = group.create_task(eagerloop.sleep(10))
                group.create_task(fail(1))
                await eagerloop.sleep(0)
                raise error
        assert child.cancelled()

    run(main)


def test_outer_cancellation_comes_out(run_both: Run) -> None:
    async def body() -> None:
        async with eagerloop.TaskGroup() as group:
            group.create_task(eagerloop.sleep(10))

    async def main() -> None:
        task = eagerloop.create_task(body())
        await after(3)
        task.cancel("outside")
        with pytest.raises(asyncio.CancelledError, match="outside"):
            await task
        assert task.cancelling() == 1

    run_both(main)


def test_an_error_wins_over_outer_cancellation_which_is_made_again(run_both: Run) -> None:
    async def body() -> None:
        with raises_group(ValueError):
            async with eagerloop.TaskGroup() as group:
                group.create_task(fail(1))
                await eagerloop.sleep(10)
        assert cancelling() == 1
        await eagerloop.sleep(10)
        raise AssertionError("the next wait must end in CancelledError")

    async def main() -> None:
        task = eagerloop.create_task(body())
        await eagerloop.sleep(0)
        await eagerloop.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run_both(main)


def test_a_cancellation_while_the_group_cancels_comes_out(run_both: Run) -> None:
    async def main() -> None:
        cancelling, release = eagerloop.Event(), eagerloop.Event()

        async def child() -> None:
            try:
                await eagerloop.sleep(10)
            finally:
                cancelling.set()
                await release.wait()

        async def body() -> None:
            async with eagerloop.TaskGroup() as group:
                group.create_task(child())
                await eagerloop.sleep(0)
                group.cancel()

        task = eagerloop.create_task(body())
        await cancelling.wait()
        task.cancel("message")
        release.set()
        with pytest.raises(asyncio.CancelledError, match="message"):
            await task

    run_both(main)


def test_cancel_ends_the_block_quietly(run_both: Run) -> None:
    async def main() -> None:
        reached = []
        async with eagerloop.TaskGroup() as group:
            child = group.create_task(eagerloop.sleep(10))
            await eagerloop.sleep(0)
            group.cancel()
            group.cancel()
            assert repr(group) == "<TaskGroup tasks=1 cancelling>"
            reached.append(1)
            await eagerloop.sleep(0)
            reached.append(2)
        assert reached == [1]
        assert child.cancelled()
        assert cancelling() == 0
        group.cancel()
        await eagerloop.sleep(0)

    run_both(main)


def test_cancel_before_the_block(run_both: Run) -> None:
    async def main() -> None:
        group = eagerloop.TaskGroup()
        group.cancel()
        async with group:
            await eagerloop.sleep(0)
            raise AssertionError("the first wait must end the block")
        assert cancelling() == 0

    run_both(main)


def test_a_child_that_cancels_the_group_before_its_first_wait(run_both: Run) -> None:
    async def child(group: eagerloop.TaskGroup) -> None:
        group.cancel()
        await eagerloop.sleep(10)

    async def main() -> None:
        async with eagerloop.TaskGroup() as group:
            task = group.create_task(child(group))
        assert task.cancelled()

    run_both(main)


def test_a_child_of_a_child_that_fails_at_its_first_step(run_both: Run) -> None:
    async def main() -> None:
        ran: list[Any] = []

        async def second() -> None:
            group.create_task(fail())
            with pytest.raises(asyncio.CancelledError):
                await after(2)
            ran.append("second")

        with raises_group(ValueError):
            async with eagerloop.TaskGroup() as group:
                group.create_task(second())
        assert ran == ["second"]

    run_both(main)


def test_create_task_at_the_wrong_time_closes_the_coroutine(run: Run) -> None:
    async def main() -> None:
        group = eagerloop.TaskGroup()
        with pytest.raises(RuntimeError, match="<TaskGroup> has not been entered"):
            group.create_task(after(0))
        async with group:
            pass
        with pytest.raises(RuntimeError, match="<TaskGroup entered> is finished"):
            group.create_task(after(0))
        async with eagerloop.TaskGroup() as group:
            group.cancel()
            with pytest.raises(RuntimeError, match="is shutting down"):
                group.create_task(after(0))
        with pytest.raises(RuntimeError, match="has already been entered"):
            async with group:
                pass

    run(main)


def test_needs_a_task(loop: eagerloop.EventLoop) -> None:
    failures: list[str] = []

    def enter() -> None:
        try:
            eagerloop.TaskGroup().__aenter__().send(None)
        except RuntimeError as error:
            failures.append(str(error))
        loop.stop()

    loop.call_soon(enter)
    loop.run_forever()
    assert failures == ["TaskGroup <TaskGroup> cannot determine the parent task"]


def test_children_may_be_added_while_the_group_waits(run_both: Run) -> None:
    async def main() -> None:
        results = []

        async def child(depth: int) -> None:
            await eagerloop.sleep(0)
            results.append(depth)
            if depth:
                group.create_task(child(depth - 1))

        async with eagerloop.TaskGroup() as group:
            group.create_task(child(3))
        assert results == [3, 2, 1, 0]

    run_both(main)


def test_the_group_keeps_its_children_alive(run: Run) -> None:
    async def main() -> None:
        async def wait() -> None:
            await eagerloop.get_running_loop().create_future()

        async with eagerloop.TaskGroup() as group:
            group.create_task(wait())
            await eagerloop.sleep(0)
            gc.collect()
            assert len(group._tasks) == 1
            group.cancel()

    run(main)


def test_children_show_their_parent(run: Run) -> None:
    async def main() -> None:
        async with eagerloop.TaskGroup() as group:
            task: Any = group.create_task(after(2))
            assert eagerloop.current_task() in task._asyncio_awaited_by
        assert not task._asyncio_awaited_by

    run(main)


def test_aclose_of_a_generator_with_a_group(run_both: Run) -> None:
    async def numbers() -> Any:
        async with eagerloop.TaskGroup() as group:
            group.create_task(eagerloop.sleep(10))
            yield 1

    async def main() -> None:
        generator = numbers()
        assert await anext(generator) == 1
        await generator.aclose()

    run_both(main)


def test_a_childs_generator_exit_is_an_error(run_both: Run) -> None:
    async def main() -> None:
        with raises_group(GeneratorExit):
            async with eagerloop.TaskGroup() as group:
                group.create_task(fail(error=GeneratorExit))

    run_both(main)


def test_a_factory_of_the_program_is_used(run: Run) -> None:
    calls: list[Any] = []

    def factory(loop: Any, coro: Coroutine[Any, Any, Any], **kwargs: Any) -> Any:
        calls.append(kwargs)
        return eagerloop.Task(coro, loop=loop, **kwargs)

    async def main() -> None:
        eagerloop.get_running_loop().set_task_factory(factory)  # type: ignore[arg-type]
        async with eagerloop.TaskGroup() as group:
            group.create_task(after(1), name="by factory")
        eagerloop.get_running_loop().set_task_factory(None)

    run(main)
    assert len(calls) == 1


def test_nothing_keeps_the_exceptions(run: Run) -> None:
    async def main() -> None:
        gc.collect()
        gc.disable()
        try:
            group = eagerloop.TaskGroup()
            error: Any = None
            try:
                async with group:
                    child = weakref.ref(group.create_task(fail(1)))
                    await eagerloop.sleep(10)
            except ExceptionGroup as caught:
                error = caught
            assert child() is None
            alive = weakref.ref(error)
            error = None
            assert alive() is None
        finally:
            gc.enable()

    run(main)


def test_on_a_loop_that_is_not_ours() -> None:
    async def main() -> None:
        with raises_group(ValueError):
            async with eagerloop.TaskGroup() as group:
                child = group.create_task(asyncio.sleep(10))
                group.create_task(fail(1))
        assert child.cancelled()
        async with eagerloop.TaskGroup() as group:
            assert await group.create_task(after(1, "ours")) == "ours"

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(main())


def test_the_errors_have_no_context(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(ExceptionGroup) as raised:
            async with eagerloop.TaskGroup() as group:
                group.create_task(fail())
        assert raised.value.__context__ is None

    run(main)
