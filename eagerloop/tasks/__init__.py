"""Tasks and what is made of them: waiting, time limits, groups. asyncio.tasks' names, of the newest
CPython.
"""

from __future__ import annotations

import asyncio.tasks as _theirs
import sys
from asyncio.tasks import _enter_task, _leave_task, _register_task, _unregister_task
from typing import TYPE_CHECKING, Any

from ..core.eager import create_eager_task_factory, eager_task_factory
from ..core.registry import all_tasks
from ..coroutines import _mark
from .completed import as_completed
from .gathering import _GatheringFuture as _GatheringFuture
from .shielding import shield
from .spawning import create_task
from .threads import run_coroutine_threadsafe
from .waitfor import _cancel_and_wait as _cancel_and_wait
from .waitfor import wait_for
from .waiting import ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, wait
from .waiting import _wait as _wait

# For a type checker asyncio's: what AbstractEventLoop.create_task is declared to give must fit, and so must overloads.
if TYPE_CHECKING:
    from asyncio.tasks import Task, ensure_future, gather, sleep
if not TYPE_CHECKING:  # no else: the manual is made by what takes the last
    from ..core.task import Task
    from .gathering import gather
    from .sleeping import sleep
    from .spawning import ensure_future

if sys.version_info >= (3, 12):  # it is C there, and looks where we write
    from asyncio.tasks import current_task
else:
    from ..core.current import current_task

__all__ = (
    "ALL_COMPLETED",
    "FIRST_COMPLETED",
    "FIRST_EXCEPTION",
    "Task",
    "_enter_task",
    "_leave_task",
    "_register_task",
    "_unregister_task",
    "all_tasks",
    "as_completed",
    "create_eager_task_factory",
    "create_task",
    "current_task",
    "eager_task_factory",
    "ensure_future",
    "gather",
    "run_coroutine_threadsafe",
    "shield",
    "sleep",
    "wait",
    "wait_for",
)

# CPython's tests run over its two implementations by these names; there is one here.
_PyTask = _CTask = Task
_py_current_task = current_task
_py_all_tasks = all_tasks
# a function in C binds to no instance, and CPython's tests count on that
_c_current_task = staticmethod(current_task)
_c_all_tasks = staticmethod(all_tasks)
_py_register_task = _c_register_task = _register_task
_py_unregister_task = _c_unregister_task = _unregister_task
_py_enter_task = _c_enter_task = _enter_task
_py_leave_task = _c_leave_task = _leave_task


def __getattr__(name: str) -> Any:
    """The registries and their functions, where the running Python keeps them."""
    if name in _REGISTRIES:
        return getattr(_theirs, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_REGISTRIES = frozenset(
    (
        "_all_tasks",
        "_current_tasks",
        "_eager_tasks",
        "_register_eager_task",
        "_scheduled_tasks",
        "_swap_current_task",
        "_unregister_eager_task",
    )
)

_mark(sleep)
