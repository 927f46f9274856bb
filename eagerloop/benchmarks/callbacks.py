"""Cases of what tasks stand on: futures, callbacks, timers."""

from __future__ import annotations

from collections import deque
from functools import partial

from .case import TaskCase
from .implementations import Implementation


async def future(on: Implementation, n: int) -> int:
    loop = on.aio.get_running_loop()
    for _ in range(n):
        waiter = loop.create_future()
        loop.call_soon(waiter.set_result, None)
        await waiter
    return n


async def ping_pong(on: Implementation, n: int) -> int:
    """Two tasks that wake each other through a fresh future each time."""
    loop = on.aio.get_running_loop()
    turn = [loop.create_future(), loop.create_future()]

    async def player(mine: int, times: int) -> None:
        for _ in range(times):
            await turn[mine]
            turn[mine] = loop.create_future()
            turn[1 - mine].set_result(None)

    players = [loop.create_task(player(i, n // 2)) for i in (0, 1)]
    turn[0].set_result(None)
    for each in players:
        await each
    return n // 2 * 2


async def call_soon(on: Implementation, n: int) -> int:
    """One chain: each callback schedules the next, so every one is a turn of the loop."""
    loop = on.aio.get_running_loop()
    done = loop.create_future()
    left = n

    def step() -> None:
        nonlocal left
        left -= 1
        if left:
            loop.call_soon(step)
        else:
            done.set_result(None)

    loop.call_soon(step)
    await done
    return n


async def call_soon_burst(on: Implementation, n: int) -> int:
    """A thousand callbacks in each turn."""
    loop = on.aio.get_running_loop()

    def nothing() -> None:
        pass

    schedule = loop.call_soon
    for _ in range(n // 1000):
        for _ in range(1000):
            schedule(nothing)
        await on.aio.sleep(0)
    return n // 1000 * 1000


async def threadsafe(on: Implementation, n: int) -> int:
    loop = on.aio.get_running_loop()
    done = loop.create_future()

    def nothing() -> None:
        pass

    schedule = loop.call_soon_threadsafe
    for _ in range(n):
        schedule(nothing)
    schedule(done.set_result, None)
    await done
    return n


async def timer_cancel(on: Implementation, n: int) -> int:
    """Ten thousand timers alive at a time, all cancelled before they fire."""
    loop = on.aio.get_running_loop()

    def never() -> None:
        raise AssertionError("a cancelled timer fired")

    later = loop.call_later
    batch = min(n, 10_000)
    for _ in range(n // batch):
        timers = [later(60 + i % 10, never) for i in range(batch)]
        for timer in timers:
            timer.cancel()
        await on.aio.sleep(0)
    return n // batch * batch


async def timers_among(alive: int, on: Implementation, n: int) -> int:
    """The oldest of so many timers, or of half of all, is cancelled for each that comes."""
    loop = on.aio.get_running_loop()

    def never() -> None:
        raise AssertionError("a cancelled timer fired")

    later = loop.call_later
    alive = min(alive, n // 2)
    timers = deque([later(60 + i % 10, never) for i in range(alive)])
    for i in range(n - alive):
        timers.append(later(60 + i % 10, never))
        timers.popleft().cancel()
    for timer in timers:
        timer.cancel()
    await on.aio.sleep(0)
    return n


async def timer_fire(on: Implementation, n: int) -> int:
    """Timers due over the next ten milliseconds, in mixed order."""
    loop = on.aio.get_running_loop()
    done = loop.create_future()
    left = n

    def fire() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            done.set_result(None)

    now = loop.time()
    for i in range(n):
        loop.call_at(now + (i * 7919 % 1000) * 1e-5, fire)
    await done
    return n


CASES = (
    TaskCase(
        "future", "wake a task through a future, by call_soon(set_result)", True, future, 40_000
    ),
    TaskCase("ping_pong", "one task wakes another through a future", True, ping_pong, 40_000),
    TaskCase("call_soon", "one callback that schedules the next", True, call_soon, 150_000),
    TaskCase(
        "call_soon_burst", "one of a thousand callbacks in a turn", True, call_soon_burst, 300_000
    ),
    TaskCase("threadsafe", "one call_soon_threadsafe, and its run", True, threadsafe, 100_000),
    TaskCase("timer_cancel", "call_later and cancel, 10,000 alive", True, timer_cancel, 100_000),
    TaskCase(
        "timers_1k",
        "call_later and cancel, 1,000 others alive",
        False,
        partial(timers_among, 1000),
        200_000,
    ),
    TaskCase(
        "timers_1m",
        "call_later and cancel, 1,000,000 others alive",
        False,
        partial(timers_among, 1_000_000),
        2_000_000,
    ),
    TaskCase("timer_fire", "call_at, and its firing", True, timer_fire, 50_000),
)
