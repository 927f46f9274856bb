"""The life of a loop: run, stop, close; who hears of errors; asynchronous generators; signals."""

from __future__ import annotations

import asyncio
import asyncio.base_events
import contextvars
import gc
import logging
import signal
import sys
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator
from types import FrameType
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

    assert loop.run_until_complete(main()) == [asyncio.base_events._run_until_complete_cb]  # type: ignore[attr-defined]


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


def test_a_keyword_that_no_task_takes_is_told_as_such(loop: Loop) -> None:
    coro = value(1)
    with pytest.raises(TypeError, match=r"^Task\(\) got an unexpected keyword argument 'nmae'$"):
        loop.create_task(coro, nmae="typo", context=contextvars.copy_context())
    coro.close()


async def value(number: int) -> int:
    await eagerloop.sleep(0)
    return number


def test_run_until_complete_gives_the_result_or_the_exception(loop: Loop) -> None:
    assert loop.run_until_complete(value(3)) == 3
    future = loop.create_future()
    loop.call_soon(future.set_exception, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        loop.run_until_complete(future)


def test_a_loop_runs_again_after_it_stopped(loop: Loop) -> None:
    turns: list[int] = []
    for number in range(3):
        loop.call_soon(turns.append, number)
        loop.call_soon(loop.stop)
        loop.run_forever()
    assert turns == [0, 1, 2]


def test_what_was_scheduled_before_stop_still_runs_what_comes_after_waits(loop: Loop) -> None:
    ran: list[str] = []
    loop.call_soon(loop.stop)
    loop.call_soon(lambda: (ran.append("same turn"), loop.call_soon(ran.append, "next turn")))
    loop.run_forever()
    assert ran == ["same turn"]
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert ran == ["same turn", "next turn"]


def test_a_loop_does_not_run_inside_itself_or_another(loop: Loop) -> None:
    other = eagerloop.EventLoop()

    async def main() -> None:
        again = value(1)
        with pytest.raises(RuntimeError, match="This event loop is already running"):
            loop.run_until_complete(again)
        with pytest.raises(RuntimeError, match="while another loop is running"):
            other.run_until_complete(again)
        with pytest.raises(RuntimeError, match="Cannot close a running event loop"):
            loop.close()
        again.close()

    loop.run_until_complete(main())
    other.close()


def test_who_runs_is_told(loop: Loop) -> None:
    async def main() -> None:
        assert eagerloop.get_running_loop() is loop
        assert loop.is_running()

    loop.run_until_complete(main())
    assert not loop.is_running()
    with pytest.raises(RuntimeError, match="no running event loop"):
        eagerloop.get_running_loop()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_the_ways_out_of_a_program_pass_through(loop: Loop, error: type[BaseException]) -> None:
    def fail() -> None:
        raise error

    loop.call_soon(fail)
    with pytest.raises(error):
        loop.run_forever()
    assert not loop.is_running()
    assert loop.run_until_complete(value(5)) == 5


def test_a_closed_loop_refuses_everything() -> None:
    loop = eagerloop.EventLoop()
    loop.close()
    loop.close()
    coro = value(1)
    calls: list[tuple[Any, ...]] = [
        (loop.call_soon, print),
        (loop.call_soon_threadsafe, print),
        (loop.call_later, 1, print),
        (loop.call_at, 1, print),
        (loop.run_forever,),
        (loop.run_until_complete, coro),
        (loop.create_task, coro),
    ]
    for method, *arguments in calls:
        with pytest.raises(RuntimeError, match="Event loop is closed"):
            method(*arguments)
    coro.close()


def test_what_was_scheduled_goes_with_the_loop() -> None:
    class Witness:
        def __call__(self) -> None:
            raise AssertionError("it was closed before")

    loop = eagerloop.EventLoop()
    witnesses = [Witness(), Witness()]
    loop.call_soon(witnesses[0])
    loop.call_later(1, witnesses[1])
    loop.close()
    assert [sys.getrefcount(witness) for witness in witnesses] == [
        sys.getrefcount(witness) for witness in [Witness(), Witness()]
    ]


def test_an_exception_of_a_callback_is_reported_and_the_loop_goes_on(loop: Loop) -> None:
    seen: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda loop, context: seen.append(context))
    handle = loop.call_soon(divmod, 1, 0)
    assert loop.run_until_complete(value(2)) == 2
    (context,) = seen
    assert context["handle"] is handle
    assert context["message"].startswith("Exception in callback divmod(")
    assert type(context["exception"]) is ZeroDivisionError


def test_a_handler_runs_in_the_context_of_what_failed(loop: Loop) -> None:
    var: contextvars.ContextVar[str] = contextvars.ContextVar("var", default="outside")
    seen: list[str] = []
    loop.set_exception_handler(lambda loop, context: seen.append(var.get()))

    async def main() -> None:
        var.set("inside")
        loop.call_soon(divmod, 1, 0)
        await eagerloop.sleep(0)

    loop.run_until_complete(main())
    assert seen == ["inside"]


def test_a_slow_callback_is_named(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    loop.set_debug(True)
    loop.slow_callback_duration = 0.01
    loop.call_soon(time.sleep, 0.02)
    loop.call_soon(loop.stop)
    loop.run_forever()
    (message,) = [text for text in caplog.messages if text.startswith("Executing")]
    assert "sleep" in message
    assert f"{__file__}:" in message
    assert message.endswith("seconds")


def test_a_call_from_another_thread_is_refused_in_debug_mode(loop: Loop) -> None:
    problems: list[BaseException] = []

    def elsewhere() -> None:
        try:
            loop.call_soon(print)
        except RuntimeError as exc:
            problems.append(exc)

    async def main() -> None:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()

    loop.set_debug(True)
    loop.run_until_complete(main())
    assert "Non-thread-safe operation invoked" in str(problems[0])


async def numbers(ended: list[str]) -> AsyncGenerator[int, None]:
    try:
        yield 1
        yield 2
    finally:
        await eagerloop.sleep(0)
        ended.append("closed")


def test_generators_left_open_are_closed_by_the_shutdown(loop: Loop) -> None:
    ended: list[str] = []
    kept = numbers(ended)

    async def main() -> None:
        assert await anext(kept) == 1
        await loop.shutdown_asyncgens()

    loop.run_until_complete(main())
    assert ended == ["closed"]


def test_a_generator_that_is_dropped_is_closed_by_the_loop(loop: Loop) -> None:
    ended: list[str] = []

    async def main() -> None:
        dropped = numbers(ended)
        assert await anext(dropped) == 1
        del dropped
        gc.collect()
        while not ended:
            await eagerloop.sleep(0)

    loop.run_until_complete(main())
    assert ended == ["closed"]


def test_a_generator_begun_after_the_shutdown_warns(loop: Loop) -> None:
    async def main() -> None:
        await loop.shutdown_asyncgens()
        late = numbers([])
        with pytest.warns(ResourceWarning, match=r"after loop\.shutdown_asyncgens\(\) call"):
            await anext(late)
        await late.aclose()

    loop.run_until_complete(main())


@pytest.mark.parametrize("place", ["begin_run", "end_run"])
def test_an_interrupt_where_a_run_begins_or_ends(place: str) -> None:
    def interrupt(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_name == place:
            sys.setprofile(None)
            raise KeyboardInterrupt

    loop = eagerloop.new_event_loop()
    before = sys.get_asyncgen_hooks(), signal.set_wakeup_fd(-1)
    try:
        loop.call_soon(loop.stop)
        sys.setprofile(interrupt)
        try:
            with pytest.raises(KeyboardInterrupt):
                loop.run_forever()
        finally:
            sys.setprofile(None)
        assert not loop.is_running()
        assert asyncio._get_running_loop() is None
        assert sys.get_asyncgen_hooks() == before[0]
        loop.call_soon(loop.stop)
        loop.run_forever()
    finally:
        signal.set_wakeup_fd(-1)
        loop.close()
