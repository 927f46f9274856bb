"""One run of a suite in one way, and what became of its tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.suites.environment import Suite

PLUGIN = Path(__file__).parent / "aimed"
LOG_TAIL = 6_000  # characters of a crashed run's output that are shown
TEST_SECONDS = 120  # the projects' own limits are for machines that do nothing else
_RANK = {"passed": 0, "skipped": 1, "failed": 2}  # a test is the worst of its phases


@dataclass(frozen=True)
class Way:
    """Whose asyncio the suite finds, and how its tasks start."""

    aim: str  # stdlib, loop, install, replace: see aimed/eagerloop_aim.py
    eager: bool = False

    def __str__(self) -> str:
        return f"{self.aim} eager" if self.eager else self.aim

    @classmethod
    def parse(cls, text: str) -> Way:
        aim, _, rest = text.partition("-")
        if aim not in ("stdlib", "loop", "install", "replace") or rest not in ("", "eager"):
            raise ValueError(f"not a way: {text!r}; write e.g. loop, loop-eager or replace")
        return cls(aim, rest == "eager")

    def baseline(self) -> Way:
        """The stdlib's asyncio; before 3.12 that has no eager tasks."""
        return Way("stdlib", self.eager and sys.version_info >= (3, 12))


@dataclass
class Results:
    """What became of each test of a run."""

    outcomes: dict[str, str] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def count(self) -> Counter[str]:
        return Counter(self.outcomes.values())

    def failed(self) -> list[str]:
        return [test for test, outcome in self.outcomes.items() if outcome == "failed"]

    def note(self, line: dict[str, str]) -> None:
        test, outcome = line["test"], line["outcome"]
        if _RANK[outcome] >= _RANK[self.outcomes.get(test, "passed")]:
            self.outcomes[test] = outcome
        if outcome == "failed":
            self.details[test] = self.details.get(test, "") + line["detail"]


def run(
    suite: Suite, python: Path, source: Path, way: Way, *, jobs: int, tests: Iterable[str] = ()
) -> Results:
    """Runs the suite, or some of its tests.

    Raises:
        RuntimeError: pytest itself failed; the text has the end of its output.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="eagerloop-suites-") as folder:
        lines = Path(folder, "results")
        lines.touch()
        environment = dict(
            os.environ,
            PYTHONPATH=str(PLUGIN),
            PYTHONFAULTHANDLER="1",
            EAGERLOOP_AIM=way.aim,
            EAGERLOOP_AIM_EAGER=str(int(way.eager)),
            EAGERLOOP_AIM_RESULTS=str(lines),
        )
        command = [str(python.with_name("pytest")), "-p", "eagerloop_aim", "-o", "addopts="]
        command += ["-p", "no:cacheprovider", "-q", "--tb=short", *suite.options]
        command += ["--timeout", str(TEST_SECONDS), "--basetemp", f"{folder}/t"]
        command += ["-n", str(jobs)] if jobs > 1 else []
        chosen = list(tests) or ["tests"]
        done = subprocess.run(
            [*command, *chosen], cwd=source, env=environment, capture_output=True, text=True
        )
        results = Results(seconds=time.monotonic() - began)
        for line in lines.read_text(encoding="utf-8").splitlines():
            results.note(json.loads(line))
        if done.returncode not in (0, 1) or not results.outcomes:
            output = (done.stdout + done.stderr)[-LOG_TAIL:]
            raise RuntimeError(
                f"{suite.name} ({way}): pytest ended with {done.returncode}\n{output}"
            )
    return results
