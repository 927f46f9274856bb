"""A million coroutines that never wait: plain gather() against an eager TaskGroup.

An eager task runs to its first wait while it is being created. One that never waits is done by
then: no handle, no turn of the loop, nothing to collect.

    python examples/million_tasks.py [COUNT]
    eagerloop run examples/million_tasks.py
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import eagerloop


async def light(number: int) -> int:
    return number


async def with_gather(aio: Any, count: int) -> int:
    return sum(await aio.gather(*[light(number) for number in range(count)]))


async def with_group(aio: Any, count: int) -> int:
    async with aio.TaskGroup() as group:
        tasks = [group.create_task(light(number)) for number in range(count)]
    return sum(task.result() for task in tasks)


def seconds(run: Callable[[Any], int], work: Awaitable[int], count: int) -> float:
    gc.collect()
    start = time.perf_counter()
    total = run(work)
    taken = time.perf_counter() - start
    assert total == count * (count - 1) // 2
    return taken


def on_asyncio(work: Any) -> int:
    # Named, so that it stays the standard library's under `eagerloop run` too.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return int(runner.run(work))


def on_eagerloop(work: Any) -> int:
    return eagerloop.run(work, eager=True)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print(f"{count:,} coroutines that never wait:")
    plain = seconds(on_asyncio, with_gather(asyncio, count), count)
    print(f"  asyncio,   gather()         {plain:7.2f} s  {plain / count * 1e9:7,.0f} ns each")
    eager = seconds(on_eagerloop, with_group(eagerloop, count), count)
    print(f"  eagerloop, eager TaskGroup  {eager:7.2f} s  {eager / count * 1e9:7,.0f} ns each")
    print(f"  {plain / eager:.1f} times faster")


if __name__ == "__main__":
    main()
