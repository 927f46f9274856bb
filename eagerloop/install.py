"""install(): eagerloop's names in the place of asyncio's, for all code that imports them from now
on.

Every module of the stdlib's asyncio that has a namesake here gets the namesake's public names, its
new ones included, so `asyncio.TaskGroup`, `asyncio.tasks.Task` or `asyncio.run` are ours whoever
asks. What was bound earlier (`from asyncio import Queue`) stays the stdlib's, and works on our
loop.

With `replace=True` the modules themselves are exchanged as well: see `replace`.
"""

from __future__ import annotations

import importlib
import os
from asyncio import events as stdlib_events
from types import ModuleType
from typing import Any

from . import policy
from .replace import Exchange, stdlib_modules

__all__ = ("install", "uninstall")

# asyncio's submodules, as the newest CPython has them, but for those of Windows.
NAMESAKES = (
    "base_events",
    "base_futures",
    "base_subprocess",
    "base_tasks",
    "constants",
    "coroutines",
    "events",
    "exceptions",
    "format_helpers",
    "futures",
    "graph",
    "locks",
    "log",
    "mixins",
    "protocols",
    "queues",
    "runners",
    "selector_events",
    "sslproto",
    "staggered",
    "streams",
    "subprocess",
    "taskgroups",
    "tasks",
    "threads",
    "timeouts",
    "transports",
    "trsock",
    "unix_events",
)

# What the stdlib's own loops build, which may be running beside ours. Our handles pass for
# instances of
# asyncio's in any case.
_KEPT = {
    "asyncio": ("Handle", "TimerHandle"),
    "asyncio.events": ("Handle", "TimerHandle"),
    "asyncio.base_events": ("Server",),
}

_ABSENT: Any = object()


class _Installation:
    """What install() has changed, so that it can be undone."""

    def __init__(self) -> None:
        self.names: list[tuple[ModuleType, str, Any]] = []
        self.policy = _ABSENT
        self.exchange: Exchange | None = None

    def put(self, module: ModuleType, name: str, value: Any) -> None:
        before = module.__dict__.get(name, _ABSENT)
        if before is not value:
            self.names.append((module, name, before))
            setattr(module, name, value)

    def put_public_names(self, theirs: ModuleType, ours: ModuleType) -> None:
        kept = _KEPT.get(theirs.__name__, ())
        names = {*getattr(theirs, "__all__", ()), *getattr(ours, "__all__", ())}
        for name in names.difference(kept):
            if name in ours.__dict__:
                self.put(theirs, name, ours.__dict__[name])

    def put_policy(self) -> None:
        """Make ours the policy of a Python that has policies, without the warnings of its public
        names.
        """
        if self.policy is _ABSENT and hasattr(policy, "EventLoopPolicy"):
            self.policy = stdlib_events.__dict__["_event_loop_policy"]
            stdlib_events.__dict__["_event_loop_policy"] = policy.EventLoopPolicy()

    def undo(self) -> None:
        if self.exchange is not None:
            self.exchange.undo()
            self.exchange = None
        for module, name, before in reversed(self.names):
            if before is _ABSENT:
                delattr(module, name)
            else:
                setattr(module, name, before)
        self.names.clear()
        if self.policy is not _ABSENT:
            stdlib_events.__dict__["_event_loop_policy"] = self.policy
            self.policy = _ABSENT


_installation = _Installation()
_stdlib = stdlib_modules()


def install(eager: bool = False, replace: bool = False) -> None:
    """Make eagerloop what `asyncio` means in this process. Call it before other imports; twice is
    once.

    Args:
        eager: loops that are made from now on start their tasks eagerly.
        replace: also exchange the modules in `sys.modules`; EAGERLOOP_REPLACE=1 does the same.

    Raises:
        RuntimeError: with `replace`, modules already imported hold the stdlib's asyncio. The text
            names them.
    """
    ours = {f"asyncio.{name}": importlib.import_module(f"eagerloop.{name}") for name in NAMESAKES}
    ours["asyncio"] = importlib.import_module("eagerloop")
    if _installation.exchange is None and (replace or os.environ.get("EAGERLOOP_REPLACE") == "1"):
        exchange = Exchange(ours)
        exchange.do()
        _installation.exchange = exchange
    for name, theirs in _stdlib.items():
        if name in ours:
            _installation.put_public_names(theirs, ours[name])
    _installation.put_policy()
    policy.Defaults.eager = policy.Defaults.eager or eager


def uninstall() -> None:
    """Take back what install() did."""
    _installation.undo()
    policy.Defaults.eager = False
