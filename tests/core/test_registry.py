"""all_tasks(): the stdlib's sees ours, ours sees all."""

from __future__ import annotations

import asyncio
import asyncio.tasks
import subprocess
import sys

import pytest

import eagerloop
from eagerloop import _build
from eagerloop.core import registry

Loop = eagerloop.EventLoop
native_all_tasks = asyncio.tasks.all_tasks


def test_ours_and_native_ones(loop: Loop) -> None:
    async def main() -> None:
        me = eagerloop.current_task()
        ours = loop.create_task(eagerloop.sleep(0))
        native = asyncio.tasks.Task(asyncio.sleep(0), loop=loop)
        assert registry.all_tasks() == native_all_tasks() == {me, ours, native}
        await ours
        await native
        assert registry.all_tasks(loop) == {me}

    loop.run_until_complete(main())


def test_several_loops(loop: Loop) -> None:
    other = eagerloop.EventLoop()
    mine, theirs = loop.create_task(eagerloop.sleep(0)), other.create_task(eagerloop.sleep(0))
    assert native_all_tasks(loop) == {mine}
    assert native_all_tasks(other) == {theirs}
    loop.run_until_complete(mine)
    other.run_until_complete(theirs)
    other.close()


def test_no_loop() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        registry.all_tasks()


SUBINTERPRETER = """
import asyncio, sys
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import eagerloop

code = f'''
import sys
sys.path[:] = {sys.path!r}
try:
    import eagerloop
except ImportError:
    print("refused", flush=True)
else:
    print(eagerloop.run(eagerloop.sleep(0.01, "works")), flush=True)
'''
for _ in range(2):
    other = interpreters.create()
    interpreters.run_string(other, code)
    interpreters.destroy(other)

async def main():
    return await eagerloop.sleep(0, len(asyncio.all_tasks()))

print(eagerloop.run(main()))
"""


def test_a_subinterpreter_works_or_is_refused_and_leaves_the_main_one_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SUBINTERPRETER], capture_output=True, text=True, check=False
    )
    refused = _build.compiled() or sys.version_info < (3, 12)
    expected = "refused" if refused else "works"
    assert (done.stdout, done.stderr) == (f"{expected}\n{expected}\n1\n", "")
