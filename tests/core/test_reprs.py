"""Representations are asyncio's, to the letter."""

from __future__ import annotations

import contextvars
import copy
import pickle
import re
from typing import Any

import pytest

import eagerloop
from eagerloop.core import reprs


def first(_: object) -> None:
    """Does nothing."""


def last(_: object) -> None:
    """Does nothing."""


def at(function: Any) -> str:
    return f"{function.__qualname__}() at {__file__}:{function.__code__.co_firstlineno}"


def test_a_future_shows_its_state_and_outcome(loop: eagerloop.AbstractEventLoop) -> None:
    pending, cancelled, finished, failed = (loop.create_future() for _ in range(4))
    assert repr(pending) == "<Future pending>"
    cancelled.cancel()
    assert repr(cancelled) == "<Future cancelled>"
    finished.set_result(list(range(100)))
    assert repr(finished) == "<Future finished result=[0, 1, 2, 3, 4, 5, ...]>"
    failed.set_exception(ValueError("no"))
    assert repr(failed) == "<Future finished exception=ValueError('no')>"
    assert isinstance(failed.exception(), ValueError)


@pytest.mark.parametrize(
    ("callbacks", "shown"),
    [
        ([first], f"cb=[{at(first)}]"),
        ([first, last], f"cb=[{at(first)}, {at(last)}]"),
        ([first, first, first, last], f"cb=[{at(first)}, <2 more>, {at(last)}]"),
    ],
)
def test_a_future_shows_its_callbacks(
    loop: eagerloop.AbstractEventLoop, callbacks: list[Any], shown: str
) -> None:
    future = loop.create_future()
    for callback in callbacks:
        future.add_done_callback(callback)
    assert repr(future) == f"<Future pending {shown}>"


def test_callbacks_are_formatted_with_any_context() -> None:
    entries = [(first, contextvars.copy_context()), (last, None)]
    assert reprs.format_callbacks(entries) == f"cb=[{at(first)}, {at(last)}]"


def test_a_future_that_holds_itself_ends(loop: eagerloop.AbstractEventLoop) -> None:
    future = loop.create_future()
    future.set_result([future])
    assert repr(future) == "<Future finished result=[...]>"


def test_a_task_shows_its_name_its_coroutine_and_what_it_waits_for() -> None:
    waiter: Any = None

    async def child() -> None:
        await waiter

    async def main() -> None:
        nonlocal waiter
        waiter = eagerloop.get_running_loop().create_future()
        task = eagerloop.create_task(child(), name="it")
        await eagerloop.sleep(0)
        coro = re.escape(f"coro=<{child.__qualname__}() running at {__file__}:")
        assert re.fullmatch(
            rf"<Task pending name='it' {coro}\d+> wait_for=<Future pending cb=\[.*\]>>", repr(task)
        )
        task.cancel()
        assert repr(task).startswith("<Task cancelling name='it' coro=")
        with pytest.raises(eagerloop.CancelledError):
            await task
        line = child.__code__.co_firstlineno
        done = f"coro=<{child.__qualname__}() done, defined at {__file__}:{line}>"
        assert repr(task) == f"<Task cancelled name='it' {done}>"

    eagerloop.run(main())


def test_handles_show_what_they_call_and_when(loop: eagerloop.AbstractEventLoop) -> None:
    handle = loop.call_soon(first, "secret")
    assert repr(handle) == f"<Handle {at(first)}>"
    handle.cancel()
    assert repr(handle) == "<Handle cancelled>"
    timer = loop.call_at(2.5, first, "secret")
    assert repr(timer) == f"<TimerHandle when=2.5 {at(first)}>"
    timer.cancel()
    assert repr(timer) == "<TimerHandle cancelled when=2.5>"


def test_debug_mode_shows_arguments_and_origin(loop: eagerloop.AbstractEventLoop) -> None:
    loop.set_debug(True)
    handle = loop.call_soon(first, "shown")
    called = f"first('shown') at {__file__}:{first.__code__.co_firstlineno}"
    assert re.fullmatch(
        rf"<Handle {re.escape(called)} created at {re.escape(__file__)}:\d+>", repr(handle)
    )
    before = repr(handle)
    handle.cancel()
    assert repr(handle) == before.replace("<Handle ", "<Handle cancelled ")
    made = loop.create_future()
    assert f"created at {__file__}:" in repr(made)


def test_what_waits_is_neither_copied_nor_pickled(loop: eagerloop.EventLoop) -> None:
    class Own(eagerloop.Future[int]):
        def __reduce__(self) -> tuple[type, tuple[()]]:
            return dict, ()

    task = loop.create_task(eagerloop.sleep(0))
    for made in (loop.create_future(), task, eagerloop.StreamReader(loop=loop)):
        for write in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="cannot pickle"):
                write(made)
    assert copy.copy(Own(loop=loop)) == {}
    loop.run_until_complete(task)
