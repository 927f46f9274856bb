"""Runs the suite's modules in worker processes and gathers what became of each test.

A worker that hangs in a test is aborted (it leaves its stacks in the log), one that dies is noted,
and a fresh one goes on with the tests that are left: one bad test costs itself and nothing else.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
LOG_TAIL = 6_000  # characters of a dead worker's output that are kept
# test_ssl and test_subprocess take most of a run: they go first, so that they don't end it alone
SLOWEST_FIRST = ("test_ssl", "test_events", "test_subprocess", "test_sslproto", "test_tasks")


@dataclass(frozen=True)
class Plan:
    """What to run, and within which limits."""

    target: str
    mode: str
    exclude: str  # "listed", "nothing", or "others": all but the listed ones
    suite: Path  # the folder test_asyncio
    test_seconds: float
    module_seconds: float
    pure: bool
    only: tuple[str, ...] = ()


@dataclass
class Outcome:
    """What became of one test."""

    test: str
    outcome: str  # passed, failed, skipped
    detail: str = ""
    seconds: float = 0.0


@dataclass
class ModuleReport:
    """What became of one module."""

    name: str
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    excluded: dict[str, str] = field(default_factory=dict)  # test -> pattern
    retried: list[str] = field(default_factory=list)  # failed at first, passed when alone
    seconds: float = 0.0

    def count(self, outcome: str) -> int:
        return sum(1 for each in self.outcomes.values() if each.outcome == outcome)

    def failed(self) -> list[Outcome]:
        return [each for each in self.outcomes.values() if each.outcome == "failed"]


def own_suite() -> Path:
    """The folder of the running Python's own suite."""
    spec = importlib.util.find_spec("test")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "test_asyncio"


def version(suite: Path) -> tuple[int, ...]:
    """The version of the Python that a suite belongs to: .../python3.15/test/test_asyncio."""
    match = re.search(r"python(\d+)\.(\d+)", str(suite))
    if suite == own_suite() or match is None:
        return sys.version_info[:3]
    return int(match[1]), int(match[2])


def modules(suite: Path) -> list[str]:
    """The suite's modules, the slowest first."""
    found = sorted(path.stem for path in suite.glob("test_*.py"))
    if not found:
        raise SystemExit(f"no test suite in {suite}: on Debian install libpython3.X-testsuite")
    return sorted(found, key=lambda name: name not in SLOWEST_FIRST)


def run(plan: Plan, names: list[str], *, jobs: int, retries: int) -> list[ModuleReport]:
    """Runs the modules, `jobs` at a time, each failed test again alone up to `retries` times."""
    with ThreadPoolExecutor(jobs) as pool:
        reports = list(pool.map(lambda name: _run_module(plan, name), names))
    for report in reports:
        for outcome in report.failed():
            for _ in range(retries):
                again = ModuleReport(report.name)
                _Session(plan, again, only=(outcome.test,)).run(plan.module_seconds)
                if outcome.test in again.outcomes and not again.failed():
                    report.outcomes[outcome.test] = again.outcomes[outcome.test]
                    report.retried.append(outcome.test)
                    break
    return reports


def _run_module(plan: Plan, name: str) -> ModuleReport:
    report = ModuleReport(name)
    began = time.monotonic()
    while True:
        left = began + plan.module_seconds - time.monotonic()
        if _Session(plan, report, only=plan.only).run(left):
            break
        if left <= 0:
            report.outcomes[name] = Outcome(
                name, "failed", f"the module took longer than {plan.module_seconds:.0f} s"
            )
            break
    report.seconds = time.monotonic() - began
    return report


class _Session:
    """One worker process on one module; it goes on where an earlier one stopped."""

    def __init__(self, plan: Plan, report: ModuleReport, *, only: tuple[str, ...]) -> None:
        self._plan = plan
        self._report = report
        self._only = only
        self._current = ""
        self._since = 0.0
        self._finished = False

    def run(self, seconds: float) -> bool:
        """Whether the module is through; False asks for another session."""
        with (
            tempfile.TemporaryDirectory(prefix="eagerloop-conformance-") as folder,
            open(Path(folder, "log"), "w+b") as log,
        ):
            reading, writing = os.pipe()
            process = self._start(folder, log, writing)
            os.close(writing)
            try:
                cause = self._follow(reading, process, time.monotonic() + seconds)
            finally:
                os.close(reading)
                self._end(process)
            if self._finished:
                return True
            log.seek(0)
            tail = log.read().decode(errors="replace")[-LOG_TAIL:]
        status = f"{cause} (the worker's status: {process.returncode})\n{tail}"
        if self._current:
            taken = time.monotonic() - self._since
            self._report.outcomes[self._current] = Outcome(self._current, "failed", status, taken)
            # one test alone needs no second session
            return self._only == (self._current,)
        name = self._report.name
        self._report.outcomes[name] = Outcome(name, "failed", "outside any test: " + status)
        return True

    def _start(self, folder: str, log: IO[bytes], descriptor: int) -> subprocess.Popen[bytes]:
        environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONFAULTHANDLER="1")
        environment.pop("PYTHONASYNCIODEBUG", None)
        if self._plan.pure:
            environment["EAGERLOOP_PURE"] = "1"
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.conformance.worker"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environment,
            pass_fds=[descriptor],
            start_new_session=True,
        )
        job: dict[str, Any] = {
            "descriptor": descriptor,
            "target": self._plan.target,
            "mode": self._plan.mode,
            "module": self._report.name,
            "exclude": self._plan.exclude,
            "suite": str(self._plan.suite),
            "version": version(self._plan.suite),
            "only": list(self._only),
            "done": list(self._report.outcomes),
        }
        assert process.stdin is not None
        with process.stdin as pipe:
            pipe.write(json.dumps(job).encode() + b"\n")
        return process

    def _follow(self, reading: int, process: subprocess.Popen[bytes], deadline: float) -> str:
        """Reads events until the worker ends or a limit passes; returns what ended it."""
        poll = select.poll()
        poll.register(reading, select.POLLIN)
        unread = b""
        while True:
            limit = deadline
            if self._current:
                limit = min(deadline, self._since + self._plan.test_seconds)
            left = limit - time.monotonic()
            if left <= 0:
                os.killpg(process.pid, signal.SIGABRT)
                return "time limit"
            if not poll.poll(left * 1000):
                continue
            data = os.read(reading, 65536)
            if not data:
                return "the worker died"
            *lines, unread = (unread + data).split(b"\n")
            for line in lines:
                self._note(json.loads(line))
            if self._finished:
                return "finished"

    def _note(self, event: dict[str, str]) -> None:
        if event["event"] == "start":
            self._current, self._since = event["test"], time.monotonic()
        elif event["event"] == "end":
            taken = time.monotonic() - self._since if self._current else 0.0
            self._report.outcomes[event["test"]] = Outcome(
                event["test"], event["outcome"], event["detail"], round(taken, 3)
            )
            self._current = ""
        elif event["event"] == "excluded":
            self._report.excluded[event["test"]] = event["pattern"]
        else:
            self._finished = True

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        try:
            # what the tests left behind in the worker's session
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
