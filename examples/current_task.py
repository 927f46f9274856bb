"""A million current_task() calls: what structured-concurrency libraries ask on each step.

python examples/current_task.py [COUNT]
eagerloop run examples/current_task.py
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import eagerloop


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


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        plain = runner.run(calls(asyncio, count))
    ours = eagerloop.run(calls(eagerloop, count))
    print(f"{count:,} calls of current_task(), the loop around them included:")
    print(f"  asyncio    {plain:6.1f} ns each")
    print(f"  eagerloop  {ours:6.1f} ns each, {plain / ours:.1f} times faster")


if __name__ == "__main__":
    main()
