"""as_coroutine(): what is awaitable becomes a coroutine."""

from __future__ import annotations

import inspect
from typing import Any

import eagerloop
from eagerloop.tasks.awaitables import as_coroutine
from tests.conftest import Run


def test_a_future_becomes_a_coroutine(run: Run) -> None:
    async def main() -> None:
        future: Any = eagerloop.get_running_loop().create_future()
        coro = as_coroutine(future)
        assert inspect.iscoroutine(coro)
        future.set_result("result")
        assert await coro == "result"

    run(main)
