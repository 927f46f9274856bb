from __future__ import annotations

from eagerloop.benchmarks.case import IdleCase, MemoryCase, NetCase, TaskCase
from eagerloop.benchmarks.catalogue import CASES


def test_every_case_says_what_it_measures() -> None:
    for name, case in CASES.items():
        assert case.name == name
        assert case.about
        assert len(case.about) <= 90


def test_every_case_can_be_taken() -> None:
    for case in CASES.values():
        if isinstance(case, TaskCase):
            assert case.body is not None
            assert case.operations >= 1000
        else:
            assert isinstance(case, NetCase)
            assert case.size >= 5


def test_memory_is_told_apart() -> None:
    kinds = {type(case) for case in CASES.values()}
    assert kinds == {TaskCase, MemoryCase, NetCase, IdleCase}
