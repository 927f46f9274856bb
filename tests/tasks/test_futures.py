"""Chains between futures of loops and of threads."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import traceback
from typing import Any

import pytest

import eagerloop
from eagerloop.tasks.futures import chain_future
from tests.conftest import Run


def test_a_threads_result_arrives(run: Run) -> None:
    async def main() -> None:
        source: concurrent.futures.Future[int] = concurrent.futures.Future()
        wrapped = eagerloop.wrap_future(source)
        threading.Timer(0.01, source.set_result, [1]).start()
        assert await wrapped == 1

    run(main)


def test_an_asyncio_future_is_not_wrapped(run: Run) -> None:
    async def main() -> None:
        future: Any = eagerloop.get_running_loop().create_future()
        assert eagerloop.wrap_future(future) is future
        future.cancel()

    run(main)


def test_a_threads_exception_arrives_with_its_traceback(run: Run) -> None:
    def raise_in_thread() -> None:
        raise concurrent.futures.InvalidStateError("there")

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        with pytest.raises(asyncio.InvalidStateError, match="there") as caught:
            await loop.run_in_executor(None, raise_in_thread)
        frames = traceback.extract_tb(caught.value.__traceback__)
        assert "raise_in_thread" in [frame.name for frame in frames]

    run(main)


def test_cancelling_the_wrapper_cancels_the_threads_future(run: Run) -> None:
    async def main() -> None:
        source: concurrent.futures.Future[int] = concurrent.futures.Future()
        eagerloop.wrap_future(source).cancel()
        await eagerloop.sleep(0)
        await eagerloop.sleep(0)
        assert source.cancelled()

    run(main)


def test_a_cancelled_threads_future_cancels_the_wrapper(run: Run) -> None:
    async def main() -> None:
        source: concurrent.futures.Future[int] = concurrent.futures.Future()
        wrapped = eagerloop.wrap_future(source)
        source.cancel()
        source.set_running_or_notify_cancel()
        with pytest.raises(asyncio.CancelledError):
            await wrapped
        assert wrapped.cancelled()

    run(main)


def test_a_result_for_a_closed_loop_is_dropped() -> None:
    source: concurrent.futures.Future[int] = concurrent.futures.Future()

    async def main() -> None:
        eagerloop.wrap_future(source)

    eagerloop.run(main())
    source.set_result(1)  # must not raise, nor log


def test_between_two_loops(run: Run) -> None:
    other = eagerloop.new_event_loop()
    thread = threading.Thread(target=other.run_forever)
    thread.start()

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        source: Any = other.create_future()
        here: Any = loop.create_future()
        chained = threading.Event()

        def chain() -> None:
            chain_future(source, here)
            chained.set()

        other.call_soon_threadsafe(chain)
        chained.wait()
        other.call_soon_threadsafe(source.set_result, "across")
        assert await here == "across"

    run(main)
    other.call_soon_threadsafe(other.stop)
    thread.join()
    other.close()


def test_what_is_no_future_is_refused(run: Run) -> None:
    async def main() -> None:
        future: Any = eagerloop.get_running_loop().create_future()
        with pytest.raises(TypeError, match="A future is required for source argument"):
            chain_future(1, future)
        with pytest.raises(TypeError, match="A future is required for destination argument"):
            chain_future(future, 1)
        future.cancel()

    run(main)
