"""shield(): what it keeps away, and what it passes on."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

import eagerloop
from tests.conftest import Run


def test_cancelling_the_wait_leaves_the_inner_task_alone(run: Run) -> None:
    async def main() -> None:
        inner = eagerloop.create_task(eagerloop.sleep(0.01, "done"))

        async def wait() -> Any:
            return await eagerloop.shield(inner)

        outer = eagerloop.create_task(wait())
        await eagerloop.sleep(0)
        outer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await outer
        assert await inner == "done"

    run(main)


def test_result_exception_and_cancellation_pass(run: Run) -> None:
    async def main() -> None:
        loop = eagerloop.get_running_loop()
        inner: Any = loop.create_future()
        outer = eagerloop.shield(inner)
        inner.set_result(1)
        assert await outer == 1
        inner = loop.create_future()
        outer = eagerloop.shield(inner)
        inner.set_exception(ValueError("inner"))
        with pytest.raises(ValueError, match="inner"):
            await outer
        inner = loop.create_future()
        outer = eagerloop.shield(inner)
        inner.cancel()
        with pytest.raises(asyncio.CancelledError):
            await outer
        assert outer.cancelled()

    run(main)


def test_what_is_done_is_returned_itself(run: Run) -> None:
    async def main() -> None:
        inner: Any = eagerloop.get_running_loop().create_future()
        inner.set_result(1)
        assert eagerloop.shield(inner) is inner

    run(main)


def test_a_cancelled_shield_leaves_nothing_on_the_inner_future(run: Run) -> None:
    async def main() -> None:
        inner: Any = eagerloop.get_running_loop().create_future()
        outer = eagerloop.shield(inner)
        assert eagerloop.current_task() in inner._asyncio_awaited_by
        outer.cancel()
        await eagerloop.sleep(0)
        await eagerloop.sleep(0)
        assert not inner._callbacks
        assert not inner._asyncio_awaited_by
        inner.cancel()

    run(main)


def test_an_exception_after_the_cancellation_is_reported_by_its_own_future(run: Run) -> None:
    async def main() -> None:
        loop = eagerloop.get_running_loop()
        reports: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _, context: reports.append(context))
        inner: Any = loop.create_future()
        eagerloop.shield(inner).cancel()
        await eagerloop.sleep(0)
        inner.set_exception(ValueError("late"))
        await eagerloop.sleep(0)
        assert not reports
        del inner
        gc.collect()
        assert [report["message"] for report in reports] == ["Future exception was never retrieved"]

    run(main)
