"""Runs the body of each case of a file: it ends, and does as many operations as it says."""

from __future__ import annotations

from collections.abc import Sequence

from eagerloop.benchmarks import implementations
from eagerloop.benchmarks.case import TaskCase


def check(cases: Sequence[TaskCase], name: str, operations: int = 2000) -> None:
    on = implementations.load(name)
    for case in cases:
        assert case.body is not None
        done = on.run(case.body(on, operations))
        assert 0 < done <= operations, case.name
