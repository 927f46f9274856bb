"""Rounds of samples: who is measured when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from . import loading
from .case import Case, NetCase, TaskCase
from .implementations import LIMIT, SUBJECT
from .interpreter import Python
from .processes import Cores, figures_of
from .results import Sample

SMALLEST = 1000  # operations of a scaled-down sample


@dataclass
class Plan:
    """What a run measures."""

    python: Python
    cases: Sequence[Case]
    implementations: Sequence[str]
    rounds: int
    cores: Cores
    scale: float = 1.0  # of each case's operations or seconds

    def steps(self) -> Iterator[tuple[int, Case, str]]:
        """Round by round, and in a round implementation by implementation within each case."""
        for number in range(self.rounds):
            for case in self.cases:
                names = [name for name in self.implementations if concerns(case, name)]
                # The one that goes first pays for cold caches: it is another one each round.
                shift = number % len(names) if names else 0
                for name in names[shift:] + names[:shift]:
                    yield number, case, name


def concerns(case: Case, implementation: str) -> bool:
    """Whether the implementation has this case at all."""
    if implementation == LIMIT:
        return isinstance(case, NetCase) and loading.has_limit(case)
    return True


def variant(case: Case, implementation: str) -> str:
    """The name that really runs: an eager case runs eagerloop with eager tasks."""
    if isinstance(case, TaskCase) and case.eager and implementation == SUBJECT:
        return f"{SUBJECT}+eager"
    return implementation


def take(plan: Plan, case: Case, implementation: str, number: int) -> Sample:
    """One sample, in fresh processes. Raises Failed."""
    name = variant(case, implementation)
    if isinstance(case, NetCase):
        figures = loading.load(plan.python, plan.cores, case, name, plan.scale)
    else:
        request: dict[str, Any] = {"implementation": name, "case": case.name}
        if isinstance(case, TaskCase) and plan.scale != 1.0:
            request["operations"] = max(SMALLEST, round(case.operations * plan.scale))
        command = plan.python.command(request)
        figures = figures_of(command, plan.cores.measured, plan.python.environment())
    operations = int(figures.pop("operations"))
    return Sample(case.name, implementation, number, operations, figures)
