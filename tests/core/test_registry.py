"""all_tasks(): the stdlib's sees ours, ours sees all."""

from __future__ import annotations

import asyncio
import asyncio.tasks

import pytest

import eagerloop
from eagerloop.core import registry

Loop = eagerloop.EventLoop
native_all_tasks = asyncio.tasks.all_tasks


def test_ours_and_native_ones(loop: Loop) -> None:
    async def main() -> None:
        me = eagerloop.current_task()
        ours = loop.create_task(eagerloop.sleep(0))
        native = asyncio.tasks.Task(asyncio.sleep(0), loop=loop)
        assert registry.all_tasks() == native_all_tasks() == {me, ours, native}
        await ours
        await native
        assert registry.all_tasks(loop) == {me}

    loop.run_until_complete(main())


def test_several_loops(loop: Loop) -> None:
    other = eagerloop.EventLoop()
    mine, theirs = loop.create_task(eagerloop.sleep(0)), other.create_task(eagerloop.sleep(0))
    assert native_all_tasks(loop) == {mine}
    assert native_all_tasks(other) == {theirs}
    loop.run_until_complete(mine)
    other.run_until_complete(theirs)
    other.close()


def test_no_loop() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        registry.all_tasks()
