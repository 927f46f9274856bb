from __future__ import annotations

from collections.abc import Callable

import pytest

from eagerloop.benchmarks import harness, programs
from eagerloop.benchmarks.case import NetCase, TaskCase
from eagerloop.benchmarks.harness import Plan
from eagerloop.benchmarks.servers import SERVERS

from . import bodies
from .conftest import needs_compiler


@pytest.mark.parametrize("name", ["asyncio", "eagerloop"])
def test_every_body_ends_and_counts(name: str) -> None:
    bodies.check([case for case in programs.CASES if isinstance(case, TaskCase)], name, 300)


def test_every_server_is_there() -> None:
    assert {case.server for case in programs.CASES if isinstance(case, NetCase)} <= set(SERVERS)


@needs_compiler
@pytest.mark.parametrize("name", ["aiohttp", "uvicorn"])
def test_a_framework_under_load(plan: Callable[..., Plan], name: str) -> None:
    pytest.importorskip(name)
    chosen = plan(f"{name}/http/100")
    sample = harness.take(chosen, chosen.cases[0], "asyncio", 0)
    assert sample.operations > 10
    assert sample.figures["cpu_ns"] > 0
