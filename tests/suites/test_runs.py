"""What the comparison with other projects' suites is made of; the suites run with `make suites`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.suites import environment, known
from tests.suites.runs import Results, Way, run


def test_a_way_is_read_as_it_is_written() -> None:
    assert Way.parse("loop") == Way("loop")
    assert Way.parse("replace-eager") == Way("replace", eager=True)
    assert str(Way.parse("replace-eager")) == "replace eager"
    with pytest.raises(ValueError, match="not a way: 'uvloop'"):
        Way.parse("uvloop")
    with pytest.raises(ValueError, match="not a way: 'loop-lazy'"):
        Way.parse("loop-lazy")


def test_the_baseline_is_the_stdlib() -> None:
    assert Way("loop").baseline() == Way("stdlib")
    assert Way("replace", eager=True).baseline().aim == "stdlib"


def test_a_test_is_the_worst_of_its_phases() -> None:
    results = Results()
    for test, outcome in (("a", "passed"), ("a", "failed"), ("b", "failed"), ("b", "passed")):
        results.note({"test": test, "outcome": outcome, "detail": f"{test} {outcome}."})
    results.note({"test": "c", "outcome": "skipped", "detail": ""})
    assert results.outcomes == {"a": "failed", "b": "failed", "c": "skipped"}
    assert results.failed() == ["a", "b"]
    assert results.details == {"a": "a failed.", "b": "b failed."}


def test_what_may_fail_is_known_by_suite_way_and_test() -> None:
    (entry, *_) = known.KNOWN
    assert known.why(entry.suite, "loop", entry.test) == entry.reason
    assert known.why("another", "loop", entry.test) is None
    assert known.why(entry.suite, "loop", "tests/test_another.py::test_it") is None


def test_a_run_that_runs_nothing_is_an_error(tmp_path: Path) -> None:
    pytest_twin = tmp_path / "pytest"
    pytest_twin.write_text("#!/bin/sh\necho no tests here\nexit 5\n")
    pytest_twin.chmod(0o755)
    suite = environment.SUITES["anyio"]
    with pytest.raises(RuntimeError, match=r"pytest ended with 5\nno tests here"):
        run(suite, tmp_path / "python", tmp_path, Way("loop"), jobs=1)
