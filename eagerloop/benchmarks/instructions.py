"""Instructions per operation, counted by valgrind: a figure without noise.

Two processes that differ in nothing but the number of operations; the difference of their counts,
divided by the difference of their operations, has neither start-up nor warm-up in it. A task case
forks the second from the first, which saves valgrind a slow start. Only user-space instructions are
counted, and an instruction is not a nanosecond: cache misses cost time and count nothing.
"""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

from . import loading
from .case import Case, IdleCase, MemoryCase, NetCase, TaskCase
from .harness import Plan, variant
from .processes import Failed, output_of

TOOL = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
TOTAL = re.compile(r"I\s+refs:\s+([\d,]+)")
FEW, MANY = 1_000, 6_000  # operations of a task case's processes
# The same of a network case's, over at most 100 connections. Each is a process of its own, and start-up wavers
# by some 50,000: of 1,200 requests that was 3 % of an echo's count, of 6,000 it is 0.2 %.
REQUESTS = (400, 6_400)


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
    return count_task(plan, name, case)


def count_task(plan: Plan, name: str, case: TaskCase) -> float:
    request: dict[str, Any] = {
        "implementation": name,
        "case": case.name,
        "operations": MANY,
        "operations_before": FEW,
        "warm_up": 500,
        "collect": False,  # a collection falls into one process or the other, by chance
    }
    command = [*TOOL, *plan.python.command(request)]
    output, errors = output_of(command, plan.cores.measured, plan.python.environment())
    few, many = (json.loads(line)["operations"] for line in output.splitlines()[-2:])
    first, second = totals(errors)
    return float((second - first) / (many - few))


def count_server(plan: Plan, case: NetCase, name: str, requests: int) -> int:
    """The count of a server's whole life, which ends after so many requests."""
    log: list[str] = []
    with loading.served(plan.python, plan.cores, case, name, TOOL, log, collect=False) as server:
        loading.drive(plan.cores, case, server, ["--requests", str(requests)])
    return totals("".join(log))[-1]


def totals(report: str) -> list[int]:
    """The counts of the processes that ended, the smallest first."""
    found = [int(number.replace(",", "")) for number in TOTAL.findall(report)]
    if not found:
        raise Failed("valgrind printed no count")
    return sorted(found)
