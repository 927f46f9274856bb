"""Who awaits whom: on every Python as 3.14 introduced it."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

import eagerloop
from eagerloop.graph import FutureCallGraph


def names(graph: FutureCallGraph | None) -> list[str]:
    assert graph is not None
    return [entry.frame.f_code.co_name for entry in graph.call_stack]


async def deep(see: Any) -> None:
    see()


async def middle(see: Any) -> None:
    await deep(see)


def test_the_current_task_from_the_caller_to_its_coroutine() -> None:
    found: list[list[str]] = []

    def see() -> None:
        for limit in (None, 1, 2, -1, -2, 0):
            found.append(names(eagerloop.capture_call_graph(limit=limit)))
        found.append(names(eagerloop.capture_call_graph(depth=2)))

    eagerloop.run(middle(see))
    assert found == [
        ["see", "deep", "middle"],
        ["middle"],
        ["deep", "middle"],
        ["see"],
        ["see", "deep"],
        [],
        ["deep", "middle"],
    ]


def test_an_eager_task_does_not_show_its_parent_s_frames_as_its_own() -> None:
    found: list[list[str]] = []

    def see() -> None:
        found.append(names(eagerloop.capture_call_graph()))

    async def main() -> None:
        await eagerloop.Task(middle(see), eager_start=True)  # type: ignore[call-arg]  # typeshed: from 3.12 on

    eagerloop.run(main())
    assert found == [["see", "deep", "middle"]]


def test_generators_in_between_are_shown() -> None:
    found: list[list[str]] = []

    def generate() -> Any:
        found.append(names(eagerloop.capture_call_graph()))
        yield

    async def produce() -> Any:
        for _ in generate():
            yield

    async def main() -> None:
        async for _ in produce():
            text.append(eagerloop.format_call_graph())

    text: list[str] = []
    eagerloop.run(main())
    assert found == [["generate", "produce", "main"]]
    assert "in async test_generators_in_between_are_shown.<locals>.main()" in text[0]


def test_a_suspended_task_and_those_that_await_it() -> None:
    async def main() -> None:
        future = eagerloop.get_running_loop().create_future()

        async def wait() -> None:
            await future

        async def parent(task: Any) -> None:
            await task

        task = eagerloop.create_task(wait(), name="child")
        above = eagerloop.create_task(parent(task), name="parent")
        await eagerloop.sleep(0)
        graph = eagerloop.capture_call_graph(future)
        assert graph is not None
        assert graph.call_stack == ()
        (child,) = graph.awaited_by
        assert child.future is task
        assert names(child) == ["wait"]
        assert [names(each) for each in child.awaited_by] == [["parent"]]
        file = io.StringIO()
        eagerloop.print_call_graph(future, file=file)
        lines = [re.sub("0x[0-9a-f]+", "0x", line) for line in file.getvalue().splitlines()]
        assert lines[0] == "* Future(id=0x)"
        assert lines[1] == "  + Awaited by:"
        assert lines[2] == "    * Task(name='child', id=0x)"
        assert lines[3] == "      + Call stack:"
        assert lines[4].startswith(f"      |   File {__file__!r}, line ")
        assert lines[4].endswith(f", in async {wait.__qualname__}()")
        assert lines[5] == "      + Awaited by:"
        assert lines[6] == "        * Task(name='parent', id=0x)"
        future.set_result(None)
        await above
        assert eagerloop.capture_call_graph(future) == FutureCallGraph(future, (), ())
        assert eagerloop.capture_call_graph(task) == FutureCallGraph(task, (), ())

    eagerloop.run(main())


def test_awaiting_can_be_recorded_by_hand() -> None:
    async def main() -> None:
        future = eagerloop.get_running_loop().create_future()
        current = eagerloop.current_task()
        assert current is not None
        eagerloop.future_add_to_awaited_by(future, current)
        graph = eagerloop.capture_call_graph(future)
        assert graph is not None
        assert [each.future for each in graph.awaited_by] == [current]
        eagerloop.future_discard_from_awaited_by(future, current)
        assert eagerloop.capture_call_graph(future) == FutureCallGraph(future, (), ())

    eagerloop.run(main())


def test_where_there_is_no_task(loop: eagerloop.EventLoop) -> None:
    with pytest.raises(RuntimeError, match="outside of a running event loop"):
        eagerloop.capture_call_graph()
    found: list[Any] = []
    loop.call_soon(lambda: found.append(eagerloop.capture_call_graph()))
    loop.call_soon(lambda: found.append(eagerloop.format_call_graph()))
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert found == [None, ""]


def test_what_is_no_future_is_refused() -> None:
    with pytest.raises(TypeError, match="does not appear to be compatible with"):
        eagerloop.capture_call_graph(object())
