from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from eagerloop.benchmarks import results
from eagerloop.benchmarks.results import Run, Sample, Spread


def run_of(**costs: list[float]) -> Run:
    """A run of one case: implementation -> CPU ns of ten operations, by round."""
    run = Run({"python": "3"})
    for name, by_round in costs.items():
        for number, cost in enumerate(by_round):
            run.samples.append(Sample("switch", name, number, 10, {"cpu_ns": cost, "bytes": 7.0}))
    return run


def test_ratios_are_of_the_same_round() -> None:
    # The machine is ten times slower in the second round: in both, so the ratio is not touched.
    run = run_of(eagerloop=[100, 1000, 100], asyncio=[300, 3000, 300])
    assert run.ratio("switch", "asyncio", "eagerloop", "cpu_ns") == Spread(3.0, 3.0, 3.0, 3)


def test_a_round_without_its_partner_counts_nothing() -> None:
    run = run_of(eagerloop=[100], asyncio=[300, 9000])
    assert run.ratio("switch", "asyncio", "eagerloop", "cpu_ns") == Spread(3.0, 3.0, 3.0, 1)
    assert run.ratio("switch", "rloop", "eagerloop", "cpu_ns") is None
    assert run.ratio("queue", "asyncio", "eagerloop", "cpu_ns") is None


def test_totals_are_divided_and_the_rest_is_not() -> None:
    run = run_of(eagerloop=[100])
    assert run.absolute("switch", "eagerloop", "cpu_ns") == Spread(10.0, 10.0, 10.0, 1)
    assert run.absolute("switch", "eagerloop", "bytes") == Spread(7.0, 7.0, 7.0, 1)
    assert run.absolute("switch", "eagerloop", "p50_ns") is None


def test_spread_has_quartiles_from_four_samples_on() -> None:
    assert Spread.of([3, 1, 2]) == Spread(2, 1, 3, 3)
    assert Spread.of([5, 1, 2, 3, 4]) == Spread(3, 2, 4, 5)


def test_json_there_and_back(tmp_path: Path) -> None:
    run = run_of(eagerloop=[100, 120], asyncio=[300, 310])
    run.missing = {"switch": {"rloop": "NotImplementedError"}}
    path = tmp_path / "run.json"
    path.write_text(run.to_json())
    assert results.read(path) == run


@pytest.mark.parametrize("content", ["", "[]", '{"format": 99}', "not json"])
def test_a_foreign_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(content)
    with pytest.raises(results.BadFile, match=r"run\.json"):
        results.read(path)
    with pytest.raises(results.BadFile, match="cannot be read"):
        results.read(tmp_path / "none.json")


def test_csv_has_a_column_for_every_figure() -> None:
    file = io.StringIO()
    run_of(eagerloop=[100]).write_csv(file)
    assert list(csv.reader(io.StringIO(file.getvalue()))) == [
        ["case", "implementation", "round", "operations", "bytes", "cpu_ns"],
        ["switch", "eagerloop", "0", "10", "7.0", "100"],
    ]
