from __future__ import annotations

import pytest

from eagerloop.benchmarks import tasks

from . import bodies


@pytest.mark.parametrize("name", ["asyncio", "eagerloop", "eagerloop+eager", "eagerloop-loop"])
def test_every_body_ends_and_counts(name: str) -> None:
    bodies.check(tasks.CASES, name)
