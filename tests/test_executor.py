"""Blocking functions in threads, and how the pool ends."""

from __future__ import annotations

import concurrent.futures
import threading
import time

import pytest

import eagerloop

Loop = eagerloop.EventLoop


def test_runs_in_a_thread_of_asyncios_name(loop: Loop) -> None:
    async def main() -> str:
        return await loop.run_in_executor(None, lambda: threading.current_thread().name)

    assert loop.run_until_complete(main()).startswith("asyncio")
    loop.run_until_complete(loop.shutdown_default_executor())
    with pytest.raises(RuntimeError, match="Executor shutdown has been called"):
        loop.run_in_executor(None, print)


def test_exceptions_come_through(loop: Loop) -> None:
    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, lambda: 1 / 0)
        await loop.shutdown_default_executor()

    loop.run_until_complete(main())


def test_an_executor_of_ones_own(loop: Loop) -> None:
    with pytest.raises(TypeError, match="executor must be ThreadPoolExecutor instance"):
        loop.set_default_executor(object())  # type: ignore[arg-type]
    with concurrent.futures.ThreadPoolExecutor(thread_name_prefix="mine") as pool:
        loop.set_default_executor(pool)

        async def main() -> str:
            return await loop.run_in_executor(None, lambda: threading.current_thread().name)

        assert loop.run_until_complete(main()).startswith("mine")


def test_threads_that_do_not_end_are_left_with_a_warning(loop: Loop) -> None:
    go = threading.Event()

    async def main() -> None:
        loop.run_in_executor(None, go.wait, 5)
        with pytest.warns(RuntimeWarning, match="within 0.05 seconds"):
            await loop.shutdown_default_executor(0.05)

    start = time.monotonic()
    loop.run_until_complete(main())
    assert time.monotonic() - start < 4
    go.set()
    time.sleep(0.05)
