"""Several loops in several threads know nothing of each other."""

from __future__ import annotations

import asyncio
import threading

import eagerloop


def test_loops_in_threads() -> None:
    results: dict[int, int] = {}

    async def work(n: int) -> int:
        total = 0
        for k in range(200):
            await eagerloop.sleep(0.0001 if k % 50 == 0 else 0)
            assert asyncio.current_task() is eagerloop.current_task()
            assert {task.get_loop() for task in asyncio.all_tasks()} == {asyncio.get_running_loop()}
            total += n
        return total

    async def main(n: int) -> int:
        return sum(await eagerloop.gather(*(work(n) for _ in range(5))))

    def thread(n: int) -> None:
        results[n] = eagerloop.run(main(n))

    threads = [threading.Thread(target=thread, args=(n,)) for n in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert results == {n: n * 1000 for n in range(4)}
