"""Task: steps, cancellation, eagerness, and what it says of misuse."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import io
import threading
from collections.abc import Generator
from typing import Any

import pytest

import eagerloop
from eagerloop.core.task import Task

Loop = eagerloop.EventLoop


async def nothing() -> None:
    return None


def test_result_and_name(loop: Loop) -> None:
    async def five() -> int:
        return 5

    task = loop.create_task(five(), name="five")
    assert task.get_name() == "five"
    assert loop.run_until_complete(task) == 5
    other = loop.create_task(five())
    assert other.get_name().startswith("Task-")
    other.set_name(7)
    assert other.get_name() == "7"
    loop.run_until_complete(other)


def test_a_coroutine_is_wanted(loop: Loop) -> None:
    with pytest.raises(TypeError, match="a coroutine was expected, got 5"):
        loop.create_task(5)


def test_lazy_starts_in_the_next_turn_eager_at_once(loop: Loop) -> None:
    order: list[str] = []

    async def note(what: str) -> None:
        order.append(what)
        await eagerloop.sleep(0)
        order.append(what + " again")

    async def main() -> None:
        lazy = loop.create_task(note("lazy"))
        eager = loop.create_task(note("eager"), eager_start=True)
        order.append("main")
        await lazy
        await eager

    loop.run_until_complete(main())
    assert order == ["eager", "main", "lazy", "eager again", "lazy again"]


def test_an_eager_task_that_ends_at_once_is_current_meanwhile_and_gone_after(loop: Loop) -> None:
    seen: list[Any] = []

    async def child() -> int:
        seen.append(asyncio.current_task())
        seen.append(eagerloop.current_task())
        seen.append(len(asyncio.all_tasks()))
        return 3

    async def main() -> None:
        me = eagerloop.current_task()
        task = loop.create_task(child(), eager_start=True)
        assert task.done()
        assert task.result() == 3
        assert task.get_coro() is None
        assert seen == [task, task, 2]
        assert asyncio.current_task() is me
        assert asyncio.all_tasks() == {me}

    loop.run_until_complete(main())


def test_eager_start_from_another_thread_is_refused(loop: Loop) -> None:
    async def main() -> BaseException:
        caught: list[BaseException] = []

        def start() -> None:
            try:
                Task(nothing(), loop=loop, eager_start=True)
            except RuntimeError as exc:
                caught.append(exc)

        thread = threading.Thread(target=start)
        thread.start()
        thread.join()
        return caught[0]

    assert "thread that runs its event loop" in str(loop.run_until_complete(main()))


def test_eager_factories(loop: Loop) -> None:
    class Mine(Task[Any]):
        pass

    async def main() -> None:
        loop.set_task_factory(eagerloop.eager_task_factory)
        assert loop.create_task(nothing()).done()
        assert not loop.create_task(eagerloop.sleep(0)).done()
        loop.set_task_factory(eagerloop.create_eager_task_factory(Mine))
        made = loop.create_task(nothing(), name="mine")
        assert type(made) is Mine
        assert (made.done(), made.get_name()) == (True, "mine")
        loop.set_task_factory(None)
        await eagerloop.sleep(0)
        await eagerloop.sleep(0)

    loop.run_until_complete(main())


def test_cancel_reaches_the_await_with_its_message(loop: Loop) -> None:
    async def main() -> None:
        task = loop.create_task(eagerloop.sleep(10))
        await eagerloop.sleep(0)
        assert task.cancel("stop")
        assert task.cancelling() == 1
        with pytest.raises(asyncio.CancelledError, match="stop"):
            await task
        assert task.cancelled()
        assert not task.cancel()

    loop.run_until_complete(main())


def test_cancel_before_the_first_step(loop: Loop) -> None:
    ran: list[int] = []

    async def child() -> None:
        ran.append(1)

    async def main() -> None:
        task = loop.create_task(child())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    loop.run_until_complete(main())
    assert ran == []


def test_uncancel_takes_an_undelivered_request_back(loop: Loop) -> None:
    async def main() -> str:
        task = eagerloop.current_task()
        task.cancel()
        assert task.uncancel() == 0
        await eagerloop.sleep(0)
        return "alive"

    assert loop.run_until_complete(main()) == "alive"


def test_a_caught_cancellation_goes_on(loop: Loop) -> None:
    async def stubborn() -> str:
        try:
            await eagerloop.sleep(10)
        except asyncio.CancelledError:
            return "caught"
        return "slept"

    async def main() -> str:
        task = loop.create_task(stubborn())
        await eagerloop.sleep(0)
        task.cancel()
        return await task

    assert loop.run_until_complete(main()) == "caught"


def test_context_is_kept_between_steps_and_tokens_work(loop: Loop) -> None:
    var: contextvars.ContextVar[int] = contextvars.ContextVar("var", default=0)

    async def child() -> tuple[int, int]:
        token = var.set(1)
        await eagerloop.sleep(0)
        inside = var.get()
        var.reset(token)
        return inside, var.get()

    async def main() -> None:
        assert await loop.create_task(child()) == (1, 0)
        given = contextvars.copy_context()
        await loop.create_task(set_to(5), context=given)
        assert given[var] == 5
        task = loop.create_task(set_to(6))
        own = task.get_context()
        await task
        assert own[var] == 6
        assert var.get() == 0

    async def set_to(value: int) -> None:
        await eagerloop.sleep(0)
        var.set(value)
        await eagerloop.sleep(0)

    loop.run_until_complete(main())


class Yields:
    """Awaitable that yields something."""

    def __init__(self, what: Any) -> None:
        self.what = what

    def __await__(self) -> Generator[Any, None, None]:
        yield self.what


@pytest.mark.parametrize("what", ["bad", "foreign", "unmarked", "itself"])
def test_what_may_not_be_yielded_is_told_where_it_was(loop: Loop, what: str) -> None:
    other = eagerloop.EventLoop()
    wrong = {
        "bad": (lambda: 5, "Task got bad yield: 5"),
        "foreign": (other.create_future, "attached to a different loop"),
        "itself": (eagerloop.current_task, "Task cannot await on itself"),
        "unmarked": (loop.create_future, "yield was used instead of yield from"),
    }
    make, message = wrong[what]

    async def main() -> None:
        made = make()  # type: ignore[no-untyped-call]
        if what == "foreign":
            made._asyncio_future_blocking = True  # type: ignore[attr-defined]
        with pytest.raises(RuntimeError, match=message):
            await Yields(made)

    loop.run_until_complete(main())
    other.close()


def test_a_task_cannot_wait_for_itself(loop: Loop) -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match="Task cannot await on itself"):
            await eagerloop.current_task()

    loop.run_until_complete(main())


def test_base_exceptions_leave_the_loop(loop: Loop) -> None:
    async def leave() -> None:
        raise SystemExit(3)

    task = loop.create_task(leave())
    with pytest.raises(SystemExit):
        loop.run_forever()
    assert isinstance(task.exception(), SystemExit)


def test_stack_of_a_suspended_task(loop: Loop) -> None:
    async def main() -> None:
        task = loop.create_task(eagerloop.wait_for(eagerloop.sleep(10), 20))
        await eagerloop.sleep(0)
        assert task.get_stack()
        printed = io.StringIO()
        task.print_stack(file=printed)
        assert "wait_for" in printed.getvalue()
        task.cancel()

    loop.run_until_complete(main())


def test_python_subclasses_run(loop: Loop) -> None:
    class Mine(Task[int]):
        pass

    async def child() -> int:
        await eagerloop.sleep(0)
        return 1

    async def main() -> int:
        return await Mine(child(), loop=loop)

    assert loop.run_until_complete(main()) == 1


def test_on_a_foreign_loop() -> None:
    theirs = asyncio.SelectorEventLoop()

    async def child() -> Any:
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        return asyncio.current_task()

    async def main() -> None:
        task = Task(child(), loop=theirs)
        assert task in asyncio.all_tasks()
        assert await task is task
        eager = Task(child(), loop=theirs, eager_start=True)
        assert not eager.done()
        await eager

    try:
        theirs.run_until_complete(main())
    finally:
        theirs.close()


def test_collected_when_it_holds_itself(loop: Loop) -> None:
    import weakref

    async def keep(box: list[Any]) -> None:
        await eagerloop.sleep(0)

    async def main() -> weakref.ref[Any]:
        box: list[Any] = []
        task = loop.create_task(keep(box))
        box.append(task)
        task.mine = task
        await task
        return weakref.ref(task)

    ref = loop.run_until_complete(main())
    gc.collect()
    assert ref() is None


def test_it_passes_for_an_instance_of_asyncio_s_class() -> None:
    async def main() -> None:
        task = eagerloop.create_task(eagerloop.sleep(0))
        assert isinstance(task, asyncio.Task)
        assert isinstance(task, asyncio.Future)
        await task

    eagerloop.run(main())


def test_a_context_that_is_none_is_refused(loop: Loop) -> None:
    async def child() -> None: ...

    wrong: Any = 5
    coro = child()
    with pytest.raises(TypeError, match=r"^a contextvars.Context was expected, got int$"):
        loop.create_task(coro, context=wrong)
    coro.close()
