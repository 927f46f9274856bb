"""The names of asyncio.tasks, of the running Python and of the newest one."""

from __future__ import annotations

import asyncio.tasks

import pytest

from eagerloop import tasks

NEWEST = [
    "Task",
    "create_task",
    "FIRST_COMPLETED",
    "FIRST_EXCEPTION",
    "ALL_COMPLETED",
    "wait",
    "wait_for",
    "as_completed",
    "sleep",
    "gather",
    "shield",
    "ensure_future",
    "run_coroutine_threadsafe",
    "current_task",
    "all_tasks",
    "create_eager_task_factory",
    "eager_task_factory",
    "_register_task",
    "_unregister_task",
    "_enter_task",
    "_leave_task",
]


def test_public_names() -> None:
    assert set(tasks.__all__) == set(NEWEST)
    assert set(asyncio.tasks.__all__) <= set(tasks.__all__)
    assert all(hasattr(tasks, name) for name in tasks.__all__)


def test_registries_are_the_running_pythons() -> None:
    for name in ("_current_tasks", "_swap_current_task"):
        if hasattr(asyncio.tasks, name):
            assert getattr(tasks, name) is getattr(asyncio.tasks, name)
    with pytest.raises(AttributeError, match="has no attribute '_no_such_name'"):
        tasks._no_such_name
