"""What `eagerloop bench` prints of a run: tables and chart. No figure is made here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from ..benchmarks import chart
from ..benchmarks.implementations import LIMIT, SUBJECT

if TYPE_CHECKING:
    from ..benchmarks.case import Case
    from ..benchmarks.results import Run, Spread

BAR = 50  # columns of the longest bar
BEHIND = 0.97  # a ratio below is shown in red: more than what a median still wavers by


def of(run: Run) -> list[Table]:
    """The tables that have something in them, the first figure first."""
    subject = subject_of(run)
    peers = [name for name in run.implementations() if name != subject]
    found = [
        ratios(run, subject, peers, "cpu_ns", "CPU time per operation", "ns"),
        ratios(run, subject, peers, "bytes", "Resident bytes of each", "B"),
        ratios(run, subject, peers, "instructions", "User-space instructions per operation", ""),
        latencies(run, [subject, *peers]),
        bars(run),
    ]
    return [table for table in found if table.row_count]


def subject_of(run: Run) -> str:
    names = run.implementations()
    return SUBJECT if SUBJECT in names or not names else names[0]


def ratios(
    run: Run, subject: str, peers: Sequence[str], figure: str, title: str, unit: str
) -> Table:
    table = Table(title=f"{title}; ratios: how many times {subject}'s", title_justify="left")
    add_columns(table, [subject, *peers])
    for case in run.cases():
        absolute = run.absolute(case, subject, figure)
        if absolute is None:
            continue
        cells = [ratio_cell(name, run.ratio(case, name, subject, figure)) for name in peers]
        table.add_row(case, amount(absolute.median, unit), *cells)
    return table


def add_columns(table: Table, names: Sequence[str]) -> None:
    table.add_column("case", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)


def ratio_cell(name: str, ratio: Spread | None) -> str:
    if ratio is None:
        return "–"
    colour = "green" if ratio.median > 1 else "default"
    if ratio.median < BEHIND and name != LIMIT:  # nobody is ahead of the limit
        colour = "red"
    spread = f" [dim]{ratio.low:.2f}–{ratio.high:.2f}[/dim]" if ratio.count > 1 else ""
    return f"[{colour}]{ratio.median:.2f}[/{colour}]{spread}"


def bars(run: Run) -> Table:
    """A bar for each case: how many times the subject's cost that of the best peer is."""
    subject = subject_of(run)
    peers = [name for name in run.implementations() if name not in (subject, LIMIT)]
    best: dict[str, tuple[float, str]] = {}
    for case in run.cases():
        figure = first_figure(run, case, subject)
        found = [(run.ratio(case, name, subject, figure), name) for name in peers]
        ratios_of_peers = [(ratio.median, name) for ratio, name in found if ratio is not None]
        if ratios_of_peers:
            best[case] = min(ratios_of_peers)
    longest = max((ratio for ratio, _ in best.values()), default=1.0)
    table = Table(box=None, pad_edge=False, title_justify="left")
    table.title = f"Ahead of the best peer: its cost as a multiple of {subject}'s"
    for heading in ("case", "", "best peer"):
        table.add_column(heading, no_wrap=True)
    for case, (ratio, name) in best.items():
        bar = "█" * max(1, round(ratio / longest * BAR))
        colour = "green" if ratio >= BEHIND else "red"
        table.add_row(case, f"[{colour}]{bar}[/] {ratio:.2f}", name)
    return table


def first_figure(run: Run, case: str, subject: str) -> str:
    return "bytes" if run.absolute(case, subject, "bytes") else "cpu_ns"


def latencies(run: Run, names: Sequence[str]) -> Table:
    """Wall time of one request, and how many a second, where there was a load."""
    table = Table(title="Requests: k/s, and latency p50 / p99 in µs", title_justify="left")
    add_columns(table, names)
    for case in run.cases():
        if not any(run.absolute(case, name, "p50_ns") for name in names):
            continue
        table.add_row(case, *(latency_cell(run, case, name) for name in names))
    return table


def latency_cell(run: Run, case: str, name: str) -> str:
    middle = run.absolute(case, name, "p50_ns")
    tail = run.absolute(case, name, "p99_ns")
    wall = run.absolute(case, name, "wall_ns")
    if middle is None or tail is None or wall is None:
        return "–"
    return f"{1e6 / wall.median:.1f}  {middle.median / 1e3:.0f} / {tail.median / 1e3:.0f}"


def amount(value: float, unit: str) -> str:
    """A figure with three digits and a unit that fits."""
    if unit == "ns" and value >= 10_000:
        return f"{value / 1000:,.1f} µs"
    return f"{chart.short(value)} {unit}".rstrip()


def listing(cases: Sequence[Case]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("case")
    table.add_column("one operation is")
    for case in cases:
        table.add_row(case.name, case.about)
    return table


def comparison(before: Run, after: Run) -> Table:
    """CPU time per operation in two files, and how many times the second's the first's is."""
    table = Table(title="CPU ns per operation: before, after, before / after", title_justify="left")
    names = [name for name in after.implementations() if name in before.implementations()]
    add_columns(table, names)
    for case in after.cases():
        cells = []
        for name in names:
            old, new = before.absolute(case, name, "cpu_ns"), after.absolute(case, name, "cpu_ns")
            if old is None or new is None:
                cells.append("–")
                continue
            change = old.median / new.median
            colour = "red" if change < BEHIND else "green" if change > 1 / BEHIND else "default"
            cells.append(
                f"{chart.short(old.median)} {chart.short(new.median)} "
                f"[{colour}]{change:.2f}[/{colour}]"
            )
        if any(cell != "–" for cell in cells):
            table.add_row(case, *cells)
    return table


def chart_of(run: Run) -> str:
    """The CPU ratios as an SVG: the bar of a peer is how many times the subject's cost its is."""
    subject = subject_of(run)
    peers = [name for name in run.implementations() if name != subject]
    groups = []
    for case in run.cases():
        figure = first_figure(run, case, subject)
        found = [run.ratio(case, name, subject, figure) for name in peers]
        values = [1.0, *(each.median if each else None for each in found)]
        if any(value is not None for value in values[1:]):
            groups.append(chart.Group(case, values))
    title = f"CPU time per operation, as multiples of {subject}'s (longer is slower)"
    return chart.bars(title, describe(run), [subject, *peers], groups)


def footnote(run: Run) -> str:
    pins = "pinned" if run.environment.get("pinned") else "not pinned"
    return f"{describe(run)}, {pins}. Median of rounds with quartiles; CPU time is user + system."


def describe(run: Run) -> str:
    """Versions and machine in one line."""
    facts = run.environment
    versions = []
    for name, found in facts.get("implementations", {}).items():
        if "missing" in found or name == "asyncio" or "+" in name or name.endswith("-loop"):
            continue
        build = {True: " compiled", False: " interpreted", None: ""}[found.get("compiled")]
        versions.append(f"{name} {found['version']}{build}")
    python = str(facts.get("python", "")).split(" ")[0]
    return (
        f"Python {python}, {', '.join(versions)}; {facts.get('processor')}, "
        f"{facts.get('cores')} cores, {facts.get('kernel')}"
    )
