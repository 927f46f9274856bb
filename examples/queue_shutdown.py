"""Queue.shutdown(): workers that end by themselves when the work does, without a sentinel for each.

asyncio has it from Python 3.13 on, eagerloop everywhere.

    python examples/queue_shutdown.py [ITEMS]
    eagerloop run examples/queue_shutdown.py
"""

from __future__ import annotations

import sys
import time

import eagerloop

WORKERS = 100


async def worker(queue: eagerloop.Queue[int]) -> int:
    """Take until the queue is shut down and empty; return the sum of what was taken."""
    total = 0
    while True:
        try:
            total += await queue.get()
        except eagerloop.QueueShutDown:
            return total


async def main(items: int) -> None:
    queue: eagerloop.Queue[int] = eagerloop.Queue(maxsize=1000)
    start = time.perf_counter()
    async with eagerloop.TaskGroup() as group:
        workers = [group.create_task(worker(queue)) for _ in range(WORKERS)]
        for number in range(items):
            await queue.put(number)
        queue.shutdown()
        try:
            await queue.put(0)
        except eagerloop.QueueShutDown:
            refused = True
    taken = time.perf_counter() - start
    assert refused
    assert sum(each.result() for each in workers) == items * (items - 1) // 2
    print(
        f"{items:,} items through a queue to {WORKERS} workers, then shutdown(): {taken:.2f} s, "
        f"{taken / items * 1e9:,.0f} ns an item; every worker ended, nothing was lost"
    )


if __name__ == "__main__":
    eagerloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000))
