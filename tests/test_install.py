"""install(): what asyncio means afterwards. Each case is a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def outcome(program: str, **environment: str) -> str:
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_asyncios_names_are_ours() -> None:
    program = """
import eagerloop
eagerloop.install()
eagerloop.install()
import asyncio, asyncio.futures, asyncio.queues, asyncio.tasks
assert asyncio.run is eagerloop.run
assert asyncio.Task is asyncio.tasks.Task is eagerloop.Task
assert asyncio.Future is asyncio.futures.Future is eagerloop.Future
assert asyncio.Queue is asyncio.queues.Queue is eagerloop.Queue
assert asyncio.timeout is eagerloop.timeout
async def main():
    return type(asyncio.get_running_loop()).__name__, type(asyncio.current_task()).__module__
print(asyncio.run(main()))
loop = asyncio.new_event_loop()
assert isinstance(loop, eagerloop.EventLoop)
loop.close()
"""
    assert outcome(program) == "('EventLoop', 'eagerloop.core.task')"


def test_names_of_newer_pythons_are_there() -> None:
    program = """
import eagerloop
eagerloop.install()
import asyncio
names = "QueueShutDown", "eager_task_factory", "print_call_graph"
print(all(hasattr(asyncio, name) for name in names))
"""
    assert outcome(program) == "True"


def test_eager() -> None:
    program = """
import eagerloop
eagerloop.install(eager=True)
import asyncio
async def child(): pass
async def main():
    return asyncio.create_task(child()).done()
print(asyncio.run(main()))
"""
    assert outcome(program) == "True"


def test_what_was_imported_before_works_on_our_loop() -> None:
    program = """
import asyncio
from asyncio import Queue, TaskGroup, gather, sleep, timeout
import eagerloop
eagerloop.install()
async def main():
    queue = Queue()
    async with timeout(10), TaskGroup() as group:
        group.create_task(queue.put(1))
        group.create_task(sleep(0.001))
    assert await gather(queue.get(), sleep(0, 2)) == [1, 2]
    return type(asyncio.get_running_loop()) is eagerloop.EventLoop
print(asyncio.run(main()))
"""
    assert outcome(program) == "True"


def test_the_stdlibs_loop_still_works() -> None:
    program = """
import asyncio
from asyncio import SelectorEventLoop
import eagerloop
eagerloop.install()
async def serve(reader, writer):
    writer.write(await reader.readline())
    writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"line\\n")
        line = await reader.readline()
        writer.close()
        await writer.wait_closed()
    return line, type(asyncio.get_running_loop()).__module__
print(asyncio.run(main(), loop_factory=SelectorEventLoop))
"""
    assert outcome(program) == "(b'line\\n', 'asyncio.unix_events')"


def test_uninstall() -> None:
    program = """
import asyncio
before = {name: dict(vars(module)) for name, module in __import__("sys").modules.items()
          if name.partition(".")[0] == "asyncio"}
import eagerloop
from eagerloop.install import uninstall
eagerloop.install(eager=True)
uninstall()
import sys
for name, content in before.items():
    assert dict(vars(sys.modules[name])) == content, name
async def main():
    return type(asyncio.get_running_loop()).__module__
print(asyncio.run(main()))
"""
    assert outcome(program) == "asyncio.unix_events"


@pytest.mark.skipif(sys.version_info >= (3, 16), reason="there are no policies any more")
def test_the_policy_is_ours() -> None:
    program = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
import eagerloop
eagerloop.install()
import asyncio
print(type(asyncio.get_event_loop_policy()).__module__)
"""
    assert outcome(program) == "eagerloop.policy"
