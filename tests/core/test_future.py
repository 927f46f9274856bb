"""Future: its phases, its waiters in order, and what is told when nobody asks."""

from __future__ import annotations

import asyncio
import contextvars
import types
from typing import Any

import pytest

import eagerloop
from eagerloop.core import future
from eagerloop.core.future import Future

Loop = eagerloop.EventLoop


def test_phases(loop: Loop) -> None:
    fut: Future[int] = loop.create_future()
    assert (fut.done(), fut.cancelled(), fut._state) == (False, False, "PENDING")
    with pytest.raises(asyncio.InvalidStateError, match="Result is not ready"):
        fut.result()
    with pytest.raises(asyncio.InvalidStateError, match="Exception is not set"):
        fut.exception()
    fut.set_result(5)
    assert (fut.result(), fut.exception(), fut._state) == (5, None, "FINISHED")
    with pytest.raises(asyncio.InvalidStateError):
        fut.set_result(6)
    assert not fut.cancel()


def test_failure_keeps_its_traceback_however_often_it_is_raised(loop: Loop) -> None:
    fut: Future[None] = loop.create_future()
    fut.set_exception(ValueError("no"))
    lengths = []
    for _ in range(3):
        with pytest.raises(ValueError, match="no") as caught:
            fut.result()
        lengths.append(len(caught.traceback))
    assert len(set(lengths)) == 1


@pytest.mark.parametrize(("given", "kind"), [(KeyError, KeyError), (StopIteration(), RuntimeError)])
def test_set_exception_takes_a_class_and_turns_stop_iteration(
    loop: Loop, given: Any, kind: type[Exception]
) -> None:
    fut: Future[None] = loop.create_future()
    fut.set_exception(given)
    assert type(fut.exception()) is kind


def test_set_exception_wants_an_exception(loop: Loop) -> None:
    fut: Future[None] = loop.create_future()
    with pytest.raises(TypeError, match="invalid exception object"):
        fut.set_exception(5)  # type: ignore[arg-type]
    fut.cancel()


def test_cancel_carries_its_message(loop: Loop) -> None:
    fut: Future[None] = loop.create_future()
    assert fut.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        fut.result()
    with pytest.raises(asyncio.CancelledError, match="enough"):
        fut.exception()


def test_callbacks_come_in_order_and_in_their_context(loop: Loop) -> None:
    var: contextvars.ContextVar[str] = contextvars.ContextVar("var", default="outside")
    own = contextvars.copy_context()
    own.run(var.set, "inside")
    seen: list[object] = []
    fut: Future[None] = loop.create_future()
    fut.add_done_callback(lambda _: seen.append(1))
    fut.add_done_callback(lambda _: seen.append(var.get()), context=own)
    fut.add_done_callback(lambda _: seen.append(3))
    fut.set_result(None)
    assert seen == []
    loop.run_until_complete(eagerloop.sleep(0))
    assert seen == [1, "inside", 3]


def test_a_callback_added_late_is_called_too(loop: Loop) -> None:
    fut: Future[int] = loop.create_future()
    fut.set_result(1)
    seen: list[int] = []
    fut.add_done_callback(lambda done: seen.append(done.result()))
    loop.run_until_complete(eagerloop.sleep(0))
    assert seen == [1]


def test_remove_done_callback_counts(loop: Loop) -> None:
    fut: Future[None] = loop.create_future()
    for _ in range(3):
        fut.add_done_callback(print)
    fut.add_done_callback(repr)
    assert fut.remove_done_callback(print) == 3
    assert fut.remove_done_callback(print) == 0
    assert [callback for callback, _ in fut._callbacks or ()] == [repr]
    fut.remove_done_callback(repr)
    assert fut._callbacks is None


def test_many_waiters_wake_in_order(loop: Loop) -> None:
    async def main() -> list[int]:
        fut: Future[None] = loop.create_future()
        order: list[int] = []

        async def wait(n: int) -> None:
            await fut
            order.append(n)

        waiting = [loop.create_task(wait(n)) for n in range(5)]
        await eagerloop.sleep(0)
        assert len(fut._asyncio_awaited_by or ()) == 5
        fut.set_result(None)
        await eagerloop.gather(*waiting)
        return order

    assert loop.run_until_complete(main()) == [0, 1, 2, 3, 4]


def test_a_native_c_task_awaits_ours_and_ours_a_native_future(loop: Loop) -> None:
    native_task = asyncio.tasks.Task
    native_future = asyncio.futures.Future

    async def ours() -> int:
        fut: Future[int] = loop.create_future()
        loop.call_soon(fut.set_result, 1)
        return await fut

    async def main() -> int:
        fut = native_future(loop=loop)  # type: ignore[var-annotated]
        loop.call_soon(fut.set_result, 2)
        return await fut + await native_task(ours(), loop=loop)

    assert loop.run_until_complete(main()) == 3


@pytest.mark.parametrize("result", [1, (1, 2), None, StopIteration(3)])
def test_its_iterator_ends_with_the_result(loop: Loop, result: object) -> None:
    fut = loop.create_future()
    iterator = fut.__await__()
    assert next(iterator) is fut
    fut.set_result(result)
    with pytest.raises(StopIteration) as end:
        next(iterator)
    assert end.value.value is result
    assert end.value.args == (() if result is None else (result,))

    async def main() -> object:
        return await fut

    assert loop.run_until_complete(main()) is result


def test_initialised_once(loop: Loop) -> None:
    fut: Future[None] = loop.create_future()
    with pytest.raises(RuntimeError, match="already initialized"):
        fut.__init__(loop=loop)  # type: ignore[misc]


def test_a_foreign_loop_gets_its_callbacks_through_call_soon() -> None:
    theirs = asyncio.SelectorEventLoop()
    try:
        fut: Future[int] = Future(loop=theirs)
        seen: list[int] = []
        fut.add_done_callback(lambda done: seen.append(done.result()))
        theirs.call_soon(fut.set_result, 4)

        async def main() -> int:
            return await fut

        assert theirs.run_until_complete(main()) == 4
        assert seen == [4]
        assert fut.get_loop() is theirs
    finally:
        theirs.close()


def test_awaited_by_other_means_is_noted(loop: Loop) -> None:
    fut, one, two = (loop.create_future() for _ in range(3))
    future.future_add_to_awaited_by(fut, one)
    future.future_add_to_awaited_by(fut, two)
    assert fut._asyncio_awaited_by == {one, two}
    future.future_discard_from_awaited_by(fut, one)
    future.future_discard_from_awaited_by(fut, two)
    assert fut._asyncio_awaited_by is None
    future.future_add_to_awaited_by(fut, object())
    assert fut._asyncio_awaited_by is None


def test_generic() -> None:
    assert isinstance(Future[int], types.GenericAlias)
    assert future.isfuture(Future.__new__(Future))
    assert not future.isfuture(Future)


def test_it_passes_for_an_instance_of_asyncio_s_class(loop: eagerloop.AbstractEventLoop) -> None:
    assert isinstance(loop.create_future(), asyncio.Future)

    class Own(Future[int]):
        pass

    assert Own(loop=loop).__class__ is Own
