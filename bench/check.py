"""`make bench-check`: fails when eagerloop needs more instructions than `floors.toml` allows.

Instructions, not time: counted by valgrind they are the same on a busy machine and on a quiet one, so
that a change which makes a case dearer is seen in CI. As nothing is timed, all cores count at once.

    python bench/check.py [CASE ...]
"""

from __future__ import annotations

import os
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from eagerloop.benchmarks import catalogue, instructions, interpreter
from eagerloop.benchmarks.harness import Plan
from eagerloop.benchmarks.implementations import SUBJECT
from eagerloop.benchmarks.processes import Cores, Failed

FLOORS = Path(__file__).with_name("floors.toml")


@dataclass(frozen=True)
class Verdict:
    case: str
    peer: str
    floor: float
    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        return self.theirs / self.ours

    @property
    def holds(self) -> bool:
        return self.ratio >= self.floor


def main() -> int:
    floors = read_floors(sys.argv[1:])
    if not instructions.available():
        print(
            "bench-check counts instructions with valgrind, which is not installed", file=sys.stderr
        )
        return 2
    try:
        verdicts = judge(floors)
    except (Failed, interpreter.Unusable) as error:
        print(f"bench-check: {error}", file=sys.stderr)
        return 2
    Console(width=100).print(table(verdicts))
    return 0 if all(verdict.holds for verdict in verdicts) else 1


def read_floors(wanted: list[str]) -> dict[str, dict[str, float]]:
    """Case -> peer -> the least ratio of its instructions to ours."""
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))
    return {case: peers for case, peers in floors.items() if not wanted or case in wanted}


def judge(floors: dict[str, dict[str, float]]) -> list[Verdict]:
    names = list(dict.fromkeys([SUBJECT, *(peer for peers in floors.values() for peer in peers)]))
    python = interpreter.examine(sys.executable, names, SUBJECT)
    for name, facts in python.implementations.items():
        if "missing" in facts:
            raise interpreter.Unusable(f"{name}: {facts['missing']}")
    plan = Plan(python, [], names, 1, Cores())
    pairs = [(case, name) for case, peers in floors.items() for name in (SUBJECT, *peers)]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        counting = {
            pair: threads.submit(instructions.count, plan, catalogue.CASES[pair[0]], pair[1])
            for pair in pairs
        }
        counted = {
            pair: each.result()
            for pair, each in track(counting.items(), "counting", transient=True)
        }
    return [
        Verdict(case, peer, floor, counted[case, SUBJECT], counted[case, peer])
        for case, peers in floors.items()
        for peer, floor in peers.items()
    ]


def table(verdicts: list[Verdict]) -> Table:
    grid = Table(title="User-space instructions per operation", title_justify="left")
    for heading in ("case", "peer"):
        grid.add_column(heading)
    for heading in ("eagerloop", "peer's", "ratio", "floor", ""):
        grid.add_column(heading, justify="right")
    for each in verdicts:
        grid.add_row(
            each.case,
            each.peer,
            f"{each.ours:,.0f}",
            f"{each.theirs:,.0f}",
            f"{each.ratio:.2f}",
            f"{each.floor:.2f}",
            "[green]holds[/]" if each.holds else "[red]below[/]",
        )
    return grid


if __name__ == "__main__":
    sys.exit(main())
