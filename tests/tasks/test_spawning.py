"""create_task() and ensure_future()."""

from __future__ import annotations

import contextvars
import sys
from collections.abc import Generator
from typing import Any

import pytest

import eagerloop
from tests.conftest import Run

variable = contextvars.ContextVar("variable", default="unset")


async def get() -> str:
    return variable.get()


class Awaitable:
    def __await__(self) -> Generator[Any, None, str]:
        return (yield from get().__await__())


def test_create_task_takes_a_tasks_keywords(run: Run) -> None:
    async def main() -> None:
        context = contextvars.copy_context()
        context.run(variable.set, "given")
        task = eagerloop.create_task(get(), name="getter", context=context)
        assert isinstance(task, eagerloop.Task)
        assert task.get_name() == "getter"
        assert await task == "given"

    run(main)


def test_create_task_starts_eagerly_if_asked(run: Run) -> None:
    async def main() -> None:
        task = eagerloop.create_task(get(), eager_start=True)
        assert task.done()
        assert task.result() == "unset"

    run(main)


def test_create_task_needs_a_running_loop() -> None:
    coro = get()
    with pytest.raises(RuntimeError, match="no running event loop"):
        eagerloop.create_task(coro)
    coro.close()


def test_ensure_future_takes_whatever_is_awaitable(run: Run) -> None:
    async def main() -> None:
        future: Any = eagerloop.get_running_loop().create_future()
        assert eagerloop.ensure_future(future) is future
        future.cancel()
        assert await eagerloop.ensure_future(get()) == "unset"
        assert await eagerloop.ensure_future(Awaitable()) == "unset"
        assert await eagerloop.ensure_future(eagerloop.sleep(0, "slept")) == "slept"
        wrong: Any = 1
        with pytest.raises(TypeError, match="a coroutine or an awaitable is required"):
            eagerloop.ensure_future(wrong)

    run(main)


def test_ensure_future_refuses_a_future_of_another_loop(loop: eagerloop.EventLoop) -> None:
    async def main() -> None:
        future = eagerloop.get_running_loop().create_future()
        with pytest.raises(ValueError, match="The future belongs to a different loop"):
            eagerloop.ensure_future(future, loop=loop)
        future.cancel()

    eagerloop.run(main())


@pytest.mark.parametrize("make", [get, Awaitable])
def test_a_closed_loop_leaves_no_coroutine_unawaited(make: Any) -> None:
    loop = eagerloop.new_event_loop()
    loop.close()
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        eagerloop.ensure_future(make(), loop=loop)


def test_what_a_caller_handles_does_not_stay_with_the_task(run: Run) -> None:
    async def spawn() -> BaseException | None:
        await eagerloop.ensure_future(get())
        await eagerloop.gather(get())
        return sys.exc_info()[1]

    async def spawn_later() -> BaseException | None:
        task: Any = eagerloop.ensure_future(get())
        future: Any = eagerloop.gather(task, task)
        await future
        return sys.exc_info()[1]

    async def main() -> None:
        for function in (spawn, spawn_later):
            try:
                raise ValueError("handled while the task starts")
            except ValueError:
                task = eagerloop.create_task(function(), eager_start=True)
            assert await task is None

    run(main)
