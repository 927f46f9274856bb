"""Operation: lazy, run once, a coroutine for whoever asks asyncio."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import eagerloop

Loop = eagerloop.EventLoop


def test_nothing_happens_before_the_first_poll() -> None:
    queue: eagerloop.Queue[int] = eagerloop.Queue()
    queue.put_nowait(1)
    op = queue.get()
    assert queue.qsize() == 1
    op.close()
    assert queue.qsize() == 1


def test_finishes_in_the_first_poll_without_a_loop() -> None:
    queue: eagerloop.Queue[int] = eagerloop.Queue()
    queue.put_nowait(1)
    with pytest.raises(StopIteration) as stop:
        queue.get().send(None)
    assert stop.value.value == 1


def test_runs_once(loop: Loop) -> None:
    async def main() -> None:
        op = eagerloop.sleep(0)
        await op
        with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
            await op

    loop.run_until_complete(main())


@pytest.mark.parametrize("wrap", ["task", "wait_for", "gather", "shield", "await"])
def test_is_a_coroutine_to_asyncio(loop: Loop, wrap: str) -> None:
    async def main() -> Any:
        op = eagerloop.sleep(0.001, 7)
        assert asyncio.iscoroutine(op)
        assert eagerloop.iscoroutine(op)
        if wrap == "task":
            return await loop.create_task(op)
        if wrap == "wait_for":
            return await eagerloop.wait_for(op, 5)
        if wrap == "gather":
            return (await eagerloop.gather(op))[0]
        return await (eagerloop.shield(op) if wrap == "shield" else op)

    assert loop.run_until_complete(main()) == 7


def test_under_a_native_task(loop: Loop) -> None:
    async def child() -> str:
        await eagerloop.sleep(0)
        await eagerloop.sleep(0.001)
        return "done"

    async def main() -> str:
        return await asyncio.tasks.Task(child(), loop=loop)

    assert loop.run_until_complete(main()) == "done"


def test_throw_before_and_while_it_waits(loop: Loop) -> None:
    fresh = eagerloop.sleep(5)
    with pytest.raises(KeyError):
        fresh.throw(KeyError("x"))

    async def main() -> None:
        waiting = eagerloop.sleep(5)
        waiting.send(None)
        with pytest.raises(KeyError):
            waiting.throw(KeyError, "x")
        closed = eagerloop.sleep(5)
        closed.send(None)
        closed.close()
        assert loop._scheduled == []

    loop.run_until_complete(main())
