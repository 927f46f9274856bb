"""Counts and prints what a run found, and writes it as JSON."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.conformance.exclusions import Exclusion
from tests.conformance.runner import ModuleReport

ROW = "{:<28}{:>8}{:>8}{:>8}{:>9}{:>9}"


def print_mode(title: str, reports: Sequence[ModuleReport]) -> None:
    """The table of one mode, then each failure with its detail."""
    print(ROW.format(title, "passed", "failed", "skipped", "excluded", "seconds"))
    for report in sorted(reports, key=lambda each: each.name):
        print(_row(report.name, [report], report.seconds))
    print(_row(f"{len(reports)} modules", reports, sum(each.seconds for each in reports)))
    for report in reports:
        for name in report.retried:
            print(f"passed only when run again alone: {name}")
    for report in reports:
        for outcome in report.failed():
            print(f"\nFAILED {outcome.test} ({outcome.seconds:.1f} s)\n{outcome.detail.rstrip()}")
    print(flush=True)


def _row(title: str, reports: Sequence[ModuleReport], seconds: float) -> str:
    counts = [sum(each.count(kind) for each in reports) for kind in ("passed", "failed", "skipped")]
    excluded = sum(len(each.excluded) for each in reports)
    return ROW.format(title, *counts, excluded, f"{seconds:.1f}")


def stale(rules: Sequence[Exclusion], reports: Sequence[ModuleReport]) -> list[str]:
    """The patterns of the modules that ran which named no test."""
    ran = {report.name for report in reports}
    used = {pattern for report in reports for pattern in report.excluded.values()}
    return [
        rule.pattern
        for rule in rules
        if rule.pattern not in used and rule.pattern.partition(".")[0] in ran
    ]


def print_exclusions(
    mode: str, rules: Sequence[Exclusion], reports: Sequence[ModuleReport]
) -> None:
    """How many tests each reason leaves out of `mode`."""
    left_out = Counter(pattern for report in reports for pattern in report.excluded.values())
    by_class: Counter[str] = Counter()
    by_reason: Counter[tuple[str, str]] = Counter()
    for rule in rules:
        by_class[rule.reason_class] += left_out[rule.pattern]
        by_reason[rule.reason_class, rule.reason] += left_out[rule.pattern]
    classes = ", ".join(f"{name} {count}" for name, count in by_class.most_common() if count)
    print(f"excluded on {platform.python_version()} in {mode} mode: {classes or 'nothing'}")
    for (name, reason), count in by_reason.most_common():
        if count:
            print(f"  {count:>4}  {name}: {reason}")
    print(flush=True)


def write(path: Path, results: dict[str, Sequence[ModuleReport]]) -> None:
    """The whole run as JSON."""
    document: dict[str, Any] = {"python": platform.python_version(), "modes": {}}
    for mode, reports in results.items():
        document["modes"][mode] = {
            "passed": sum(each.count("passed") for each in reports),
            "failed": sum(each.count("failed") for each in reports),
            "skipped": sum(each.count("skipped") for each in reports),
            "excluded": sum(len(each.excluded) for each in reports),
            "modules": {each.name: _module(each) for each in reports},
        }
    path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _module(report: ModuleReport) -> dict[str, Any]:
    return {
        "seconds": round(report.seconds, 1),
        "excluded": report.excluded,
        "retried": report.retried,
        "tests": {
            each.test: {"outcome": each.outcome, "seconds": each.seconds, "detail": each.detail}
            for each in report.outcomes.values()
        },
    }
