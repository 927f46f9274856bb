from __future__ import annotations

from collections.abc import Callable

import pytest

from eagerloop.benchmarks import instructions
from eagerloop.benchmarks.harness import Plan
from eagerloop.benchmarks.processes import Failed

needs_valgrind = pytest.mark.skipif(
    not instructions.available(), reason="counting needs valgrind, which is not installed"
)


@needs_valgrind
def test_two_counts_agree(plan: Callable[..., Plan]) -> None:
    chosen = plan("lock")
    first, second = (instructions.count(chosen, chosen.cases[0], "asyncio") for _ in range(2))
    assert first == pytest.approx(second, rel=0.01)
    assert 100 < first < 100_000


def test_memory_has_no_instructions(plan: Callable[..., Plan]) -> None:
    chosen = plan("sleeping")
    with pytest.raises(Failed, match="no instructions"):
        instructions.count(chosen, chosen.cases[0], "asyncio")


def test_the_total_is_read_from_the_report() -> None:
    report = "==1== I   refs:      1,234,567\n==2== I refs: 89\n"
    assert instructions.totals(report) == [89, 1234567]
    with pytest.raises(Failed, match="no count"):
        instructions.totals("nothing")
