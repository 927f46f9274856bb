"""One process of the run: one of CPython's test modules, aimed at another implementation.

Started by `runner.py` as ``python -m tests.conformance.worker`` with a job as JSON on standard
input; it answers with one JSON object a line on the descriptor that the job names. Nothing here may
import asyncio before `aim` ran.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import signal
import sys
import traceback
import unittest
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

from tests.conformance import aim, exclusions
from tests.conformance.exclusions import Exclusion

SUITE = "test.test_asyncio"
LONGEST_DETAIL = 8_000  # characters of a traceback that are kept: its end says what happened

ExcInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
)


class Reporter:
    """Writes events to the parent, one JSON object a line."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        self._descriptor = descriptor
        self._owner = os.getpid()

    def send(self, **event: Any) -> None:
        # a forked child of a test must not speak in its parent's name
        if os.getpid() == self._owner:
            os.write(self._descriptor, json.dumps(event).encode() + b"\n")


class Recorder(unittest.TestResult):
    """Sends each test's beginning and its outcome."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self._reporter = reporter
        self._outcome = ""
        self._details: list[str] = []
        self._inside = False

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._outcome, self._details, self._inside = "passed", [], True
        self._reporter.send(event="start", test=short(test.id()))

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        self._inside = False
        self._send(test)

    def addError(self, test: unittest.TestCase, err: ExcInfo) -> None:
        super().addError(test, err)
        self._note(test, "failed", "".join(traceback.format_exception(*err)))

    def addFailure(self, test: unittest.TestCase, err: ExcInfo) -> None:
        super().addFailure(test, err)
        self._note(test, "failed", "".join(traceback.format_exception(*err)))

    def addSubTest(
        self, test: unittest.TestCase, subtest: unittest.TestCase, err: ExcInfo | None
    ) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._note(test, "failed", "".join(traceback.format_exception(*err)))

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        # a failed subtest outweighs a skipped one
        self._note(test, "failed" if self._outcome == "failed" else "skipped", reason)

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        super().addUnexpectedSuccess(test)
        self._note(test, "failed", "unexpected success")

    def _note(self, test: unittest.TestCase, outcome: str, detail: str) -> None:
        if not self._inside:
            # setUpClass and the like report outside any test
            self._outcome, self._details = outcome, [detail]
            self._send(test)
            return
        self._outcome = outcome
        self._details.append(detail)

    def _send(self, test: unittest.TestCase) -> None:
        detail = "\n".join(self._details)[-LONGEST_DETAIL:]
        self._reporter.send(
            event="end", test=short(test.id()), outcome=self._outcome, detail=detail
        )


def short(test_id: str) -> str:
    """`test_tasks.WaitTests.test_x` for the suite's own long name."""
    return test_id.replace(SUITE + ".", "")


def each_test(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from each_test(item)
        else:
            yield item


def written_tests(path: Path) -> Iterator[str]:
    """The tests in a module's source, by their short names; inherited ones are not seen."""
    for item in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(item, ast.ClassDef):
            for member in item.body:
                if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
                    if member.name.startswith("test"):
                        yield f"{path.stem}.{item.name}.{member.name}"


def choose(
    suite: unittest.TestSuite, job: dict[str, Any], rules: list[Exclusion], reporter: Reporter
) -> unittest.TestSuite:
    """The tests of the job, in the suite's order; what is excluded is reported, not run."""
    only, done = job["only"], set(job["done"])
    chosen = unittest.TestSuite()
    for test in each_test(suite):
        name = short(test.id())
        rule = exclusions.find(name, rules)
        if rule is not None:
            reporter.send(event="excluded", test=name, pattern=rule.pattern)
        wanted = (rule is not None) == (job["exclude"] == "others")
        asked = not only or any(fnmatchcase(name, pattern) for pattern in only)
        if wanted and asked and name not in done:
            chosen.addTest(test)
    return chosen


def main() -> None:
    job = json.loads(sys.stdin.readline())
    reporter = Reporter(job["descriptor"])
    # a shell that starts jobs in the background leaves SIGINT ignored, and children inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    rules = []
    if job["exclude"] != "nothing":
        rules = exclusions.load(job["mode"], version=tuple(job["version"]))
    whole = exclusions.whole(job["module"], rules)
    if whole is not None and job["exclude"] == "listed":
        for name in written_tests(Path(job["suite"], job["module"] + ".py")):
            reporter.send(event="excluded", test=name, pattern=whole.pattern)
        reporter.send(event="finished")
        return
    aim.take_suite(job["suite"])
    aim.at(job["target"], job["mode"], substitute=job["exclude"] != "nothing")
    try:
        module = importlib.import_module(f"{SUITE}.{job['module']}")
    except unittest.SkipTest as reason:
        reporter.send(event="end", test=job["module"], outcome="skipped", detail=str(reason))
        reporter.send(event="finished")
        return
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    chosen = choose(suite, job, rules, reporter)
    chosen.run(Recorder(reporter))
    reporter.send(event="finished")


if __name__ == "__main__":
    main()
