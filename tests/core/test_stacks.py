"""Where a task stands, and where an object was made."""

from __future__ import annotations

import io
from typing import Any

import pytest

import eagerloop


async def outer() -> None:
    await inner()


async def inner() -> None:
    await eagerloop.get_running_loop().create_future()


async def fails() -> None:
    raise ValueError("no")


async def started(coro: Any) -> Any:
    task = eagerloop.create_task(coro, name="it")
    await eagerloop.sleep(0)
    return task


def printed(task: Any, limit: int | None = None) -> str:
    file = io.StringIO()
    task.print_stack(limit=limit, file=file)
    return file.getvalue()


async def stop(task: Any) -> None:
    task.cancel()
    await eagerloop.wait([task])


def test_a_suspended_task_stands_in_its_coroutine() -> None:
    async def main() -> None:
        task = await started(outer())
        # a suspended coroutine knows its own frame only
        assert [frame.f_code.co_name for frame in task.get_stack()] == ["outer"]
        assert task.get_stack(limit=0) == []
        lines = printed(task).splitlines()
        assert lines[0].startswith("Stack for <Task pending name='it' coro=<outer() running at ")
        assert lines[1].endswith(f"line {outer.__code__.co_firstlineno + 1}, in outer")
        assert lines[2].strip() == "await inner()"
        await stop(task)

    eagerloop.run(main())


def test_a_failed_task_shows_its_traceback() -> None:
    async def main() -> None:
        task = await started(fails())
        assert [frame.f_code.co_name for frame in task.get_stack()][-1] == "fails"
        lines = printed(task).splitlines()
        assert lines[0].startswith("Traceback for <Task finished name='it'")
        assert lines[-1] == "ValueError: no"
        assert isinstance(task.exception(), ValueError)

    eagerloop.run(main())


def test_a_finished_task_stands_nowhere() -> None:
    async def main() -> None:
        task = await started(eagerloop.sleep(0))
        await task
        assert task.get_stack() == []
        assert printed(task).startswith("No stack for <Task finished name='it'")

    eagerloop.run(main())


@pytest.mark.parametrize("make", ["create_future", "call_soon", "create_task"])
def test_in_debug_mode_an_object_knows_the_line_that_made_it(make: str) -> None:
    async def main() -> None:
        loop = eagerloop.get_running_loop()
        made: Any
        if make == "create_future":
            made = loop.create_future()
        elif make == "call_soon":
            made = loop.call_soon(str)
        else:
            made = loop.create_task(eagerloop.sleep(0))
        place = made._source_traceback[-1]
        assert (place.filename, place.name) == (__file__, "main")
        assert len(made._source_traceback) <= 10
        if make == "create_task":
            await made

    eagerloop.run(main(), debug=True)
