"""`eagerloop bench`: the command around `eagerloop.benchmarks`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..benchmarks.implementations import LIMIT, NAMES, PEERS, SUBJECT

if TYPE_CHECKING:
    from ..benchmarks.harness import Plan
    from ..benchmarks.results import Run

EPILOG = (
    "Examples: eagerloop bench switch queue | eagerloop bench 'lines/*/1k/100' --against uvloop "
    "--rounds 9 --json new.json | eagerloop bench --compare old.json new.json"
)

PATHS = ("--python", "--json", "--csv", "--svg")  # options that take one


@click.command(epilog=EPILOG)
@click.argument("cases", nargs=-1, metavar="[CASE]...")
@click.option(
    "--against", default=",".join(PEERS), show_default=True, help="The peers, with commas."
)
@click.option(
    "--python", metavar="PATH", help="The interpreter that is measured; this one if not given."
)
@click.option(
    "--rounds", default=5, show_default=True, type=click.IntRange(1), help="Samples of each."
)
@click.option(
    "--scale", default=1.0, type=click.FloatRange(0, min_open=True), help="Of every case's work."
)
@click.option(
    "--instructions", is_flag=True, help="Also count instructions, with valgrind: slow, no noise."
)
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write all samples as JSON."
)
@click.option(
    "--csv", "csv_path", type=click.Path(path_type=Path), help="Write all samples as CSV."
)
@click.option(
    "--svg", "svg_path", type=click.Path(path_type=Path), help="Write the ratios as a chart."
)
@click.option("--list", "only_list", is_flag=True, help="List the cases and exit.")
@click.option(
    "--compare", nargs=2, type=click.Path(path_type=Path), help="Set two JSON files side by side."
)
def command(
    cases: tuple[str, ...],
    against: str,
    python: str | None,
    rounds: int,
    scale: float,
    instructions: bool,
    json_path: Path | None,
    csv_path: Path | None,
    svg_path: Path | None,
    only_list: bool,
    compare: tuple[Path, Path] | None,
) -> None:
    """Measure CPU time per operation of eagerloop and its peers, side by side.

    CASE is a case's name, a group (tasks, callbacks, sync, memory, net, programs), a shell pattern
    over names, or `all`; without one, the usual cases of all groups. Every sample is a fresh
    process; --list tells what each case does. A ratio above 1 says how many times eagerloop's cost
    the peer's is. Ctrl-C ends it early: what was measured is shown and written, the exit code is 130.
    """
    from rich.console import Console

    from ..benchmarks import results
    from . import tables

    # A file or a pipe has no width; the widest table with three peers does not wrap in this.
    console = Console() if sys.stdout.isatty() else Console(width=132)
    if compare is not None:
        try:
            console.print(tables.comparison(results.read(compare[0]), results.read(compare[1])))
        except results.BadFile as error:
            raise click.UsageError(str(error)) from None
        return
    chosen = choose(cases)
    if only_list:
        console.print(tables.listing(chosen))
        return
    check_tools(instructions)
    check_paths(json_path, csv_path, svg_path)
    plan, absent = make_plan(chosen, against, python, rounds, scale)
    run, interrupted = measure(plan, console, instructions)
    # before anything is told: whoever reads that may be gone by now
    written = write(run, json_path, csv_path, svg_path)
    if interrupted:
        console.print("interrupted: what follows is of the samples taken so far")
    for name, why in absent.items():
        console.print(f"[dim]{name}: left out, {why}[/dim]", highlight=False)
    report(run, console)
    for path in written:
        console.print(f"wrote {path}", highlight=False)
    if interrupted:
        sys.exit(130)
    if not run.samples:
        sys.exit(1)


def choose(words: tuple[str, ...]) -> Any:
    from ..benchmarks import catalogue

    try:
        return catalogue.choose(words)
    except catalogue.NoSuchCase as error:
        raise click.UsageError(f"no case is called or matches {error}; see --list") from None


def check_tools(instructions: bool) -> None:
    """Refuse now what would be refused after all was measured."""
    if instructions:
        from ..benchmarks import instructions as counting

        if not counting.available():
            raise click.UsageError("--instructions needs valgrind, and there is none on PATH")


def check_paths(*paths: Path | None) -> None:
    """The same of files that cannot be written."""
    for path in paths:
        if path is not None:
            try:
                with path.open("a"):
                    pass
            except OSError as error:  # the folder is not there, or not ours to write
                raise click.UsageError(f"cannot write: {error}") from None


def make_plan(
    cases: Any, against: str, python: str | None, rounds: int, scale: float
) -> tuple[Plan, dict[str, str]]:
    """The plan, and the peers that cannot take part: name -> why."""
    from ..benchmarks import harness, interpreter
    from ..benchmarks.processes import Cores

    names = [SUBJECT, *(name for name in against.split(",") if name)]
    for name in names:
        if name not in NAMES and name != LIMIT:
            known = ", ".join((*NAMES, LIMIT))
            raise click.UsageError(f"{name!r} is no implementation; there are {known}")
    asked = [name for name in names if name != LIMIT]
    try:
        found = interpreter.examine(python or sys.executable, asked, SUBJECT)
    except interpreter.Unusable as error:
        raise click.UsageError(str(error)) from None
    absent = {
        name: facts["missing"]
        for name, facts in found.implementations.items()
        if "missing" in facts
    }
    if SUBJECT in absent:
        raise click.UsageError(f"{found.executable}: {absent[SUBJECT]}")
    present = [name for name in dict.fromkeys(names) if name not in absent]
    if LIMIT not in present:
        present.append(LIMIT)
    plan = harness.Plan(found, cases, present, rounds, Cores.choose(), scale)
    return plan, absent


def measure(plan: Plan, console: Any, instructions: bool) -> tuple[Run, bool]:
    """Take all samples, with a progress bar. Ctrl-C ends early (True) and keeps what there is."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from ..benchmarks import environment, harness
    from ..benchmarks.processes import Failed
    from ..benchmarks.results import Run

    run = Run({**environment.describe(), "python": plan.python.version})
    run.environment["arguments"] = without_folders(sys.argv[1:])
    run.environment["implementations"] = plan.python.implementations
    run.environment["pinned"] = plan.cores.measured is not None
    steps = list(plan.steps())
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    try:
        with Progress(
            *columns,
            console=console,
            refresh_per_second=2,
            transient=True,
            disable=not console.is_terminal,  # a pipe gets results only
        ) as progress:
            bar = progress.add_task("measuring", total=len(steps))
            for number, case, name in steps:
                progress.update(bar, description=f"{case.name} on {name}")
                if name not in run.missing.get(case.name, {}):
                    try:
                        run.samples.append(harness.take(plan, case, name, number))
                    except Failed as error:
                        run.missing.setdefault(case.name, {})[name] = str(error)
                progress.advance(bar)
            if instructions:
                count_instructions(plan, run, progress)
    except KeyboardInterrupt:
        return run, True
    return run, False


def without_folders(words: list[str]) -> list[str]:
    """The arguments without the folders of this machine, which are nobody's business."""
    kept = []
    for before, word in zip(["", *words], words, strict=False):
        option, equals, path = word.partition("=")
        if before in PATHS:
            word = Path(word).name
        elif equals and option in PATHS:
            word = f"{option}={Path(path).name}"
        kept.append(word)
    return kept


def count_instructions(plan: Plan, run: Run, progress: Any) -> None:
    """Add one round in which nothing is timed."""
    from ..benchmarks import instructions
    from ..benchmarks.processes import Failed
    from ..benchmarks.results import Sample

    pairs = [(case, name) for number, case, name in plan.steps() if number == 0]
    bar = progress.add_task("instructions", total=len(pairs))
    for case, name in pairs:
        progress.update(bar, description=f"instructions: {case.name} on {name}")
        if name not in run.missing.get(case.name, {}):
            try:
                figure = instructions.count(plan, case, name)
            except Failed:  # a case of memory, or one valgrind cannot run: it has its times
                pass
            else:
                run.samples.append(Sample(case.name, name, -1, 1, {"instructions": figure}))
        progress.advance(bar)


def report(run: Run, console: Any) -> None:
    from . import tables

    for table in tables.of(run):
        console.print(table)
    for case, names in run.missing.items():
        for name, why in names.items():
            console.print(f"[dim]{case} on {name}: {why}[/dim]", highlight=False)
    console.print(tables.footnote(run), highlight=False, style="dim")


def write(
    run: Run, json_path: Path | None, csv_path: Path | None, svg_path: Path | None
) -> list[Path]:
    from . import tables

    try:
        if json_path is not None:
            json_path.write_text(run.to_json(), encoding="utf-8")
        if csv_path is not None:
            with csv_path.open("w", encoding="utf-8", newline="") as file:
                run.write_csv(file)
        if svg_path is not None:
            svg_path.write_text(tables.chart_of(run), encoding="utf-8")
    except OSError as error:  # the folder is not there, or not ours to write
        raise click.UsageError(f"cannot write: {error}") from None
    return [path for path in (json_path, csv_path, svg_path) if path is not None]
