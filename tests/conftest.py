"""Fixtures for the whole suite, and what every test must leave behind: nothing.

Run twice: compiled, and with EAGERLOOP_PURE=1. A compiled run on libraries older than their
sources would test yesterday's code, so the session refuses to start.
"""

from __future__ import annotations

import gc
import os
import signal
import time
from collections.abc import Callable, Coroutine, Generator, Iterator
from typing import Any, Protocol, TypeVar

import pytest
from hypothesis import settings

import eagerloop
from eagerloop import _build, _pure
from tools import pairs

T = TypeVar("T")
# how long an example takes is the machine's affair
settings.register_profile("ours", deadline=None)
settings.load_profile("ours")

LIMIT = 60.0  # seconds a test may take; a hung one fails, and the session goes on
SETTLE = 2.0  # seconds that threads and children of a finished test have to close what they hold


class Run(Protocol):
    def __call__(self, main: Callable[..., Coroutine[Any, Any, T]], *args: object) -> T: ...


def pytest_sessionstart(session: pytest.Session) -> None:
    # a shell that starts a job in the background leaves SIGINT ignored, and the tests' children would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if _pure.wanted():
        return
    problems = pairs.stale() + [
        f"{name} is not compiled but others are" for name in pairs.half_built()
    ]
    if problems:
        lines = "\n  ".join(problems)
        pytest.exit(f"the build is stale, run `make dev`:\n  {lines}", returncode=3)


def pytest_report_header() -> str:
    return f"eagerloop: {'compiled' if _build.compiled() else 'interpreted'}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    def give_up(signum: int, frame: object) -> None:
        pytest.fail(f"still running after {LIMIT:.0f} s")

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def descriptors() -> dict[int, str]:
    """Open descriptor -> what it is."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            continue  # the descriptor of this very listing
    return found


@pytest.fixture(autouse=True)
def no_leaked_descriptors() -> Iterator[None]:
    before = descriptors()
    yield
    deadline = time.monotonic() + SETTLE
    while len(after := descriptors()) > len(before):
        if time.monotonic() > deadline:
            leaked = [f"{fd} {what}" for fd, what in after.items() if before.get(fd) != what]
            pytest.fail(f"leaked descriptors: {', '.join(leaked)}")
        gc.collect()
        time.sleep(0.01)


@pytest.fixture
def loop() -> Iterator[eagerloop.EventLoop]:
    """A loop of ours, not running; closed afterwards, when nothing may still be pending on it."""
    made = eagerloop.EventLoop()
    yield made
    pending = [] if made.is_closed() else eagerloop.all_tasks(made)
    made.close()
    assert not pending


@pytest.fixture
def run() -> Run:
    """Calls a coroutine function inside `eagerloop.run`."""

    def call(main: Callable[..., Coroutine[Any, Any, T]], *args: object) -> T:
        return eagerloop.run(main(*args))

    return call
