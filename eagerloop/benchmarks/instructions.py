"""Instructions per operation, counted by valgrind: a figure without noise.

Two runs that differ in nothing but the number of operations; the difference of their counts,
divided by the difference of their operations, has neither start-up nor warm-up in it. Only
user-space instructions are counted, and an instruction is not a nanosecond: cache misses cost
time and count nothing.
"""

from __future__ import annotations

import re
import shutil
from typing import Any

from . import loading
from .case import Case, IdleCase, MemoryCase, NetCase, TaskCase
from .harness import Plan, variant
from .processes import Failed, figures_of

TOOL = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
TOTAL = re.compile(r"I\s+refs:\s+([\d,]+)")
FEW, MANY = 2_000, 12_000  # operations; a task case's runs
REQUESTS = (500, 2_500)  # the same of a network case, for each connection at least ten


def available() -> bool:
    return shutil.which(TOOL[0]) is not None


def count(plan: Plan, case: Case, implementation: str) -> float:
    """User-space instructions of one operation. Raises Failed."""
    if isinstance(case, MemoryCase | IdleCase):
        raise Failed("a case of memory has no instructions per operation")
    name = variant(case, implementation)
    if isinstance(case, NetCase):
        few, many = (count_server(plan, case, name, n) for n in REQUESTS)
        return (many - few) / (REQUESTS[1] - REQUESTS[0])
    assert isinstance(case, TaskCase)
    first, done_first = count_task(plan, case, name, FEW)
    second, done_second = count_task(plan, case, name, MANY)
    return (second - first) / (done_second - done_first)


def count_task(plan: Plan, case: TaskCase, name: str, operations: int) -> tuple[int, int]:
    request: dict[str, Any] = {
        "implementation": name,
        "case": case.name,
        "operations": operations,
        "warm_up": 500,
        "collect": False,  # a collection falls into one run or the other, by chance
    }
    command = [*TOOL, *plan.python.command(request)]
    figures, errors = figures_of(command, plan.cores.measured, plan.python.environment())
    return total(errors), int(figures["operations"])


def count_server(plan: Plan, case: NetCase, name: str, requests: int) -> int:
    """The count of a server's whole life, which ends after so many requests."""
    log: list[str] = []
    with loading.served(plan.python, plan.cores, case, name, TOOL, log, collect=False) as server:
        loading.drive(plan.cores, case, server, ["--requests", str(requests)])
    return total("".join(log))


def total(report: str) -> int:
    found = TOTAL.search(report)
    if found is None:
        raise Failed("valgrind printed no count")
    return int(found[1].replace(",", ""))
