"""The public package: what is there beyond asyncio, and that `import eagerloop as asyncio` is enough."""

from __future__ import annotations

import subprocess
import sys

import eagerloop


def test_a_program_that_only_knows_asyncio() -> None:
    program = """
import eagerloop as asyncio

async def worker(queue, results):
    while True:
        try:
            results.append(await queue.get())
        except asyncio.QueueShutDown:
            return

async def main():
    queue, results = asyncio.Queue(2), []
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(worker(queue, results))
        for n in range(10):
            await queue.put(n)
        queue.shutdown()
    return sum(results)

print(asyncio.run(main()), asyncio.run(main(), eager=True))
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=30
    )
    assert (done.stdout, done.stderr) == ("45 45\n", "")


def test_more_than_asyncio() -> None:
    for name in ("EventLoop", "compiled", "install", "new_event_loop", "uninstall"):
        assert hasattr(eagerloop, name)
    loop = eagerloop.new_event_loop(poller="select", eager=True)
    assert loop.poller == "select"  # type: ignore[attr-defined]
    loop.close()
