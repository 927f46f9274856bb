from __future__ import annotations

import io

from rich.console import Console

from eagerloop.benchmarks.results import Run, Sample
from eagerloop.cli import tables


def run_of(eagerloop: float = 100.0, asyncio: float = 350.0, **more: float) -> Run:
    run = Run({"python": "3.13.0 (main)", "processor": "a chip", "cores": 2, "kernel": "Linux 6"})
    run.environment["implementations"] = {
        "eagerloop": {"version": "1.0", "compiled": True},
        "asyncio": {"version": "3.13.0", "compiled": None},
        "uvloop": {"version": "0.23", "compiled": None},
        "rloop": {"missing": "not installed"},
    }
    for name, cost in {"eagerloop": eagerloop, "asyncio": asyncio, **more}.items():
        for number in range(2):
            run.samples.append(Sample("switch", name, number, 10, {"cpu_ns": cost * 10}))
    return run


def drawn(thing: object) -> str:
    file = io.StringIO()
    Console(file=file, width=120).print(thing)
    return file.getvalue()


def test_ratios_and_the_absolute_figure() -> None:
    first, chart = tables.of(run_of(uvloop=150.0))
    text = drawn(first)
    assert "100 ns" in text
    assert "3.50 3.50–3.50" in text
    assert "1.50  uvloop" in drawn(chart)


def test_latencies_come_with_a_load() -> None:
    run = run_of()
    load = {"cpu_ns": 10_000.0, "wall_ns": 100_000.0, "p50_ns": 8_000.0, "p99_ns": 20_000.0}
    run.samples.append(Sample("protocol", "eagerloop", 0, 10, load))
    text = drawn(tables.of(run)[1])
    assert "100.0  8 / 20" in text


def test_behind_is_red_except_behind_the_limit() -> None:
    assert tables.ratio_cell("asyncio", run_of(asyncio=80).ratio(*RATIO)).startswith("[red]0.80")
    assert tables.ratio_cell("c-epoll", run_of(asyncio=80).ratio(*RATIO)).startswith("[default]")
    assert tables.ratio_cell("asyncio", None) == "–"


RATIO = ("switch", "asyncio", "eagerloop", "cpu_ns")


def test_two_runs_side_by_side() -> None:
    text = drawn(tables.comparison(run_of(eagerloop=100), run_of(eagerloop=50)))
    assert "100 50.0 2.00" in text
    assert "350 350 1.00" in text


def test_without_us_the_first_is_the_measure() -> None:
    run = run_of()
    run.samples = [sample for sample in run.samples if sample.implementation != "eagerloop"]
    assert tables.subject_of(run) == "asyncio"


def test_the_footnote_has_versions_and_machine() -> None:
    assert tables.describe(run_of()) == (
        "Python 3.13.0, eagerloop 1.0 compiled, uvloop 0.23; a chip, 2 cores, Linux 6"
    )


def test_units_fit() -> None:
    assert tables.amount(12_345, "ns") == "12.3 µs"
    assert tables.amount(123.4, "ns") == "123 ns"
    assert tables.amount(582.0, "B") == "582 B"


def test_the_chart_has_a_bar_for_each() -> None:
    svg = tables.chart_of(run_of())
    assert svg.count('rx="2"') == 2
    assert "3.5" in svg
