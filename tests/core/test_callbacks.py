"""The waiters of a future as other code sees them."""

from __future__ import annotations

from typing import Any

import eagerloop
from tests.conftest import Run


def test_a_waiting_task_and_a_function(run: Run) -> None:
    async def main() -> None:
        future: Any = eagerloop.get_running_loop().create_future()

        async def wait() -> None:
            await future

        task: Any = eagerloop.create_task(wait())
        await eagerloop.sleep(0)
        seen: list[Any] = []
        future.add_done_callback(seen.append)
        (first, first_context), (second, second_context) = future._callbacks
        assert first == task._wakeup
        assert second == seen.append
        assert first_context is task.get_context()
        assert second_context.run(len, ()) == 0
        assert future._asyncio_awaited_by == {task}
        assert future.remove_done_callback(seen.append) == 1
        future.set_result(None)
        await task
        assert not seen

    run(main)
