"""The pytest plugin under which another project's tests run: it decides what asyncio is for them.

It is loaded with ``-p`` before anything else imports asyncio, in xdist's workers too, and stands in
a folder of its own because a `tests` package of the other project must not find ours. It is told
what to do in the environment:

- EAGERLOOP_AIM: ``stdlib``, ``loop`` (the stdlib's package, our loop), ``install``
  (`eagerloop.install()` before other imports) or ``replace`` (asyncio's modules exchanged);
- EAGERLOOP_AIM_EAGER: ``1`` starts tasks eagerly;
- EAGERLOOP_AIM_RESULTS: the file that gets a line of JSON for each test.
"""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

AIM = os.environ["EAGERLOOP_AIM"]
EAGER = os.environ["EAGERLOOP_AIM_EAGER"] == "1"
RESULTS = os.environ["EAGERLOOP_AIM_RESULTS"]


def _loop_class() -> type:
    """The loop that takes the place of the stdlib's, of which it is told nothing but its class."""
    if AIM == "loop":
        eagerloop: Any = importlib.import_module("eagerloop")
        base: Any = eagerloop.EventLoop
        factory = eagerloop.eager_task_factory
    else:
        asyncio: Any = importlib.import_module("asyncio")
        base = asyncio.SelectorEventLoop
        factory = getattr(asyncio, "eager_task_factory", None)
    if not EAGER:
        return base

    class EagerLoop(base):  # type: ignore[misc]
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.set_task_factory(factory)

    EagerLoop.__module__ = base.__module__
    return EagerLoop


def _put(loop_class: type) -> None:
    """Makes `loop_class` what the stdlib's asyncio makes loops of."""
    asyncio: Any = importlib.import_module("asyncio")
    unix_events: Any = asyncio.unix_events
    for place in (asyncio, unix_events):
        for name in ("SelectorEventLoop", "EventLoop", "_UnixSelectorEventLoop"):
            if hasattr(place, name):
                setattr(place, name, loop_class)
    unix_events._UnixDefaultEventLoopPolicy._loop_factory = loop_class


def _aim() -> None:
    if AIM in ("install", "replace"):
        importlib.import_module("eagerloop").install(eager=EAGER, replace=AIM == "replace")
    elif AIM == "loop" or EAGER:
        _put(_loop_class())


def _exempt_from_blockbuster() -> None:
    """Lets eagerloop block where BlockBuster lets asyncio: it knows the places by file and name."""
    try:
        detector: Any = importlib.import_module("blockbuster.blockbuster")
    except ImportError:
        return
    package = Path(importlib.import_module("eagerloop").__path__[0])
    ours = [f"eagerloop/{file.relative_to(package)}" for file in package.rglob("*.py")]
    make = detector.BlockBusterFunction.__init__

    def make_with_ours(self: Any, *arguments: Any, **keywords: Any) -> None:
        make(self, *arguments, **keywords)
        for file, functions in list(self.can_block_functions):
            if file.startswith("asyncio/"):
                # UnixPath's `remove` is `_stop_serving`
                names = {*functions, "remove"}
                self.can_block_functions.extend((each, names) for each in ours)

    detector.BlockBusterFunction.__init__ = make_with_ours


_aim()
_exempt_from_blockbuster()


def pytest_runtest_logreport(report: Any) -> None:
    """Writes what became of a phase of a test; the controller of xdist sees its workers' too."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        return
    outcome = report.outcome
    if hasattr(report, "wasxfail"):
        outcome = "skipped"
    if report.when != "call" and outcome == "passed":
        return
    line = {
        "test": report.nodeid,
        "when": report.when,
        "outcome": outcome,
        "detail": report.longreprtext if outcome == "failed" else "",
    }
    with open(RESULTS, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def pytest_collectreport(report: Any) -> None:
    """A module that cannot be imported is a failure too."""
    if report.failed and not os.environ.get("PYTEST_XDIST_WORKER"):
        with open(RESULTS, "a", encoding="utf-8") as file:
            line = {"test": report.nodeid, "when": "collect", "outcome": "failed"}
            file.write(json.dumps({**line, "detail": report.longreprtext}) + "\n")
