"""A million coroutines that never wait: plain gather() against an eager TaskGroup.

An eager task runs to its first wait while it is being created. One that never waits is done by
then: no handle, no turn of the loop, nothing to collect.

    python examples/million_tasks.py [COUNT]
    eagerloop run examples/million_tasks.py
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

ran = 0


async def light() -> None:
    global ran
    ran += 1


async def with_gather(aio: Any, count: int) -> None:
    await aio.gather(*[light() for _ in range(count)])


async def with_group(aio: Any, count: int) -> None:
    async with aio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(light())


def seconds(run: Any, work: Any, count: int) -> float:
    start = time.perf_counter()
    run(work)
    taken = time.perf_counter() - start
    assert ran == count
    return taken


def plain(count: int) -> float:
    """The same on the standard library's asyncio: in a process that never heard of eagerloop."""
    command = [sys.executable, __file__, str(count), "--plain"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def main(count: int) -> None:
    import eagerloop

    print(f"{count:,} coroutines that never wait:", flush=True)
    slow = plain(count)
    print(f"  asyncio,   gather()         {slow:7.2f} s  {slow / count * 1e9:7,.0f} ns each")
    work = with_group(eagerloop, count)
    fast = seconds(lambda work: eagerloop.run(work, eager=True), work, count)
    print(f"  eagerloop, eager TaskGroup  {fast:7.2f} s  {fast / count * 1e9:7,.0f} ns each")
    print(f"  {slow / fast:.1f} times faster")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    if "--plain" in sys.argv:
        import asyncio

        print(seconds(asyncio.run, with_gather(asyncio, count), count))
    else:
        main(count)
