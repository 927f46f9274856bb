"""timeout(): when it fires, what it turns into TimeoutError, and what it must let through."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from unittest import mock

import pytest

import eagerloop
from tests.conftest import Run


def test_in_time(run: Run) -> None:
    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        async with eagerloop.timeout(10) as limit:
            assert isinstance(limit, eagerloop.Timeout)
            assert len(loop._scheduled) == 1
            await eagerloop.sleep(0)
        assert not limit.expired()
        assert len(loop._scheduled) == 0

    run(main)


def test_it_takes_attributes(run: Run) -> None:
    async def main() -> None:
        for round in range(3):  # the memory of one is used again
            async with eagerloop.timeout(10) as limit:
                assert vars(limit) == {}
                limit.note = round  # type: ignore[attr-defined]
                with mock.patch.object(limit, "expired", return_value=True):
                    assert limit.expired()
                assert vars(limit) == {"note": round}
                assert not limit.expired()

    run(main)


@pytest.mark.parametrize("delay", [0.01, 0, -1])
def test_too_late(run: Run, delay: float) -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError) as caught:
            async with eagerloop.timeout(delay) as limit:
                await eagerloop.sleep(10)
        assert isinstance(caught.value.__cause__, asyncio.CancelledError)
        assert limit.expired()
        task: Any = eagerloop.current_task()
        assert task.cancelling() == 0

    run(main)


def test_a_block_that_does_not_wait_is_not_interrupted(run: Run) -> None:
    async def main() -> None:
        async with eagerloop.timeout(0.001) as limit:
            time.sleep(0.01)
        assert not limit.expired()

    run(main)


def test_no_limit(run: Run) -> None:
    async def main() -> None:
        async with eagerloop.timeout(None) as limit:
            assert limit.when() is None
            assert repr(limit) == "<Timeout [active] when=None>"
            await eagerloop.sleep(0)

    run(main)


def test_timeout_at_keeps_the_deadline(run: Run) -> None:
    async def main() -> None:
        deadline = eagerloop.get_running_loop().time() + 10
        async with eagerloop.timeout_at(deadline) as limit:
            assert limit.when() is deadline

    run(main)


def test_reschedule(run: Run) -> None:
    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        with pytest.raises(TimeoutError):
            async with eagerloop.timeout(None) as limit:
                limit.reschedule(loop.time() + 10)
                limit.reschedule(None)
                limit.reschedule(loop.time() + 0.01)
                assert len(loop._scheduled) == 1
                await eagerloop.sleep(10)
        async with eagerloop.timeout(0.01) as limit:
            limit.reschedule(loop.time() + 10)
            await eagerloop.sleep(0.02)
        assert not limit.expired()
        with pytest.raises(TimeoutError):
            async with eagerloop.timeout(10) as limit:
                limit.reschedule(loop.time() - 1)
                limit.reschedule(loop.time() - 2)
                await eagerloop.sleep(10)

    run(main)


def test_states_and_their_errors(run: Run) -> None:
    async def main() -> None:
        limit = eagerloop.timeout(0.01)
        assert repr(limit) == "<Timeout [created]>"
        with pytest.raises(RuntimeError, match="Timeout has not been entered"):
            limit.reschedule(None)
        with pytest.raises(TimeoutError):
            async with limit:
                try:
                    await eagerloop.sleep(10)
                finally:
                    assert repr(limit) == "<Timeout [expiring]>"
                    with pytest.raises(
                        RuntimeError, match="Cannot change state of expiring Timeout"
                    ):
                        limit.reschedule(None)
        assert repr(limit) == "<Timeout [expired]>"
        with pytest.raises(RuntimeError, match="Cannot change state of expired Timeout"):
            limit.reschedule(None)
        with pytest.raises(RuntimeError, match="Timeout has already been entered"):
            async with limit:
                pass
        async with eagerloop.timeout(10) as limit:
            pass
        assert repr(limit) == "<Timeout [finished]>"

    run(main)


def test_needs_a_task(loop: eagerloop.EventLoop) -> None:
    failures: list[Any] = []

    def enter() -> None:
        try:
            eagerloop.timeout(1).__aenter__().send(None)
        except RuntimeError as error:
            failures.append(str(error))
        loop.stop()

    loop.call_soon(enter)
    loop.run_forever()
    assert failures == ["Timeout should be used inside a task"]


def test_somebody_elses_cancellation_passes(run: Run) -> None:
    async def main() -> None:
        task: Any = eagerloop.current_task()
        with pytest.raises(asyncio.CancelledError):
            async with eagerloop.timeout(10) as limit:
                task.cancel()
                await eagerloop.sleep(10)
        assert not limit.expired()
        assert task.uncancel() == 0

    run(main)


def test_cancelled_and_expired_is_cancelled(run: Run) -> None:
    async def main() -> None:
        task: Any = eagerloop.current_task()
        with pytest.raises(asyncio.CancelledError):
            async with eagerloop.timeout(0) as limit:
                task.cancel()
                await eagerloop.sleep(0)
                await eagerloop.sleep(10)
        assert task.uncancel() == 0
        with pytest.raises(asyncio.CancelledError):
            async with eagerloop.timeout(0.01) as limit:
                try:
                    await eagerloop.sleep(10)
                except asyncio.CancelledError:
                    task.cancel()
                    raise
        assert limit.expired()
        assert task.uncancel() == 0

    run(main)


def test_only_the_limit_that_is_over_raises(run: Run) -> None:
    async def main() -> None:
        async with eagerloop.timeout(10) as outer:
            with pytest.raises(TimeoutError):
                async with eagerloop.timeout(0.01) as inner:
                    await eagerloop.sleep(10)
        assert inner.expired()
        assert not outer.expired()
        with pytest.raises(TimeoutError):
            async with eagerloop.timeout(0.01) as outer, eagerloop.timeout(10) as inner:
                await eagerloop.sleep(10)
        assert outer.expired()
        assert not inner.expired()

    run(main)


def test_another_exception_has_timeout_error_in_its_context(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(ZeroDivisionError) as caught:
            async with eagerloop.timeout(0.01):
                try:
                    await eagerloop.sleep(10)
                finally:
                    1 / 0
        context = caught.value.__context__
        assert isinstance(context, TimeoutError)
        assert isinstance(context.__cause__, asyncio.CancelledError)
        assert context.__context__ is context.__cause__

    run(main)


def test_an_exception_group_has_it_one_level_down(run: Run) -> None:
    async def failing() -> None:
        try:
            await eagerloop.sleep(10)
        finally:
            1 / 0

    async def main() -> None:
        with pytest.raises(ExceptionGroup) as caught:
            async with eagerloop.timeout(0.01), eagerloop.TaskGroup() as group:
                group.create_task(failing())
        inner = caught.value.exceptions[0]
        assert isinstance(inner, ZeroDivisionError)
        assert isinstance(inner.__context__, TimeoutError)

    run(main)


def test_on_a_loop_that_is_not_ours() -> None:
    async def main() -> None:
        for delay in (0.01, 0):
            with pytest.raises(TimeoutError):
                async with eagerloop.timeout(delay):
                    await asyncio.sleep(10)
        async with eagerloop.timeout(10) as limit:
            limit.reschedule(None)

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(main())
