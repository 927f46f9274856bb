"""Blocking functions in threads, and how the loop waits for those threads at the end."""

from __future__ import annotations

import concurrent.futures
import threading
import time
from typing import Any

import pytest

import eagerloop

Loop = eagerloop.EventLoop


def test_a_function_runs_in_another_thread(loop: Loop) -> None:
    result = loop.run_until_complete(loop.run_in_executor(None, divmod, 7, 2))
    thread = loop.run_until_complete(loop.run_in_executor(None, threading.current_thread))
    assert result == (3, 1)
    assert thread is not threading.current_thread()
    assert thread.name.startswith("asyncio_")
    loop.run_until_complete(loop.shutdown_default_executor())


def test_an_executor_of_the_callers(loop: Loop) -> None:
    with concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="mine") as pool:
        thread = loop.run_until_complete(loop.run_in_executor(pool, threading.current_thread))
        assert thread.name.startswith("mine")


def test_a_default_that_was_set(loop: Loop) -> None:
    with pytest.raises(TypeError, match="executor must be ThreadPoolExecutor instance"):
        loop.set_default_executor(object())  # type: ignore[arg-type]
    loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(1, "mine"))
    thread = loop.run_until_complete(loop.run_in_executor(None, threading.current_thread))
    assert thread.name.startswith("mine")
    loop.run_until_complete(loop.shutdown_default_executor())
    assert not thread.is_alive()


def test_the_functions_exception_is_the_futures(loop: Loop) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        loop.run_until_complete(loop.run_in_executor(None, int, "seven"))
    loop.run_until_complete(loop.shutdown_default_executor())


def test_a_function_that_has_not_begun_can_be_cancelled(loop: Loop) -> None:
    go = threading.Event()
    ran: list[int] = []

    async def main() -> None:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            first = loop.run_in_executor(pool, go.wait)
            second = loop.run_in_executor(pool, ran.append, 2)
            second.cancel()
            await eagerloop.sleep(0)
            go.set()
            await first
            assert second.cancelled()

    loop.run_until_complete(main())
    assert ran == []


def test_after_the_shutdown_nothing_is_accepted(loop: Loop) -> None:
    loop.run_until_complete(loop.shutdown_default_executor())
    with pytest.raises(RuntimeError, match="Executor shutdown has been called"):
        loop.run_in_executor(None, time.time)


def test_a_closed_loop_refuses() -> None:
    loop = eagerloop.EventLoop()
    loop.close()
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        loop.run_in_executor(None, time.time)


def test_the_shutdown_waits_for_what_runs(loop: Loop) -> None:
    done: list[Any] = []

    async def main() -> None:
        loop.run_in_executor(None, lambda: (time.sleep(0.05), done.append("thread")))
        await loop.shutdown_default_executor()
        done.append("shutdown")

    loop.run_until_complete(main())
    assert done == ["thread", "shutdown"]


def test_the_loop_goes_on_meanwhile(loop: Loop) -> None:
    go = threading.Event()

    async def main() -> None:
        loop.run_in_executor(None, go.wait)
        loop.call_later(0.01, go.set)  # only a loop that runs lets the thread end
        await loop.shutdown_default_executor()

    loop.run_until_complete(main())
    assert go.is_set()


def test_a_thread_that_takes_too_long_is_left_alone(loop: Loop) -> None:
    go = threading.Event()

    async def main() -> None:
        loop.run_in_executor(None, go.wait)
        with pytest.warns(RuntimeWarning, match=r"joining its threads within 0\.01 seconds"):
            await loop.shutdown_default_executor(timeout=0.01)

    loop.run_until_complete(main())
    loop.close()
    go.set()


@pytest.mark.parametrize("method", ["run_in_executor", "call_soon"])
def test_debug_mode_refuses_coroutine_functions(loop: Loop, method: str) -> None:
    async def main() -> None: ...

    loop.set_debug(True)
    arguments = (None, main) if method == "run_in_executor" else (main,)
    with pytest.raises(TypeError, match=rf"coroutines cannot be used with {method}\(\)"):
        getattr(loop, method)(*arguments)
