"""`make report`: what pages say of the kept results is what the results say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import report
from eagerloop.benchmarks import catalogue
from eagerloop.benchmarks.results import Run, Sample

ENVIRONMENT = {"python": "3.13.0 (main)", "when": "2026-01-01", "implementations": {}}


def run_of(case: str, *, when: str = "2026-01-01", **costs: float) -> Run:
    """One round of one case: implementation -> CPU ns."""
    samples = [Sample(case, name, 0, 1, {"cpu_ns": cost}) for name, cost in costs.items()]
    return Run({**ENVIRONMENT, "when": when}, samples)


def test_pages_and_charts_say_what_the_kept_results_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main(["--check"]) == 0, capsys.readouterr().out


def test_every_goal_is_of_a_case_and_a_peer() -> None:
    goals = report.goals()
    assert {goal.case for goal in goals} <= set(catalogue.CASES)
    assert all(goal.peers and len(goal.title) <= 34 for goal in goals)


def test_one_run_for_each_python_and_the_youngest_of_each_case(tmp_path: Path) -> None:
    young = run_of("switch", when="2026-03-01", eagerloop=1, uvloop=4)
    old = run_of("switch", when="2026-02-01", eagerloop=1, uvloop=2)
    old.samples += run_of("queue", eagerloop=1, uvloop=3).samples
    old.environment["arguments"] = ["bench", "queue"]
    young.environment["arguments"] = ["bench", "switch"]
    other = run_of("switch", eagerloop=1, uvloop=5)
    other.environment["python"] = "3.9.1"
    for name, run in {"a": young, "b": old, "c": other}.items():
        (tmp_path / f"{name}.json").write_text(run.to_json())
    (tmp_path / "choices.json").write_text("{}")
    runs = report.read_runs(tmp_path)
    assert list(runs) == ["3.9", "3.13"]
    assert report.ratio(runs["3.13"], "switch", "uvloop") == 4
    assert report.ratio(runs["3.13"], "queue", "uvloop") == 3
    assert report.ratio(runs["3.13"], "lock", "uvloop") is None
    assert report.how(runs["3.13"]).startswith(
        "`eagerloop bench queue`, `eagerloop bench switch` on"
    )


def test_each_command_is_told_with_its_machine(tmp_path: Path) -> None:
    for number, case in enumerate(("queue", "switch", "lock")):
        run = run_of(case, when=f"2026-02-0{number + 1}", eagerloop=1, uvloop=2)
        run.environment["arguments"] = ["bench", case]
        run.environment["kernel"] = "Linux 6.2" if case == "switch" else "Linux 6.1"
        (tmp_path / f"{case}.json").write_text(run.to_json())
    first, second = report.how(report.read_runs(tmp_path)["3.13"]).split("\n")
    assert first.startswith("`eagerloop bench queue`, `eagerloop bench lock` on Python 3.13.0")
    assert "Linux 6.1" in first
    assert second.startswith("`eagerloop bench switch` on Python 3.13.0")
    assert "Linux 6.2" in second


def test_a_goal_reached_is_bold_and_one_missed_is_said() -> None:
    run = run_of("switch", eagerloop=100, uvloop=300, rloop=120)
    rows = [line for line in report.headline({"3.13": run}).splitlines() if "sleep(0)" in line]
    assert rows == [
        "| task switch, sleep(0) | uvloop | 3 | – | **3.00** | – |",
        "| task switch, sleep(0) | rloop | 2.3 | – | 1.20 (below) | – |",
    ]


def test_where_a_peer_is_ahead_is_told_and_the_limit_is_none() -> None:
    run = run_of("lock", eagerloop=100, asyncio=200, uvloop=80)
    run.samples += run_of("switch", eagerloop=100, uvloop=99).samples
    run.samples.append(Sample("switch", "c-epoll", 0, 1, {"cpu_ns": 50}))
    assert "| `lock` | 3.13 | uvloop | 0.80 | 0.80 to 0.80 |" in report.behind({"3.13": run})
    assert report.behind({"3.13": run}).count("\n") == 3
    fine = run_of("lock", eagerloop=100, uvloop=99)
    assert report.behind({"3.13": fine}) == "In none of the cases measured, on Python 3.13.\n"


@pytest.mark.parametrize(
    "part", [report.headline, report.behind, report.summary, report.all_figures]
)
def test_pages_are_made_without_results_too(part: report.Part) -> None:
    assert "There are no results of Python 3.11, 3.13, 3.15 yet." in part({})


def test_a_page_is_filled_between_its_marks_only() -> None:
    page = "before\n<!-- report: behind -->\nold\n<!-- end of report -->\nafter\n"
    filled = report.filled(page, {"3.13": run_of("lock", eagerloop=1, uvloop=2)})
    assert filled.startswith("before\n<!-- report: behind -->\nIn none")
    assert filled.endswith("3.13.\n<!-- end of report -->\nafter\n")
    assert report.filled(filled, {"3.13": run_of("lock", eagerloop=1, uvloop=2)}) == filled


def test_latency_and_growth_are_told_of_what_was_measured() -> None:
    run = run_of("thousand_lazy", eagerloop=100)
    run.samples += run_of("million_lazy", eagerloop=120).samples
    for name, nanoseconds in {"eagerloop": 50_000, "uvloop": 60_000}.items():
        figures = {"p50_ns": nanoseconds, "p99_ns": 2.0 * nanoseconds}
        run.samples.append(Sample("lines/tcp/64/1", name, 0, 1, figures))
    assert "| `lines/tcp/64/1` | 3.13 | 50 / 60 | 100 / 120 |" in report.latency({"3.13": run})
    assert "| 3.13 | 100 ns | 120 ns | 1.20 |" in report.growth({"3.13": run})
    for part in (report.latency, report.growth):
        assert "yet" in part({})


def test_growth_is_of_cases_that_there_are() -> None:
    assert {case for _, *pair, _, _ in report.GROWTH for case in pair} <= set(catalogue.CASES)


def test_charts_and_tables_of_a_result() -> None:
    run = run_of("switch", eagerloop=100, uvloop=300)
    run.environment["arguments"] = ["bench", "--json", "x.json", "switch", "--svg=x.svg"]
    summary = report.summary({"3.13": run})
    assert "(docs/charts/front.svg)" in summary
    assert "| task switch, sleep(0) | – | 3.00 | – | – |" in summary
    assert "`eagerloop bench switch` on Python 3.13.0" in summary
    run.environment["arguments"] = ["bench", *report.spoken_of(), "--rounds", "9", "--json", "x"]
    assert report.how(run).startswith('`make results ARGS="--rounds 9"` on Python 3.13.0')
    figures = report.all_figures({"3.13": run})
    assert "| `switch` | 100 ns | 3.00 |" in figures
    assert "(charts/tasks-3.13.svg)" in figures
    assert "net-3.13" not in figures  # no case of that chart was measured
    assert "task switch, sleep(0)" in report.drawn(run, report.cases(run, "tasks"))
