"""A million current_task() calls: what structured-concurrency libraries ask on each step.

python examples/current_task.py [COUNT]
eagerloop run examples/current_task.py
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any


async def calls(aio: Any, count: int) -> float:
    """Nanoseconds of one call."""
    current, me = aio.current_task, aio.current_task()
    start = time.perf_counter_ns()
    for _ in range(count):
        current()
    taken = time.perf_counter_ns() - start
    assert current() is me
    assert me is not None
    return taken / count


def plain(count: int) -> float:
    """The same on the standard library's asyncio: in a process that never heard of eagerloop."""
    command = [sys.executable, __file__, str(count), "--plain"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def main(count: int) -> None:
    import eagerloop

    slow = plain(count)
    fast = eagerloop.run(calls(eagerloop, count))
    print(f"{count:,} calls of current_task(), the loop around them included:")
    print(f"  asyncio    {slow:6.1f} ns each")
    print(f"  eagerloop  {fast:6.1f} ns each, {slow / fast:.1f} times faster")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    if "--plain" in sys.argv:
        import asyncio

        print(asyncio.run(calls(asyncio, count)))
    else:
        main(count)
