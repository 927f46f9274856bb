"""Cases of memory: what one waiting thing costs while it waits."""

from __future__ import annotations

from .case import MemoryCase
from .implementations import Implementation


async def sleeping(on: Implementation, n: int) -> int:
    """n tasks in sleep(3600). They are left to the end of the process, which is not measured."""
    loop = on.aio.get_running_loop()
    sleep = on.aio.sleep

    async def sleeper() -> None:
        await sleep(3600)

    tasks = [loop.create_task(sleeper()) for _ in range(n)]
    await sleep(0)
    await sleep(0)
    KEPT.append(tasks)
    return n


KEPT: list[object] = []

CASES = (
    MemoryCase(
        "sleeping", "a task in sleep(): its bytes, and CPU to start it", True, sleeping, 200_000
    ),
    MemoryCase("million_sleeping", "the same, a million at once", False, sleeping, 1_000_000),
)
