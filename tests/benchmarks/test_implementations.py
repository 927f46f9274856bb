from __future__ import annotations

import asyncio
import sys

import pytest

import eagerloop
from eagerloop.benchmarks import implementations


async def type_of_loop() -> type:
    return type(asyncio.get_running_loop())


def test_a_name_decides_whose_loop_runs() -> None:
    assert implementations.load("asyncio").run(type_of_loop()) is asyncio.SelectorEventLoop
    for name in ("eagerloop", "eagerloop+eager", "eagerloop-loop"):
        assert implementations.load(name).run(type_of_loop()) is eagerloop.EventLoop


async def started_at_once(aio: object) -> bool:
    reached = False

    async def child() -> None:
        nonlocal reached
        reached = True

    async with aio.TaskGroup() as group:  # type: ignore[attr-defined]
        group.create_task(child())
        return reached


@pytest.mark.parametrize(
    ("name", "eager"), [("asyncio", False), ("eagerloop", False), ("eagerloop+eager", True)]
)
def test_eager_is_eager(name: str, eager: bool) -> None:
    on = implementations.load(name)
    assert on.run(started_at_once(on.aio)) is eager


@pytest.mark.skipif(sys.version_info < (3, 12), reason="asyncio has eager tasks from 3.12 on")
def test_asyncio_can_be_eager_too() -> None:
    on = implementations.load("asyncio+eager")
    assert on.run(started_at_once(on.aio)) is True


def test_what_is_missing_says_why() -> None:
    with pytest.raises(implementations.Unavailable, match="'trio' is no implementation"):
        implementations.load("trio")
    with pytest.raises(implementations.Unavailable, match="no_such_loop is not installed"):
        implementations.import_peer("no_such_loop")
