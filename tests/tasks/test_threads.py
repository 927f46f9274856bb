"""to_thread() and run_coroutine_threadsafe()."""

from __future__ import annotations

import concurrent.futures
import contextvars
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import eagerloop
from tests.conftest import Run

variable = contextvars.ContextVar("variable", default="unset")


@pytest.fixture
def elsewhere() -> Iterator[Any]:
    """A loop that runs in another thread."""
    loop = eagerloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_to_thread_runs_elsewhere_in_our_context(run: Run) -> None:
    def work(number: int, *, factor: int) -> tuple[int, str, int]:
        return number * factor, variable.get(), threading.get_ident()

    async def main() -> None:
        variable.set("ours")
        product, value, thread = await eagerloop.to_thread(work, 6, factor=7)
        assert (product, value) == (42, "ours")
        assert thread != threading.get_ident()

    run(main)


def test_to_thread_raises_what_is_raised_there(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            await eagerloop.to_thread(lambda: 1 // 0)

    run(main)


def test_a_coroutine_runs_in_the_other_loop(elsewhere: Any) -> None:
    async def work() -> Any:
        await eagerloop.sleep(0)
        return eagerloop.get_running_loop()

    future = eagerloop.run_coroutine_threadsafe(work(), elsewhere)
    assert isinstance(future, concurrent.futures.Future)
    assert future.result(10) is elsewhere


def test_its_exception_arrives(elsewhere: Any) -> None:
    async def work() -> None:
        raise ValueError("there")

    with pytest.raises(ValueError, match="there"):
        eagerloop.run_coroutine_threadsafe(work(), elsewhere).result(10)


def test_cancelling_the_future_cancels_the_task(elsewhere: Any) -> None:
    started, ended = threading.Event(), threading.Event()

    async def work() -> None:
        started.set()
        try:
            await eagerloop.sleep(3600)
        finally:
            ended.set()

    future = eagerloop.run_coroutine_threadsafe(work(), elsewhere)
    assert started.wait(10)
    assert future.cancel()
    assert ended.wait(10)


def test_a_failing_task_factory_is_heard_of_on_both_sides(elsewhere: Any) -> None:
    reports: list[Any] = []
    elsewhere.set_exception_handler(lambda _, context: reports.append(context["exception"]))

    def factory(loop: Any, coro: Any, **kwargs: Any) -> Any:
        coro.close()
        raise ValueError("no tasks today")

    elsewhere.set_task_factory(factory)
    future = eagerloop.run_coroutine_threadsafe(eagerloop.sleep(0), elsewhere)
    with pytest.raises(ValueError, match="no tasks today"):
        future.result(10)
    flushed = threading.Event()
    elsewhere.call_soon_threadsafe(flushed.set)
    assert flushed.wait(10)
    assert [str(report) for report in reports] == ["no tasks today"]


def test_what_is_no_coroutine_is_refused(elsewhere: Any) -> None:
    wrong: Any = 1
    with pytest.raises(TypeError, match="A coroutine object is required"):
        eagerloop.run_coroutine_threadsafe(wrong, elsewhere)
