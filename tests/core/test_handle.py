"""Handle: one call, in its context; its failure is reported."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from typing import Any

import eagerloop
from eagerloop.core.handle import Handle

Loop = eagerloop.EventLoop


def test_is_asyncios(loop: Loop) -> None:
    made = loop.call_soon(print)
    assert isinstance(made, asyncio.Handle)
    assert isinstance(made, Handle)
    assert not isinstance(made, asyncio.TimerHandle)
    made.cancel()


def test_cancelled_is_not_called_and_lets_go(loop: Loop) -> None:
    seen: list[int] = []
    made = loop.call_soon(seen.append, 1)
    made.cancel()
    assert made.cancelled()
    assert (made._callback, made._args) == (None, None)
    loop.run_until_complete(eagerloop.sleep(0))
    assert seen == []


def test_context(loop: Loop) -> None:
    var: contextvars.ContextVar[int] = contextvars.ContextVar("var", default=0)
    seen: list[int] = []

    def note() -> None:
        seen.append(var.get())
        var.set(9)

    var.set(1)
    first = loop.call_soon(note)
    var.set(2)
    loop.call_soon(note)
    given = contextvars.Context()
    loop.call_soon(note, context=given)
    kept = first.get_context()
    loop.run_until_complete(eagerloop.sleep(0))
    assert seen == [1, 2, 0]
    assert (kept[var], given[var], var.get()) == (9, 9, 2)
    var.set(0)


def test_a_failure_is_reported_and_the_loop_goes_on(loop: Loop) -> None:
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    made = loop.call_soon(lambda: 1 / 0)
    seen: list[int] = []
    loop.call_soon(seen.append, 1)
    loop.run_until_complete(eagerloop.sleep(0))
    assert seen == [1]
    assert told[0]["handle"] is made
    assert isinstance(told[0]["exception"], ZeroDivisionError)
    assert told[0]["message"].startswith("Exception in callback test_a_failure_is_reported")


def test_source_in_debug_mode(loop: Loop) -> None:
    assert loop.call_soon(print, "")._source_traceback is None
    loop.set_debug(True)
    made = loop.call_soon(print, "")
    assert made._source_traceback[-1].name == "test_source_in_debug_mode"
    assert "created at" in repr(made)
    made.cancel()
    assert "cancelled" in repr(made)
    assert "print" in repr(made)


def test_made_by_hand(loop: Loop) -> None:
    seen: list[int] = []
    made = Handle(seen.append, (1,), loop)
    made._run()
    assert seen == [1]


def test_a_threadsafe_handle_makes_other_threads_wait_while_it_runs(
    loop: eagerloop.AbstractEventLoop,
) -> None:
    began, ended = threading.Event(), threading.Event()
    seen: list[bool] = []

    def callback() -> None:
        assert not handle.cancelled()  # its own thread does not wait
        began.set()
        time.sleep(0.05)
        ended.set()
        loop.stop()

    def other() -> None:
        began.wait()
        handle.cancel()
        seen.append(ended.is_set())

    handle = loop.call_soon_threadsafe(callback)
    assert isinstance(handle, asyncio.Handle)
    thread = threading.Thread(target=other)
    thread.start()
    loop.run_forever()
    thread.join()
    assert seen == [True]


def test_a_threadsafe_handle_can_be_cancelled_before_it_runs(
    loop: eagerloop.AbstractEventLoop,
) -> None:
    called: list[int] = []
    loop.call_soon_threadsafe(called.append, 1).cancel()
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert called == []


def test_a_finalizer_that_cancels_the_next_call(loop: Loop) -> None:
    # the first call's context stays entered until the second is about to be made, and has the last reference
    variable: contextvars.ContextVar[object] = contextvars.ContextVar("variable")
    seen: list[str] = []

    class Cancels:
        def __del__(self) -> None:
            later.cancel()

    class Call:
        def __call__(self) -> None:
            seen.append("called")

    context = contextvars.copy_context()
    context.run(variable.set, Cancels())
    loop.call_soon(seen.append, "first", context=context)
    del context
    later = loop.call_soon(Call())
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert seen == ["first"]
    assert later.cancelled()
