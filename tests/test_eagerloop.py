"""The public package: what is there beyond asyncio, and that `import eagerloop as asyncio` is enough."""

from __future__ import annotations

import subprocess
import sys

import eagerloop
import eagerloop as asyncio


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


def test_asyncio_s_modules_are_attributes() -> None:
    """Programs say `asyncio.sslproto` or `asyncio.selector_events` without importing the module."""
    program = """
import asyncio, types
import eagerloop

modules = {name for name, value in vars(asyncio).items() if isinstance(value, types.ModuleType)}
print(sorted(name for name in modules - {"sys"} if not hasattr(eagerloop, name)))
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=30
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_annotations_accept_what_any_loop_gives() -> None:
    """mypy checks this one: to it the running loop is an AbstractEventLoop, and gives asyncio's classes."""

    async def value() -> int:
        return 7

    async def main() -> int:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        tasks: set[asyncio.Task[int]] = {loop.create_task(value()), asyncio.create_task(value())}
        tasks.add(asyncio.ensure_future(value()))
        done: set[asyncio.Task[int]]
        done, _ = await asyncio.wait(tasks)
        soon: asyncio.Handle = loop.call_soon(future.set_result, 1)
        later: asyncio.TimerHandle = loop.call_later(60, print)
        later.cancel()
        server: asyncio.Server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
        server.close()
        for made, kind in (
            (future, asyncio.Future),
            (soon, asyncio.Handle),
            (later, asyncio.TimerHandle),
            (server, asyncio.Server),
        ):
            assert isinstance(made, kind)
        return await future + sum(task.result() for task in done)

    assert asyncio.run(main()) == 22


def test_results_have_types() -> None:
    """mypy checks this one too: Any would be refused where a type is to be returned."""

    async def one() -> int:
        return 1

    async def line(reader: asyncio.StreamReader) -> bytes:
        await reader.readuntil((b"\n", b"\r"))
        return await reader.readline()

    async def rest(reader: asyncio.StreamReader) -> bytes:
        return await reader.readexactly(1) + await reader.read()

    async def group() -> int:
        async with asyncio.timeout(9) as limit, asyncio.TaskGroup() as tasks:
            task = tasks.create_task(one())
        assert not limit.expired()
        return task.result()

    async def both() -> tuple[int, str]:
        return await asyncio.gather(one(), asyncio.sleep(0, "x"))

    async def condition() -> int:
        async with (met := asyncio.Condition()):
            return await met.wait_for(lambda: 3)

    async def output() -> str:
        child = await asyncio.create_subprocess_exec("echo", "x", stdout=asyncio.subprocess.PIPE)
        out, _ = await child.communicate()
        return out.decode()

    async def main() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(b"a\nb\ncde")
        reader.feed_eof()
        assert (await line(reader), await rest(reader)) == (b"b\n", b"cde")
        assert (await group(), await condition(), await output()) == (1, 3, "x\n")
        assert tuple(await both()) == (1, "x")

    asyncio.run(main())


def test_more_than_asyncio() -> None:
    for name in ("EventLoop", "compiled", "install", "new_event_loop", "uninstall"):
        assert hasattr(eagerloop, name)
    loop = eagerloop.new_event_loop(poller="select", eager=True)
    assert loop.poller == "select"  # type: ignore[attr-defined]
    loop.close()
