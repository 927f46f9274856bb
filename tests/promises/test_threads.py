"""Several loops in several threads know nothing of each other."""

from __future__ import annotations

import asyncio
import threading
import time

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


def test_threads_that_call_a_loop_until_it_is_closed() -> None:
    """What was accepted before the end may be dropped by it; what comes after is refused."""
    for _ in range(20):
        loop = eagerloop.EventLoop()
        refused: list[str] = []
        called: list[int] = []

        def pester(loop: eagerloop.EventLoop, refused: list[str], called: list[int]) -> None:
            try:
                while True:
                    loop.call_soon_threadsafe(called.append, 1)
                    time.sleep(0.00001)  # else they outrun the loop
            except RuntimeError as exc:
                refused.append(str(exc))

        threads = [threading.Thread(target=pester, args=(loop, refused, called)) for _ in range(3)]
        for each in threads:
            each.start()
        loop.run_until_complete(eagerloop.sleep(0.005))
        loop.close()
        for each in threads:
            each.join(10)
        assert refused == ["Event loop is closed"] * 3
        assert called


def test_a_thread_that_always_has_calls_waiting_starves_no_timer() -> None:
    loop = eagerloop.EventLoop()
    waiting = threading.Semaphore(100)
    stop = threading.Event()

    def flood() -> None:
        while not stop.is_set():
            waiting.acquire()
            loop.call_soon_threadsafe(waiting.release)

    async def main() -> None:
        for _ in range(20):
            await eagerloop.sleep(0.001)

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        loop.run_until_complete(asyncio.wait_for(main(), 20))
    finally:
        stop.set()
        waiting.release()
        thread.join()
        loop.close()
