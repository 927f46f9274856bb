"""The running task, as asyncio and as we tell it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from asyncio import current_task as imported_early
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import eagerloop
from eagerloop import _build, _pure
from eagerloop.core import current

Loop = eagerloop.EventLoop


@pytest.mark.skipif(not _build.compiled(), reason="interpreted, asyncio is asked")
def test_it_is_written_without_asking_asyncio() -> None:
    """Should a new Python keep it elsewhere, each step is slower, and nothing else tells."""
    assert current.places_are_known()


def test_everybody_agrees(loop: Loop) -> None:
    async def main() -> None:
        me = current.current_task()
        assert me is not None
        assert me is imported_early() is asyncio.current_task(loop)
        seen = []
        loop.call_soon(lambda: seen.append((imported_early(loop), current.current_task())))
        await eagerloop.sleep(0)
        assert seen == [(None, None)]
        assert imported_early() is me

    task = loop.create_task(main())
    loop.run_until_complete(task)
    assert imported_early(loop) is None


def test_no_loop() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        current.current_task()


def test_a_native_task_between_ours(loop: Loop) -> None:
    async def child() -> object:
        await asyncio.sleep(0)
        return eagerloop.current_task()

    async def main() -> None:
        native = asyncio.tasks.Task(child(), loop=loop)
        ours = loop.create_task(child())
        assert await native is native
        assert await ours is ours

    loop.run_until_complete(main())


def test_many_loops_come_and_go() -> None:
    """Where asyncio keeps a loop's task is remembered, and that place moves."""

    async def look(own: Loop, others: list[Loop]) -> None:
        for _ in range(3):
            assert asyncio.current_task(own) is current.current_task() is not None
            assert current.current_task(own).get_loop() is own
            for other in others:
                assert asyncio.current_task(other) is None
            await eagerloop.sleep(0)

    async def main(own: Loop, others: list[Loop]) -> None:
        own.call_soon(look_idle, own)
        await eagerloop.gather(look(own, others), look(own, others))

    def look_idle(own: Loop) -> None:
        assert asyncio.current_task(own) is current.current_task(own) is None

    loops: list[Any] = [eagerloop.new_event_loop() for _ in range(12)]
    for first in range(12):
        for own in loops[first:]:
            own.run_until_complete(main(own, [each for each in loops if each is not own]))
        loops[first].close()


def test_loops_of_threads_each_have_theirs() -> None:
    async def main() -> None:
        me = current.current_task()
        for _ in range(300):
            assert current.current_task() is asyncio.current_task() is me
            await eagerloop.sleep(0)

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(eagerloop.run, main()) for _ in range(8)]:
            done.result()


ASKS = """
import eagerloop

async def main():
    for _ in range(1000):
        async with eagerloop.timeout(60):
            pass

eagerloop.run(main())
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace counts the system calls")
@pytest.mark.skipif(_pure.wanted(), reason="interpreted, asyncio's own function is asked")
def test_asking_for_the_running_loop_is_no_system_call(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = ["strace", "-f", "-o", str(log), "-e", "trace=getpid", sys.executable, "-c", ASKS]
    subprocess.run(command, check=True)
    assert log.read_text().count("getpid()") < 100
