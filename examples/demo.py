"""`make demo`: what eagerloop is for, shown on this machine in about two minutes.

First the four programs beside this file, each under `eagerloop run`. Then two web applications
that know nothing of eagerloop, served on asyncio, uvloop and eagerloop in turn and driven over
loopback by wrk: a table, a bar chart in the terminal, and the same as SVG.

    python examples/demo.py [--seconds N] [--rounds N] [--svg PATH] [--skip-programs]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

import eagerloop
from eagerloop.benchmarks import environment
from eagerloop.benchmarks.chart import Group, bars
from eagerloop.benchmarks.processes import Cores
from eagerloop.benchmarks.web import Figures, LoadFailed, Server, choose_load, free_port

HERE = Path(__file__).resolve().parent
PROGRAMS = ("million_tasks.py", "current_task.py", "queue_shutdown.py", "chat.py")
APPS = ("aiohttp", "uvicorn")
LOOPS = ("asyncio", "uvloop", "eagerloop")
COLOURS = {"asyncio": "bright_black", "uvloop": "yellow", "eagerloop": "green"}
BAR = 44  # columns
ON_UVLOOP = """
import asyncio, runpy, sys, uvloop
asyncio.new_event_loop = uvloop.new_event_loop
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
# How each loop comes under aiohttp's run_app, which asks asyncio for a new one.
AIOHTTP: dict[str, list[str]] = {
    "asyncio": [],
    "uvloop": ["-c", ON_UVLOOP],
    "eagerloop": ["-m", "eagerloop", "run"],
}
UVICORN = {"asyncio": "asyncio", "uvloop": "uvloop", "eagerloop": "eagerloop:new_event_loop"}

Results = dict[tuple[str, str], list[Figures]]


def main() -> None:
    options = read_options()
    console = Console()
    build = "compiled" if eagerloop.compiled() else "interpreted"
    console.rule(f"eagerloop {eagerloop.__version__}, {build}, Python {sys.version.split()[0]}")
    if not options.skip_programs:
        run_programs(console)
    results = serve_applications(console, options.seconds, options.rounds)
    if not results:
        sys.exit(1)
    console.print(table(results))
    print_bars(console, results)
    options.svg.parent.mkdir(parents=True, exist_ok=True)
    options.svg.write_text(drawing(results), encoding="utf-8")
    console.print(f"the same as a picture: {options.svg}", highlight=False)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="of load, each time")
    parser.add_argument("--rounds", type=int, default=3, help="times that each loop serves each")
    parser.add_argument("--svg", type=Path, default=HERE.parent / "build" / "demo.svg")
    parser.add_argument("--skip-programs", action="store_true", help="only the web applications")
    return parser.parse_args()


def run_programs(console: Console) -> None:
    for program in PROGRAMS:
        with console.status(f"eagerloop run examples/{program}"):
            done = subprocess.run(
                [sys.executable, "-m", "eagerloop", "run", str(HERE / program)],
                capture_output=True,
                text=True,
                check=False,
            )
        console.print(f"[bold]eagerloop run examples/{program}[/bold]", highlight=False)
        console.print(done.stdout.rstrip(), highlight=False)
        if done.returncode != 0:
            console.print(f"[red]exit code {done.returncode}[/red]\n{done.stderr}")
            sys.exit(1)
        console.print()


def serve_applications(console: Console, seconds: float, rounds: int) -> Results:
    """Interleaved: each round serves both applications on each loop, another one first."""
    try:
        install_wrk(console)
        load = choose_load()
    except LoadFailed as error:
        console.print(f"[red]the web applications are left out: {error}[/red]")
        return {}
    cores = Cores.choose()
    results: Results = defaultdict(list)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=rounds * len(APPS) * len(LOOPS))
        for number in range(rounds):
            for app in APPS:
                for loop in rotated(LOOPS, number):
                    progress.update(bar, description=f"{app} on {loop}, {load.name} drives it")
                    try:
                        port = free_port()
                        with Server(command(app, loop, port), port, HERE, cores) as server:
                            results[app, loop].append(load.drive(server, seconds, cores))
                    except LoadFailed as error:
                        progress.print(f"[red]{app} on {loop}: {error}[/red]")
                    progress.advance(bar)
    return dict(results)


def command(app: str, loop: str, port: int) -> list[str]:
    if app == "aiohttp":
        return [sys.executable, *AIOHTTP[loop], str(HERE / "web_aiohttp.py"), str(port)]
    options = ["--loop", UVICORN[loop], "--http", "httptools", "--port", str(port)]
    quiet = ["--no-access-log", "--log-level", "warning"]
    return [sys.executable, "-m", "uvicorn", "web_starlette:app", *options, *quiet]


def install_wrk(console: Console) -> None:
    """Get wrk from Debian if this user may; where that fails, the demo drives with its own load."""
    if shutil.which("wrk") is not None:
        return
    if os.geteuid() == 0 and shutil.which("apt-get") is not None:
        with console.status("installing wrk"):
            for arguments in (["update", "-q"], ["install", "-y", "-q", "wrk"]):
                subprocess.run(["apt-get", *arguments], capture_output=True, check=False)
    if shutil.which("wrk") is None:
        console.print("wrk is not here (Debian: apt-get install wrk): eagerloop's own load instead")


def rotated(names: tuple[str, ...], by: int) -> tuple[str, ...]:
    by %= len(names)
    return names[by:] + names[:by]


def rate(results: Results, app: str, loop: str) -> float:
    """Requests a second, the median of the rounds."""
    return float(statistics.median(each.requests_per_second for each in results[app, loop]))


def cpu(results: Results, app: str, loop: str) -> float:
    """Microseconds of the server's CPU for a request, the median of the rounds."""
    return float(statistics.median(each.cpu_us_per_request for each in results[app, loop]))


def table(results: Results) -> Table:
    grid = Table(title="'Hello, world!' over 100 connections, one core; medians", min_width=76)
    for heading in ("served by", "on"):
        grid.add_column(heading, no_wrap=True)
    for heading in ("requests/s", "CPU", "p50", "p99", "vs uvloop"):
        grid.add_column(heading, justify="right", no_wrap=True)
    for app in APPS:
        for loop in LOOPS:
            if (app, loop) not in results:
                continue
            figures = results[app, loop]
            against = "–"
            if (app, "uvloop") in results:
                gain = cpu(results, app, "uvloop") / cpu(results, app, loop)
                against = f"{gain:.2f} x"
            grid.add_row(
                app,
                f"[{COLOURS[loop]}]{loop}[/]",
                f"{rate(results, app, loop):,.0f}",
                f"{cpu(results, app, loop):.1f} µs",
                f"{statistics.median(each.p50_ms for each in figures):.1f} ms",
                f"{statistics.median(each.p99_ms for each in figures):.1f} ms",
                against,
                end_section=loop == LOOPS[-1],
            )
    grid.caption = "CPU: of the server, for a request; vs uvloop: uvloop's CPU divided by it"
    return grid


def print_bars(console: Console, results: Results) -> None:
    top = max(rate(results, *key) for key in results)
    for app in APPS:
        console.print(f"{app}, requests/s")
        for loop in LOOPS:
            if (app, loop) in results:
                value = rate(results, app, loop)
                bar = "█" * max(1, round(value / top * BAR))
                console.print(
                    f"  {loop:<10}[{COLOURS[loop]}]{bar}[/] {value:,.0f}", highlight=False
                )


def drawing(results: Results) -> str:
    order = ("eagerloop", "asyncio", "uvloop")
    groups = [
        Group(app, [rate(results, app, loop) if (app, loop) in results else None for loop in order])
        for app in APPS
    ]
    facts = environment.describe()
    where = f"Python {sys.version.split()[0]}, {facts['processor']}, {facts['kernel']}"
    title = "Requests per second, one core, 100 connections (longer is better)"
    return bars(title, where, order, groups)


if __name__ == "__main__":
    main()
