"""Which tasks there are: ours, visible to the stdlib's `all_tasks` too.

Writing each task into asyncio's registry, a WeakSet, costs more than a light task's whole life. A loop keeps its tasks
in a list of its own; the WeakSet is given a `data` that also walks our lists when somebody asks.
"""

from __future__ import annotations

import asyncio.events as _events
import asyncio.tasks as _tasks
import gc
import importlib
import sys
import weakref
from collections.abc import Iterator
from typing import Any

_loops: weakref.WeakSet[Any] = weakref.WeakSet()
_stdlib_all_tasks = _tasks.all_tasks


class _Registered(set[Any]):
    """Weak references to the tasks registered with asyncio, and to our live ones."""

    def __iter__(self) -> Iterator[Any]:
        yield from set.copy(self)
        for loop in list(_loops):
            for task in loop._live_tasks():
                yield weakref.ref(task)

    def copy(self) -> Any:
        return list(self)


def all_tasks(loop: Any = None) -> set[Any]:
    """The tasks of `loop`, by default the running loop, that are not done.

    Raises:
        RuntimeError: no loop is given and none is running.
    """
    return _stdlib_all_tasks(_events.get_running_loop() if loop is None else loop)


def register_loop(loop: Any) -> None:
    """Shows the tasks of a loop of ours to asyncio; they go with the loop."""
    _loops.add(loop)


def _registry() -> Any:
    """asyncio's WeakSet of tasks that are not its own."""
    if sys.version_info >= (3, 14):
        import _asyncio  # private to the C module, but the collector knows what it holds

        return next(x for x in gc.get_referents(_asyncio) if type(x) is weakref.WeakSet)
    return getattr(_tasks, "_scheduled_tasks" if sys.version_info >= (3, 12) else "_all_tasks")


def _check_interpreter() -> None:
    """Up to 3.11 asyncio's C module, and so its registry, is one for all interpreters of the process."""
    interpreters: Any = importlib.import_module("_xxsubinterpreters")
    if interpreters.get_current() != interpreters.get_main():
        raise ImportError(
            "before Python 3.12 eagerloop can only be imported by the main interpreter"
        )


def _install() -> None:
    if sys.version_info < (3, 12):
        _check_interpreter()
    registry = _registry()
    if type(registry.data) is not _Registered:
        registry.data = _Registered(registry.data)


_install()
