"""Shared by the benchmark's tests: an interpreter that has asyncio, and plans over it.

The figures of a machine under test are worth nothing; these tests are about what is measured, by
whom, and what comes of it.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable

import pytest

from eagerloop.benchmarks import catalogue
from eagerloop.benchmarks.harness import Plan
from eagerloop.benchmarks.interpreter import Python, examine
from eagerloop.benchmarks.processes import Cores


@pytest.fixture(scope="session")
def python() -> Python:
    return examine(sys.executable, ["asyncio"], "asyncio")


@pytest.fixture
def plan(python: Python) -> Callable[..., Plan]:
    """plan("switch", rounds=2): asyncio on the named cases, small."""

    def make(*names: str, rounds: int = 1, on: tuple[str, ...] = ("asyncio",)) -> Plan:
        return Plan(python, catalogue.choose(names), on, rounds, Cores(), scale=0.05)

    return make


needs_compiler = pytest.mark.skipif(
    shutil.which("cc") is None, reason="the load generator is a C program and there is no cc"
)
