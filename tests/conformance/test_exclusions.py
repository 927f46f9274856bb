"""The list of exclusions says what it means, and cannot go stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance import exclusions, report, runner
from tests.conformance.exclusions import Exclusion


@pytest.mark.parametrize(
    ("condition", "version", "verdict"),
    [
        ("", (3, 11, 7), True),
        (">=3.12", (3, 11, 9), False),
        (">=3.12", (3, 12, 0), True),
        ("<3.13", (3, 13, 0), False),
        ("<=3.13", (3, 13, 5), True),
        ("==3.12", (3, 12, 1), True),
        (">=3.12, <3.13.1", (3, 13, 0), True),
        (">=3.12, <3.13.1", (3, 13, 1), False),
        (">3.14", (3, 14, 2), False),
    ],
)
def test_conditions(condition: str, version: tuple[int, ...], verdict: bool) -> None:
    assert exclusions.holds(condition, version) is verdict


def test_a_condition_that_says_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="not a version condition"):
        exclusions.holds("~3.12", (3, 12))


ENTRY = """
[[exclude]]
class = "{kind}"
reason = "because"
tests = ["test_a.*", "test_b.C.test_d"]
"""


def test_entries_are_read_for_their_mode(tmp_path: Path) -> None:
    path = tmp_path / "list.toml"
    path.write_text(ENTRY.format(kind="private") + 'mode = "loop"\n')
    assert exclusions.load("package", path) == []
    first, second = exclusions.load("loop", path)
    assert first == Exclusion("test_a.*", "private", "because", "")
    assert exclusions.find("test_a.B.test_c", [first, second]) is first
    assert exclusions.find("test_b.C.test_d", [first, second]) is second
    assert exclusions.find("test_b.C.test_e", [first, second]) is None


@pytest.mark.parametrize(
    ("kind", "complaint"), [("odd", "unknown class 'odd'"), ("superseded", "no covered_by")]
)
def test_an_entry_without_its_reason_is_an_error(tmp_path: Path, kind: str, complaint: str) -> None:
    path = tmp_path / "list.toml"
    path.write_text(ENTRY.format(kind=kind))
    with pytest.raises(ValueError, match=complaint):
        exclusions.load("loop", path)


def test_what_covers_a_superseded_test_exists() -> None:
    root = Path(__file__).resolve().parents[2]
    for mode in ("loop", "package"):
        for exclusion in exclusions.load(mode):
            if exclusion.covered_by:
                assert (root / exclusion.covered_by.partition("::")[0]).is_file(), exclusion


def test_a_pattern_that_names_no_test_is_found() -> None:
    rules = [
        Exclusion(pattern, "private", "", "") for pattern in ("test_a.*", "test_b.*", "test_c.*")
    ]
    reports = [
        runner.ModuleReport("test_a", excluded={"test_a.B.test_c": "test_a.*"}),
        runner.ModuleReport("test_b"),
    ]
    assert report.stale(rules, reports) == ["test_b.*"]
