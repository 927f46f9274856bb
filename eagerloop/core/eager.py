"""Task factories that start tasks eagerly (CPython 3.12). Plain closures: anyio looks into them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .task import Task


def create_eager_task_factory(custom_task_constructor: Callable[..., Any]) -> Callable[..., Any]:
    """A factory for `loop.set_task_factory` that makes tasks with `custom_task_constructor`.

    The constructor takes (coro, *, loop, name, context, eager_start) as `Task` does.
    """

    def factory(loop: Any, coro: Any, *, eager_start: bool | None = True, **kwargs: Any) -> Any:
        return custom_task_constructor(coro, loop=loop, eager_start=eager_start, **kwargs)

    return factory


eager_task_factory = create_eager_task_factory(Task)
