"""The running task, as asyncio and as we tell it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from asyncio import current_task as imported_early
from pathlib import Path

import pytest

import eagerloop
from eagerloop import _pure
from eagerloop.core import current

Loop = eagerloop.EventLoop


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
