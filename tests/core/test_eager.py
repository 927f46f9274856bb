"""The eager task factories, as anyio recognises them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import eagerloop
from eagerloop.core.eager import create_eager_task_factory, eager_task_factory
from eagerloop.core.task import Task


def test_anyio_recognises_a_factory_and_finds_its_constructor() -> None:
    class Mine(Task[Any]):
        pass

    theirs = getattr(asyncio, "eager_task_factory", None)
    code = getattr(theirs, "__code__", None)  # on 3.11 anyio looks for None
    for constructor in (Task, Mine):
        factory = create_eager_task_factory(constructor)
        assert getattr(factory, "__code__", None) is code
        assert factory.__closure__[0].cell_contents is constructor
    for loop in (eagerloop.EventLoop(eager=True), eagerloop.new_event_loop(eager=True)):
        assert loop.get_task_factory() is eager_task_factory
        loop.close()


def test_a_factory_has_a_function_s_name_and_text() -> None:
    # what logs a loop's factory asks for them, as it may of CPython's
    for factory in (eager_task_factory, create_eager_task_factory(Task)):
        assert factory.__name__ == "factory"
        assert factory.__doc__


def test_lazy_is_still_to_be_had(loop: eagerloop.EventLoop) -> None:
    async def main() -> None:
        task = eager_task_factory(loop, eagerloop.sleep(0), eager_start=False)
        assert task.get_coro() is not None
        done = eager_task_factory(loop, nothing())
        assert done.done()
        await task

    async def nothing() -> None: ...

    loop.run_until_complete(main())


@pytest.mark.parametrize("factory", [None, eager_task_factory])
def test_eager_start_given_as_none_is_lazy(factory: Callable[..., Any] | None) -> None:
    # as in CPython, where only a keyword that is left out gets the factory's default
    async def main() -> None:
        loop = eagerloop.get_running_loop()
        loop.set_task_factory(factory)
        async with eagerloop.TaskGroup() as group:
            for keywords, started in (({}, True), ({"eager_start": None}, False)):
                assert loop.create_task(nothing(), **keywords).done() is started
                assert eagerloop.create_task(nothing(), **keywords).done() is started
                assert group.create_task(nothing(), **keywords).done() is started

    async def nothing() -> None: ...

    with eagerloop.Runner(loop_factory=lambda: eagerloop.EventLoop(eager=True)) as runner:
        runner.run(main())


def test_another_factory_is_given_eager_start_as_it_is(loop: eagerloop.EventLoop) -> None:
    given: list[object] = []

    def factory(loop: Any, coro: Any, **keywords: Any) -> Task[Any]:
        given.append(keywords.get("eager_start", "left out"))
        return Task(coro, loop=loop)

    async def nothing() -> None: ...

    async def main() -> None:
        await loop.create_task(nothing())
        await loop.create_task(nothing(), eager_start=None)
        await loop.create_task(nothing(), eager_start=False)

    loop.set_task_factory(factory)
    loop.run_until_complete(main())
    assert given == ["left out", "left out", None, False]
