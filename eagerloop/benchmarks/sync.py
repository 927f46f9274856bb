"""Cases of timeouts, queues and locks."""

from __future__ import annotations

from .case import TaskCase
from .implementations import Implementation


async def timeout(on: Implementation, n: int) -> int:
    limit, sleep = on.aio.timeout, on.aio.sleep
    for _ in range(n):
        async with limit(60):
            await sleep(0)
    return n


async def queue(on: Implementation, n: int) -> int:
    items = on.aio.Queue(maxsize=100)

    async def produce() -> None:
        for i in range(n):
            await items.put(i)

    async def consume() -> None:
        for _ in range(n):
            await items.get()

    await on.aio.gather(produce(), consume())
    return n


async def event(on: Implementation, n: int) -> int:
    """Two tasks that wake each other through two events: one operation is one wait."""
    events = [on.aio.Event(), on.aio.Event()]

    async def player(mine: int) -> None:
        for _ in range(n // 2):
            await events[mine].wait()
            events[mine].clear()
            events[1 - mine].set()

    events[0].set()
    await on.aio.gather(player(0), player(1))
    return n // 2 * 2


async def lock(on: Implementation, n: int) -> int:
    mutex = on.aio.Lock()
    for _ in range(n):
        async with mutex:
            pass
    return n


async def lock_contended(on: Implementation, n: int) -> int:
    mutex, sleep = on.aio.Lock(), on.aio.sleep

    async def worker() -> None:
        for _ in range(n // 10):
            async with mutex:
                await sleep(0)

    await on.aio.gather(*[worker() for _ in range(10)])
    return n // 10 * 10


async def semaphore(on: Implementation, n: int) -> int:
    places, sleep = on.aio.Semaphore(5), on.aio.sleep

    async def worker() -> None:
        for _ in range(n // 10):
            async with places:
                await sleep(0)

    await on.aio.gather(*[worker() for _ in range(10)])
    return n // 10 * 10


async def condition(on: Implementation, n: int) -> int:
    """Two tasks that hand a turn over under one condition."""
    changed = on.aio.Condition()
    turn = 0

    async def player(mine: int) -> None:
        nonlocal turn
        for _ in range(n // 2):
            async with changed:
                while turn != mine:
                    await changed.wait()
                turn = 1 - mine
                changed.notify()

    await on.aio.gather(player(0), player(1))
    return n // 2 * 2


CASES = (
    TaskCase("timeout", "async with timeout(60) around one sleep(0)", True, timeout, 30_000),
    TaskCase("queue", "one item through a Queue of 100 places", True, queue, 100_000),
    TaskCase("event", "one task wakes another through an Event", True, event, 30_000),
    TaskCase("lock", "async with on a free Lock", True, lock, 200_000),
    TaskCase("lock_contended", "async with on a Lock ten tasks want", True, lock_contended, 30_000),
    TaskCase("semaphore", "async with on a Semaphore of 5, ten tasks", True, semaphore, 30_000),
    TaskCase("condition", "hand a turn over under a Condition", True, condition, 20_000),
)
