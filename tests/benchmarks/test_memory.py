from __future__ import annotations

from collections.abc import Callable

from eagerloop.benchmarks import harness
from eagerloop.benchmarks.harness import Plan


def test_bytes_of_a_sleeping_task(plan: Callable[..., Plan]) -> None:
    chosen = plan("sleeping")
    sample = harness.take(chosen, chosen.cases[0], "asyncio", 0)
    assert 300 < sample.figures["bytes"] < 5000
    assert sample.operations == 10_000
