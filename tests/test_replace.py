"""install(replace=True): the modules themselves. Each case is a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.test_install import outcome


@pytest.mark.parametrize("way", ["argument", "environment"])
def test_modules_are_exchanged(way: str) -> None:
    program = f"""
import eagerloop
eagerloop.install({"replace=True" if way == "argument" else ""})
import asyncio, asyncio.tasks, asyncio.subprocess
from asyncio import locks
import unittest.async_case
assert asyncio is eagerloop
assert unittest.async_case.asyncio is eagerloop
assert asyncio.tasks.__name__ == "eagerloop.tasks"
assert locks.Lock is eagerloop.Lock
try:
    import asyncio.core
except ModuleNotFoundError as error:
    print(error)
"""
    environment = {"EAGERLOOP_REPLACE": "1"} if way == "environment" else {}
    assert outcome(program, **environment) == "No module named 'asyncio.core' in eagerloop"


def test_a_late_replacement_names_the_modules() -> None:
    program = """
import unittest.async_case
import eagerloop
eagerloop.install(replace=True)
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 1
    last = result.stderr.splitlines()[-1]
    assert last.startswith("RuntimeError: asyncio cannot be replaced: ")
    assert "unittest.async_case" in last


def test_undone() -> None:
    program = """
import eagerloop
from eagerloop.install import uninstall
eagerloop.install(replace=True)
import asyncio
assert asyncio is eagerloop
uninstall()
import asyncio, asyncio.tasks
print(asyncio.tasks.__name__, asyncio.Task.__module__)
"""
    assert outcome(program) == "asyncio.tasks _asyncio"
