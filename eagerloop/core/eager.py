"""Task factories that start tasks eagerly (CPython 3.12).

CPython's are closures, and anyio looks into them, for its tasks must not start before it has noted
them: a factory whose `__code__` is that of `asyncio.eager_task_factory` (on 3.11, that has none) is
not called, but the class in its `__closure__`. Ours are objects that look the same, so anyio works
on our eager loops, and so do starlette and httpx.
"""

from __future__ import annotations

import asyncio.tasks as _tasks
from collections.abc import Callable
from types import CellType, CodeType
from typing import Any

from .task import Task


class EagerTaskFactory:
    """Makes tasks with `custom_task_constructor`, which start at once unless they are told not to."""

    __slots__ = ("__closure__", "__weakref__", "_constructor")

    __name__ = "factory"

    if hasattr(_tasks, "eager_task_factory"):
        __code__: CodeType = _tasks.eager_task_factory.__code__

    def __init__(self, custom_task_constructor: Callable[..., Any]) -> None:
        self._constructor = custom_task_constructor
        self.__closure__ = (CellType(custom_task_constructor),)

    def __call__(
        self, loop: Any, coro: Any, *, eager_start: bool | None = True, **kwargs: Any
    ) -> Any:
        return self._constructor(coro, loop=loop, eager_start=eager_start, **kwargs)


def create_eager_task_factory(custom_task_constructor: Callable[..., Any]) -> EagerTaskFactory:
    """A factory for `loop.set_task_factory` that makes tasks with `custom_task_constructor`.

    The constructor takes (coro, *, loop, name, context, eager_start) as `Task` does.
    """
    return EagerTaskFactory(custom_task_constructor)


eager_task_factory = create_eager_task_factory(Task)
