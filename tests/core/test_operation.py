"""Operation: lazy, run once, a coroutine for whoever asks asyncio."""

from __future__ import annotations

import asyncio
import copy
import gc
import sys
import weakref
from types import FrameType
from typing import Any

import pytest

import eagerloop
from eagerloop import _build

from ..conftest import Run

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


async def held_lock() -> eagerloop.Lock:
    lock = eagerloop.Lock()
    await lock.acquire()
    return lock


@pytest.mark.parametrize("awaited", [False, True])
def test_sent_on_while_it_waits(run: Run, awaited: bool) -> None:
    async def main() -> None:
        lock = await held_lock()
        queue: eagerloop.Queue[int] = eagerloop.Queue()
        reader = eagerloop.StreamReader()
        for made in (lock.acquire(), queue.get(), reader.readline(), eagerloop.Event().wait()):
            waiting: Any = awaiting(made) if awaited else made
            waiting.send(None)
            with pytest.raises(RuntimeError, match="await wasn't used with future"):
                waiting.send(None)
            with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
                waiting.send(None)
        assert not lock._waiters
        assert not queue._getters
        assert reader._waiter is None

    run(main)


async def awaiting(made: Any) -> Any:
    return await made


def test_thrown_into_after_the_end(run: Run) -> None:
    async def main() -> None:
        got = eagerloop.Lock().acquire()
        with pytest.raises(StopIteration):
            got.send(None)
        with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
            got.throw(KeyError("x"))

    run(main)


def test_a_coroutine_s_mistakes(run: Run) -> None:
    async def main() -> None:
        lock = await held_lock()
        fresh: Any = lock.acquire()
        with pytest.raises(
            TypeError, match="can't send non-None value to a just-started coroutine"
        ):
            fresh.send(1)
        fresh.send(None)
        with pytest.raises(
            TypeError, match="must be classes or instances deriving from BaseException, not int"
        ):
            fresh.throw(5)
        with pytest.raises(TypeError, match="instance exception may not have a separate value"):
            fresh.throw(KeyError("x"), "y")
        assert len(lock._waiters) == 1
        with pytest.raises(UnicodeDecodeError, match="told"):
            fresh.throw(UnicodeDecodeError, ("ascii", b"x", 0, 1, "told"))
        assert not lock._waiters

    run(main)


class Item:
    """Something to hold weakly."""


@pytest.mark.parametrize("nested", [False, True])
def test_a_result_is_whole_and_kept_by_nobody(run: Run, nested: bool) -> None:
    """Python 3.12 and 3.13 get it by an exception whose memory is used again."""

    async def one(queue: eagerloop.Queue[Any]) -> Any:
        return await queue.get()

    async def main() -> None:
        queue: eagerloop.Queue[Any] = eagerloop.Queue()
        for result in [(1, 2), (), StopIteration(3), ValueError, "text", None, 0]:
            queue.put_nowait(result)
            assert await (one(queue) if nested else queue.get()) is result
        for _ in range(20):
            item = Item()
            gone = weakref.ref(item)
            queue.put_nowait(item)
            del item
            assert type(await (one(queue) if nested else queue.get())) is Item
            assert gone() is None

    run(main)


def test_a_tracer_sees_a_plain_stop_iteration(run: Run) -> None:
    """3.12 and 3.13 await an operation by one, and debuggers know by its class that it is no error."""
    seen: list[Any] = []

    def trace(_frame: FrameType, event: str, arg: Any) -> Any:
        if event == "exception":
            seen.append((arg[0], arg[1].args))
        return trace

    async def one(queue: eagerloop.Queue[int]) -> int:
        return await queue.get()

    async def main() -> None:
        queue: eagerloop.Queue[int] = eagerloop.Queue()
        queue.put_nowait(7)
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            assert await one(queue) == 7
        finally:
            sys.settrace(before)

    run(main)
    assert all(each == (StopIteration, (7,)) for each in seen)


@pytest.mark.skipif(not _build.compiled(), reason="interpreted, an operation is no iterator")
def test_copies_of_the_stop_iteration_that_carries_a_result() -> None:
    """On 3.12 and 3.13 its memory is kept; a copy was freed into the stock twice."""

    def caught(result: int) -> Any:
        queue: eagerloop.Queue[int] = eagerloop.Queue()
        queue.put_nowait(result)
        get: Any = queue.get()
        with pytest.raises(StopIteration) as stop:
            next(get)
        return stop.value

    for number in range(3):
        stop = caught(number)
        del stop
        copy.copy(caught(number))
        type(caught(number))(number)
        gc.collect()
    kept = [caught(number) for number in range(8)]
    assert [stop.value for stop in kept] == list(range(8))
