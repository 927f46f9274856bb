"""What a coroutine may yield to its task, and what it is told if it may not."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import pytest

import eagerloop
from eagerloop.core.yields import loop_of

Run = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]


class Yields:
    """Awaitable; hands anything to the task."""

    def __init__(self, what: Any) -> None:
        self.what = what

    def __await__(self) -> Generator[Any, None, None]:
        yield self.what


async def told(what: Any) -> str:
    with pytest.raises(RuntimeError) as raised:
        await Yields(what)
    return str(raised.value)


def test_what_is_no_future(run: Run) -> None:
    async def main() -> None:
        assert await told(1) == "Task got bad yield: 1"
        generator = (each for each in range(0))
        message = await told(generator)
        assert message.startswith("yield was used instead of yield from for generator in task ")

    run(main)


@pytest.mark.parametrize("make", [eagerloop.Future, asyncio.Future])
def test_a_future_that_was_not_awaited(run: Run, make: Any) -> None:
    async def main() -> None:
        message = await told(make(loop=eagerloop.get_running_loop()))
        assert message.startswith("yield was used instead of yield from in task ")

    run(main)


def test_a_future_of_another_loop(run: Run) -> None:
    other = eagerloop.new_event_loop()

    async def main() -> None:
        made: Any
        for made in (eagerloop.Future(loop=other), asyncio.Future(loop=other)):
            with pytest.raises(RuntimeError, match="attached to a different loop"):
                await made

    run(main)
    other.close()


def test_the_task_itself(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match="Task cannot await on itself"):
            await eagerloop.current_task()

    run(main)


def test_what_no_task_can_be_made_of(run: Run) -> None:
    async def nothing() -> None:
        """Never runs."""

    async def main() -> None:
        with pytest.raises(TypeError, match="a coroutine was expected, got 7"):
            eagerloop.Task(7)  # type: ignore[arg-type]
        coro = nothing()
        with pytest.raises(TypeError, match=r"a contextvars\.Context was expected, got dict"):
            eagerloop.Task(coro, context={})  # type: ignore[arg-type]
        coro.close()
        await eagerloop.Task(nothing(), context=contextvars.copy_context())

    run(main)


def test_loops_of_futures_young_and_old(run: Run) -> None:
    class Old:
        _loop = "its loop"

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        assert loop_of(loop.create_future()) is loop
        assert loop_of(asyncio.Future(loop=loop)) is loop
        assert loop_of(Old()) == "its loop"

    run(main)
