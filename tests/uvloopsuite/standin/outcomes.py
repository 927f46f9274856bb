"""A pytest plugin for the process that runs uvloop's tests: aims them, limits them, tells of them.

Each test leaves a line of JSON in the file `EAGERLOOP_OUTCOMES` when it begins and one when it ends,
so that whoever waits knows in which one a process died.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

import eagerloop

SECONDS = float(os.environ["EAGERLOOP_TEST_SECONDS"])
KEPT = 4_000  # characters of a failure
order = {"passed": 0, "skipped": 1, "failed": 2}
worst: dict[str, tuple[str, str]] = {}  # test -> outcome, detail: of its phases and subtests


def tell(**event: Any) -> None:
    with open(os.environ["EAGERLOOP_OUTCOMES"], "a") as file:
        file.write(json.dumps(event) + "\n")


def name_of(nodeid: str) -> str:
    """test_tcp.Test_UV_TCP.test_x for tests/test_tcp.py::Test_UV_TCP::test_x"""
    path, *rest = nodeid.split("::")
    return ".".join([Path(path).stem, *rest])


def pytest_configure() -> None:
    """What asyncio's own loop does is tested too, on ours."""
    base = importlib.import_module("uvloop._testbase")
    base.AIOTestCase.new_loop = lambda self: eagerloop.new_event_loop()
    base.AIOTestCase.is_asyncio_loop = lambda self: True


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed:
        tell(test=name_of(report.nodeid), outcome="failed", detail=str(report.longrepr)[-KEPT:])


def pytest_runtest_logstart(nodeid: str) -> None:
    worst[nodeid] = ("passed", "")
    tell(test=name_of(nodeid))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    before = worst[report.nodeid]
    if order[report.outcome] > order[before[0]]:
        worst[report.nodeid] = (report.outcome, report.longreprtext[-KEPT:])


def pytest_runtest_logfinish(nodeid: str) -> None:
    outcome, detail = worst.pop(nodeid)
    tell(test=name_of(nodeid), outcome=outcome, detail=detail)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    def give_up(signum: int, frame: object) -> None:
        pytest.fail(f"still running after {SECONDS:.0f} s")

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
