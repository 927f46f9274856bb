"""`make report`: writes what the manual and the README say of the kept results, and the charts.

    python bench/report.py [--check]
    python bench/report.py --measure [ARGUMENT ...]

The results are `bench/results/*.json`, as `eagerloop bench --json` writes them; of a case that is in several files
of one Python, the youngest counts. `choices.json` is `choices.py`'s. Nothing is typed by hand: `docs/figures.md` and
the charts are written whole, in the other pages what stands between two marks. With `--check` nothing is written;
a page that says something else than the results is named, and the exit code is 1. `--measure` is `make results`: it
runs `eagerloop bench` on every case that the pages speak of, and keeps the result under this Python's version.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from eagerloop.benchmarks import catalogue, results
from eagerloop.benchmarks.case import NetCase
from eagerloop.benchmarks.implementations import LIMIT, SUBJECT
from eagerloop.benchmarks.results import Run, Sample
from eagerloop.cli import tables

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).with_name("results")
CHOICES = RESULTS / "choices.json"
GOALS = Path(__file__).with_name("goals.toml")
CHARTS = ROOT / "docs" / "charts"
FRONT = CHARTS / "front.svg"
PYTHONS = ("3.11", "3.13", "3.15")  # those that results are kept of
PEERS = ("asyncio", "uvloop", "rloop", LIMIT)
INSIDE = ("tasks", "callbacks", "sync")  # groups of the first chart; the second has the others
MARKS = re.compile(r"(<!-- report: (\w+) -->\n).*?(<!-- end of report -->)", re.DOTALL)
PATHS = ("--json", "--csv", "--svg")  # options that do not change what is measured

GROWTH = (  # what, the case with fewer, the case with more, figure and unit
    ("1,000 / 1,000,000 tasks in a group", "thousand_lazy", "million_lazy", "cpu_ns", "ns"),
    ("1,000 / 1,000,000 timers, one added and cancelled", "timers_1k", "timers_1m", "cpu_ns", "ns"),
    ("200,000 / 1,000,000 sleeping tasks", "sleeping", "million_sleeping", "cpu_ns", "ns"),
    ("their memory", "sleeping", "million_sleeping", "bytes", "B"),
    ("10 / 1,000 connections, Protocol", "protocol/tcp/64/10", "protocol/tcp/64/1000", "cpu_ns", "ns"),
    ("10 / 1,000 connections, by line", "lines/tcp/64/10", "lines/tcp/64/1000", "cpu_ns", "ns"),
    ("100 of 1,000 / of 10,000 connections, Protocol",
     "protocol/tcp/64/100/of1k", "protocol/tcp/64/100/of10k", "cpu_ns", "ns"),
    ("100 of 1,000 / of 10,000 connections, by line",
     "lines/tcp/64/100/of1k", "lines/tcp/64/100/of10k", "cpu_ns", "ns"),
    ("2,000 / 10,000 idle connections, Protocol", "idle/protocol", "idle/protocol/10k", "bytes", "B"),
    ("2,000 / 10,000 idle connections, streams", "idle/lines", "idle/lines/10k", "bytes", "B"),
)  # fmt: skip

TOLD = "told"  # of a merged run's environment: what `told` says
Runs = dict[str, Run]  # by the Python's version
Part = Callable[[Runs], str]  # in Markdown


@dataclass(frozen=True)
class Goal:
    title: str
    case: str
    peers: dict[str, float]
    front: bool


def goals() -> list[Goal]:
    entries = tomllib.loads(GOALS.read_text(encoding="utf-8"))
    return [
        Goal(
            title,
            entry["case"],
            {name: entry[name] for name in PEERS if name in entry},
            entry.get("front", False),
        )
        for title, entry in entries.items()
    ]


class Kept(Run):
    """A run that grows no more: who asks for a figure need not walk through all samples."""

    def values(self, case: str, implementation: str, figure: str) -> dict[int, float]:
        found = {}
        for sample in self.index.get((case, implementation), ()):
            value = sample.per_operation(figure)
            if value is not None:
                found[sample.round] = value
        return found

    @cached_property
    def index(self) -> dict[tuple[str, str], list[Sample]]:
        index: dict[tuple[str, str], list[Sample]] = {}
        for sample in self.samples:
            index.setdefault((sample.case, sample.implementation), []).append(sample)
        return index


def read_runs(folder: Path) -> Runs:
    """One run for each Python that there are results of."""
    runs: Runs = {}
    found = [results.read(path) for path in folder.glob("*.json") if path.name != CHOICES.name]
    for run in sorted(found, key=lambda run: str(run.environment.get("when"))):
        version = ".".join(str(run.environment["python"]).split(".")[:2])
        if version in runs:
            run = merged(runs[version], run)
        runs[version] = run
    return {
        version: Kept(runs[version].environment, runs[version].samples, runs[version].missing)
        for version in sorted(runs, key=number)
    }


def number(version: str) -> int:
    return int(version.partition(".")[2])


def merged(old: Run, new: Run) -> Run:
    """The younger run, and the cases that only the older one has."""
    again = set(new.cases()) | set(new.missing)
    kept = [sample for sample in old.samples if sample.case not in again]
    missing = {case: why for case, why in old.missing.items() if case not in again}
    environment = {**new.environment, TOLD: [*told(old), *told(new)]}
    return Run(environment, [*kept, *new.samples], {**missing, **new.missing})


# The parts, in Markdown.


def grid(headings: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """A table whose first columns are words, and the others figures."""
    marks = [*["---"] * words, *["---:"] * (len(headings) - words)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (headings, marks, *rows)) + "\n"


def absent(runs: Runs) -> str:
    missing = [version for version in PYTHONS if version not in runs]
    return f"There are no results of Python {', '.join(missing)} yet.\n" if missing else ""


def figure_of(run: Run, case: str) -> str:
    return tables.first_figure(run, case, SUBJECT)


def ratio(run: Run | None, case: str, peer: str) -> float | None:
    if run is None:
        return None
    found = run.ratio(case, peer, SUBJECT, figure_of(run, case))
    return None if found is None else found.median


def shown(value: float | None, goal: float | None = None) -> str:
    if value is None:
        return "–"
    text = f"{value:.2f}" if value < 10 else f"{value:.1f}"
    return text if goal is None else f"**{text}**" if value >= goal else f"{text} (below)"


def headline(runs: Runs) -> str:
    """Every goal beside what was measured."""
    versions = sorted({*PYTHONS, *runs}, key=number)
    rows = []
    for goal in goals():
        for peer, least in goal.peers.items():
            measured = (ratio(runs.get(version), goal.case, peer) for version in versions)
            rows.append([goal.title, peer, f"{least:g}", *(shown(one, least) for one in measured)])
    return grid(["case", "peer", "goal", *versions], rows, 2) + "\n" + absent(runs)


def behind(runs: Runs) -> str:
    """Where a peer is ahead: a table, or that there is no such case."""
    rows = []
    for version, run in runs.items():
        for case in run.cases():
            for peer in run.implementations():
                found = run.ratio(case, peer, SUBJECT, figure_of(run, case))
                if peer not in (SUBJECT, LIMIT) and found and found.median < tables.BEHIND:
                    spread = f"{found.low:.2f} to {found.high:.2f}"
                    rows.append([f"`{case}`", version, peer, f"{found.median:.2f}", spread])
    if not runs:
        return absent(runs)
    if not rows:
        return f"In none of the cases measured, on Python {', '.join(runs)}.\n"
    return grid(["case", "Python", "peer", "its cost", "quartiles"], rows, 3)


def latency(runs: Runs) -> str:
    """Small requests, one at a time on each connection: eagerloop's latency and uvloop's."""
    rows = []
    for version, run in runs.items():
        for name in run.cases():
            case = catalogue.CASES.get(name)
            if not isinstance(case, NetCase) or case.size > 1024 or case.depth > 1:
                continue
            both = [microseconds(run, name, figure) for figure in ("p50_ns", "p99_ns")]
            if case.connections in (1, 100) and run.absolute(name, SUBJECT, "p50_ns"):
                rows.append([f"`{name}`", version, *both])
    if not rows:
        return "No latencies were measured yet.\n"
    return grid(["case", "Python", "p50, µs", "p99, µs"], rows, 2)


def microseconds(run: Run, case: str, figure: str) -> str:
    found = [run.absolute(case, name, figure) for name in (SUBJECT, "uvloop")]
    return " / ".join("–" if each is None else f"{each.median / 1000:.0f}" for each in found)


def growth(runs: Runs) -> str:
    """eagerloop's own cost where there are more of a thing, beside that where there are fewer."""
    rows = []
    for title, few, many, figure, unit in GROWTH:
        for version, run in runs.items():
            one, other = (run.absolute(case, SUBJECT, figure) for case in (few, many))
            if one and other:
                costs = (tables.amount(each.median, unit) for each in (one, other))
                rows.append([title, version, *costs, shown(other.median / one.median)])
    if not rows:
        return "Not measured yet.\n"
    return grid(["each of", "Python", "fewer", "more", "ratio"], rows, 2)


def choices() -> str:
    """What single choices are worth, of `choices.py`."""
    if not CHOICES.exists():
        return "Not counted yet: `make choices`.\n"
    found = json.loads(CHOICES.read_text(encoding="utf-8"))
    rows = []
    for entry in found["choices"].values():
        chosen, other = (amount(entry[key], entry["unit"]) for key in ("chosen", "other"))
        rows.append([entry["about"], entry["operation"], chosen, other, times(entry)])
    note = f"Counted on Python {found['python']}: user-space instructions, or system calls.\n"
    return grid(["choice", "one operation", "with", "without", "ratio"], rows, 2) + "\n" + note


def amount(value: float, unit: str) -> str:
    return f"{value:,.0f}" if unit == "instructions" else f"{value:.2f} calls"


def times(entry: dict[str, Any]) -> str:
    return shown(entry["other"] / entry["chosen"]) if entry["chosen"] else "–"


def summary(runs: Runs) -> str:
    """For the README: a chart and a table of the newest Python, and how they were got."""
    if not runs:
        return absent(runs)
    version, run = list(runs.items())[-1]
    rows = [
        [goal.title, *(shown(ratio(run, goal.case, peer)) for peer in PEERS)]
        for goal in goals()
        if goal.front and goal.case in run.cases()
    ]
    return "\n\n".join(
        [
            f"![CPU time per operation on Python {version}]({FRONT.relative_to(ROOT)})",
            f"How many times eagerloop's cost a peer's is, on Python {version}:",
            grid(["", *PEERS], rows) + "\n" + how(run),
            "All figures, and of other Pythons: [docs/figures.md](docs/figures.md).\n",
        ]
    )


def how(run: Run) -> str:
    """Commands, versions, machine; a line for each machine."""
    called: dict[str, list[str]] = {}
    for command, where in dict.fromkeys(told(run)):
        called.setdefault(where, []).append(f"`{command}`")
    return "\n".join(f"{', '.join(commands)} on {where}" for where, commands in called.items())


def told(run: Run) -> list[tuple[str, str]]:
    """What was called to get the run, and where, the oldest first."""
    if TOLD in run.environment:
        return list(run.environment[TOLD])
    words = list(telling(run.environment.get("arguments", ["bench"])))
    alone = " ".join(["eagerloop", *words])
    if set(spoken_of()) <= set(words):
        others = [word for word in words[1:] if word not in spoken_of()]
        alone = f'make results ARGS="{" ".join(others)}"' if others else "make results"
    return [(alone, tables.footnote(run))]


def spoken_of() -> list[str]:
    """The cases that the pages speak of."""
    wanted = {goal.case for goal in goals()}
    wanted |= {case for _, few, many, _, _ in GROWTH for case in (few, many)}
    wanted |= {"protocol/tcp/64/1", "lines/tcp/64/1"}  # latency
    wanted |= {f"{server}/tcp/1k/100" for server in ("socket", "buffered", "exact")}
    return [case for case in catalogue.CASES if case in wanted]


def telling(arguments: Iterable[str]) -> Iterator[str]:
    """Without where the result was written."""
    words = iter(arguments)
    for word in words:
        if word in PATHS:
            next(words, None)
        elif word.partition("=")[0] not in PATHS:
            yield word


def cases(run: Run, group: str) -> list[str]:
    """The goals' cases that are in a chart: "front", "tasks" or "net"; none of memory."""
    inside = {case.name for name in INSIDE for case in catalogue.GROUPS[name]}
    had = set(run.cases())
    return [
        goal.case
        for goal in goals()
        if (goal.front if group == "front" else (goal.case in inside) == (group == "tasks"))
        and goal.case in had
        and figure_of(run, goal.case) == "cpu_ns"
    ]


def drawn(run: Run, names: Sequence[str]) -> str:
    """The chart of these cases, under the titles of their goals."""
    titles = {goal.case: goal.title for goal in goals()}
    samples = [
        replace(sample, case=titles[name])
        for name in names
        for sample in run.samples
        if sample.case == name
    ]
    return tables.chart_of(Run(run.environment, samples))


# docs/figures.md


def all_figures(runs: Runs) -> str:
    parts = [
        "# All figures\n",
        "Written by `make report` from `bench/results`. [The benchmark](benchmark.md) says what a figure is: "
        "eagerloop's\nown cost, and how many times that a peer's is, with the quartiles of the rounds. "
        "`c-epoll` is plain C.\n",
        absent(runs),
    ]
    for version, run in runs.items():
        parts += [f"## Python {version}\n", how(run) + "\n"]
        for group in ("tasks", "net"):
            if cases(run, group):
                parts.append(f"![{group}, Python {version}](charts/{group}-{version}.svg)\n")
        for figure, unit, title in (
            ("cpu_ns", "ns", "CPU time per operation"),
            ("bytes", "B", "Resident bytes of each"),
            ("instructions", "", "User-space instructions per operation"),
        ):
            rows = list(ratio_rows(run, figure, unit))
            if rows:
                headings = ["case", SUBJECT, *peers_of(run)]
                parts += [f"### {title} {{: #{figure}-{version} }}\n", grid(headings, rows)]
        names = [SUBJECT, *peers_of(run)]
        timed = [case for case in run.cases() if run.absolute(case, SUBJECT, "p50_ns")]
        if timed:
            title = "Thousands of requests a second, and latency p50 / p99 in µs"
            rows = [
                [f"`{case}`", *(tables.latency_cell(run, case, n) for n in names)] for case in timed
            ]
            parts += [f"### {title} {{: #latency-{version} }}\n", grid(["case", *names], rows)]
    return "\n".join(part for part in parts if part)


def peers_of(run: Run) -> list[str]:
    return [name for name in run.implementations() if name != SUBJECT]


def ratio_rows(run: Run, figure: str, unit: str) -> Iterator[list[str]]:
    for case in run.cases():
        ours = run.absolute(case, SUBJECT, figure)
        if ours is None:
            continue
        cells = []
        for peer in peers_of(run):
            found = run.ratio(case, peer, SUBJECT, figure)
            if found is None:
                cells.append("–")
            elif found.count == 1:
                cells.append(shown(found.median))
            else:
                cells.append(f"{shown(found.median)} ({shown(found.low)} to {shown(found.high)})")
        yield [f"`{case}`", tables.amount(ours.median, unit), *cells]


# The files.

PARTS: dict[str, Part] = {
    "summary": summary,
    "headline": headline,
    "behind": behind,
    "latency": latency,
    "growth": growth,
    "choices": lambda _: choices(),
}


def filled(page: str, runs: Runs) -> str:
    """The page, with what stands between its marks made anew."""
    return MARKS.sub(lambda found: found[1] + PARTS[found[2]](runs) + found[3], page)


def files(runs: Runs) -> dict[Path, str]:
    """Everything that is made of the results."""
    made = {
        ROOT / page: filled((ROOT / page).read_text(encoding="utf-8"), runs)
        for page in ("README.md", "docs/speed.md")
    }
    made[ROOT / "docs/figures.md"] = all_figures(runs)
    for version, run in runs.items():
        for group in ("tasks", "net"):
            if names := cases(run, group):
                made[CHARTS / f"{group}-{version}.svg"] = drawn(run, names)
        made[FRONT] = drawn(run, cases(run, "front"))  # the newest Python's stays
    return made


def measure(words: Sequence[str]) -> NoReturn:
    """Go over into `eagerloop bench`."""
    os.chdir(ROOT)
    version = ".".join(map(str, sys.version_info[:2]))
    command = [sys.executable, "-m", "eagerloop", "bench", *spoken_of(), *words]
    os.execv(sys.executable, [*command, "--json", f"bench/results/{version}.json"])


def main(words: Sequence[str]) -> int:
    if words[:1] == ["--measure"]:
        measure(words[1:])
    try:
        made = files(read_runs(RESULTS))
    except results.BadFile as error:
        print(f"report: {error}", file=sys.stderr)
        return 2
    stale = [
        path
        for path, text in made.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        place = path.relative_to(ROOT)
        if "--check" in words:
            print(f"{place} says something else than bench/results: make report")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(made[path], encoding="utf-8")
            print(f"wrote {place}")
    return 1 if stale and "--check" in words else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
