"""The life of a loop: run, stop, close; who hears of errors; asynchronous generators; signals."""

from __future__ import annotations

import asyncio
import asyncio.base_events
import gc
import logging
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

import eagerloop

Loop = eagerloop.EventLoop


def test_life(loop: Loop) -> None:
    assert "running=False closed=False debug=False" in repr(loop)
    assert isinstance(loop, asyncio.AbstractEventLoop)

    async def main() -> None:
        assert loop.is_running()
        assert asyncio.get_running_loop() is loop
        with pytest.raises(RuntimeError, match="Cannot close a running event loop"):
            loop.close()
        with pytest.raises(RuntimeError, match="This event loop is already running"):
            loop.run_forever()
        other = eagerloop.EventLoop()
        with pytest.raises(RuntimeError, match="while another loop is running"):
            other.run_forever()
        other.close()

    loop.run_until_complete(main())
    loop.close()
    loop.close()
    assert loop.is_closed()
    coro = main()
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        loop.run_until_complete(coro)
    coro.close()


def test_stopped_before_the_future_was_done(loop: Loop) -> None:
    fut: Any = loop.create_future()
    loop.call_soon(loop.stop)
    with pytest.raises(RuntimeError, match="Event loop stopped before Future completed"):
        loop.run_until_complete(fut)


def test_an_unclosed_loop_warns_and_closes() -> None:
    loop = eagerloop.EventLoop()
    with pytest.warns(ResourceWarning, match="unclosed event loop"):
        del loop
        gc.collect()


def test_the_root_task_is_known_as_anyio_knows_it(loop: Loop) -> None:
    async def main() -> list[Any]:
        task: Any = eagerloop.current_task()
        return [callback for callback, _ in task._callbacks]

    assert loop.run_until_complete(main()) == [asyncio.base_events._run_until_complete_cb]


def test_the_default_handler_logs_as_asyncio(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "asyncio"):
        loop.call_exception_handler({"message": "oh", "exception": ValueError("v"), "b": 1, "a": 2})
    record = caplog.records[0]
    assert record.getMessage() == "oh\na: 2\nb: 1"
    assert record.exc_info is not None
    assert record.exc_info[0] is ValueError


def test_a_failing_handler_is_logged(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object) -> None:
        raise KeyError("handler")

    loop.set_exception_handler(fail)
    assert loop.get_exception_handler() is fail
    with caplog.at_level(logging.ERROR, "asyncio"):
        loop.call_exception_handler({"message": "first"})
    assert "Unhandled error in exception handler" in caplog.text
    with pytest.raises(TypeError, match="A callable object or None is expected, got 5"):
        loop.set_exception_handler(5)  # type: ignore[arg-type]


def test_asynchronous_generators_are_closed(loop: Loop) -> None:
    ended: list[str] = []

    async def generate(name: str) -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await eagerloop.sleep(0)
            ended.append(name)

    async def main() -> None:
        kept = generate("kept")
        await anext(kept)
        dropped = generate("dropped")
        await anext(dropped)
        del dropped
        gc.collect()
        await eagerloop.sleep(0.01)
        assert ended == ["dropped"]
        await loop.shutdown_asyncgens()
        assert ended == ["dropped", "kept"]

    loop.run_until_complete(main())


def test_a_signal_during_a_wait_interrupts_it(loop: Loop) -> None:
    def interrupt() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.05)

    class Rang(Exception):
        pass

    def rang(*_: object) -> None:
        raise Rang

    previous = signal.signal(signal.SIGALRM, rang)
    try:
        loop.call_soon(interrupt)
        start = time.monotonic()
        with pytest.raises(Rang):
            loop.run_forever()
        assert time.monotonic() - start < 5
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def test_debug_mode_tracks_where_coroutines_are_made(loop: Loop) -> None:
    import sys

    before = sys.get_coroutine_origin_tracking_depth()
    loop.set_debug(True)

    async def main() -> int:
        return sys.get_coroutine_origin_tracking_depth()

    assert loop.run_until_complete(main()) > 0
    assert sys.get_coroutine_origin_tracking_depth() == before


def test_task_factories_get_what_was_given(loop: Loop) -> None:
    calls: list[dict[str, Any]] = []

    def factory(loop: Any, coro: Any, **kwargs: Any) -> Any:
        calls.append(kwargs)
        return eagerloop.Task(coro, loop=loop, **kwargs)

    async def nothing() -> None: ...

    loop.set_task_factory(factory)
    assert loop.get_task_factory() is factory
    task = loop.create_task(nothing(), name="named")
    assert task.get_name() == "named"
    loop.run_until_complete(task)
    assert len(calls) == 1
    with pytest.raises(TypeError, match="task factory must be a callable or None"):
        loop.set_task_factory(5)  # type: ignore[arg-type]
