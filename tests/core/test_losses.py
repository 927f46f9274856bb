"""losses: what goes unheard is told to the loop's exception handler, with where it was made in debug mode."""

from __future__ import annotations

import gc
from typing import Any

import pytest

import eagerloop
from eagerloop.core.future import Future

Loop = eagerloop.EventLoop


@pytest.mark.parametrize("debug", [False, True])
def test_an_exception_that_nobody_asks_for_is_reported(loop: Loop, debug: bool) -> None:
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    loop.set_debug(debug)
    fut: Future[None] = loop.create_future()
    error = ValueError("lost")
    fut.set_exception(error)
    del fut
    gc.collect()
    assert told[0]["exception"] is error
    assert told[0]["message"] == "Future exception was never retrieved"
    assert isinstance(told[0]["future"], Future)
    assert ("source_traceback" in told[0]) == debug


def test_a_lost_task_is_reported(loop: Loop) -> None:
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))

    async def wait_for_nobody() -> None:
        await Future(loop=loop)

    task = loop.create_task(wait_for_nobody())
    loop.run_until_complete(eagerloop.sleep(0))
    del task
    gc.collect()
    (context,) = told
    assert context["message"] == "Task was destroyed but it is pending!"
    assert isinstance(context["task"], eagerloop.Task)
    assert not context.keys() & {"exception", "source_traceback"}
