"""Samples, and the figures that are made of them.

A ratio is peer / subject of the same round, so that a slow minute is in both; what is reported is
the median of the rounds' ratios, with their quartiles. More than 1 means that the subject is
cheaper.
"""

from __future__ import annotations

import csv
import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

FORMAT = 1  # of the JSON file


@dataclass(frozen=True)
class Sample:
    """One process's figures. Times are in ns and of the whole window: divide by `operations`."""

    case: str
    implementation: str
    round: int
    operations: int
    figures: dict[str, float]

    def per_operation(self, figure: str) -> float | None:
        """The figure of one operation; what is no total (percentiles, bytes) as it is."""
        value = self.figures.get(figure)
        if value is None or figure not in TOTALS:
            return value
        return value / self.operations


TOTALS = frozenset({"cpu_ns", "wall_ns", "client_cpu_ns", "instructions"})


@dataclass(frozen=True)
class Spread:
    """Median and quartiles."""

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        if len(values) < 4:  # quartiles of fewer are invented: say the extremes
            return cls(statistics.median(values), min(values), max(values), len(values))
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high, len(values))


@dataclass
class Run:
    """All that one call of the benchmark found out."""

    environment: dict[str, Any]
    samples: list[Sample] = field(default_factory=list)
    missing: dict[str, dict[str, str]] = field(
        default_factory=dict
    )  # case -> implementation -> why

    def cases(self) -> list[str]:
        return unique(sample.case for sample in self.samples)

    def implementations(self) -> list[str]:
        return unique(sample.implementation for sample in self.samples)

    def values(self, case: str, implementation: str, figure: str) -> dict[int, float]:
        """Round -> the figure per operation."""
        found = {}
        for sample in self.samples:
            if (sample.case, sample.implementation) == (case, implementation):
                value = sample.per_operation(figure)
                if value is not None:
                    found[sample.round] = value
        return found

    def absolute(self, case: str, implementation: str, figure: str) -> Spread | None:
        values = self.values(case, implementation, figure)
        return Spread.of(list(values.values())) if values else None

    def ratio(self, case: str, peer: str, subject: str, figure: str) -> Spread | None:
        """How many times the subject's cost the peer's is; None where no round has both."""
        theirs, ours = self.values(case, peer, figure), self.values(case, subject, figure)
        ratios = [theirs[i] / ours[i] for i in theirs if ours.get(i)]
        return Spread.of(ratios) if ratios else None

    def to_json(self) -> str:
        return json.dumps(
            {
                "format": FORMAT,
                "environment": self.environment,
                "missing": self.missing,
                "samples": [
                    {
                        "case": sample.case,
                        "implementation": sample.implementation,
                        "round": sample.round,
                        "operations": sample.operations,
                        **sample.figures,
                    }
                    for sample in self.samples
                ],
            },
            indent=1,
        )

    def write_csv(self, file: TextIO) -> None:
        names = sorted({name for sample in self.samples for name in sample.figures})
        writer = csv.writer(file)
        writer.writerow(["case", "implementation", "round", "operations", *names])
        for sample in self.samples:
            figures = [sample.figures.get(name, "") for name in names]
            writer.writerow(
                [sample.case, sample.implementation, sample.round, sample.operations, *figures]
            )


class BadFile(Exception):
    """Not a file of this benchmark; the message says why, in one line."""


def read(path: Path) -> Run:
    """A run from its JSON file. Raises BadFile."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # not there, not ours to read, or not JSON
        raise BadFile(f"{path} cannot be read: {error}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise BadFile(f"{path} is no result of eagerloop bench, or of another format than {FORMAT}")
    run = Run(content["environment"], missing=content["missing"])
    for entry in content["samples"]:
        figures = dict(entry)
        run.samples.append(
            Sample(
                case=figures.pop("case"),
                implementation=figures.pop("implementation"),
                round=figures.pop("round"),
                operations=figures.pop("operations"),
                figures=figures,
            )
        )
    return run


def unique(names: Iterable[str]) -> list[str]:
    """Without repetitions, in the order of their first appearance."""
    return list(dict.fromkeys(names))
