"""The eager task factories, as anyio recognises them."""

from __future__ import annotations

import eagerloop
from eagerloop.core.eager import create_eager_task_factory, eager_task_factory
from eagerloop.core.task import Task


def test_closure_holds_the_constructor() -> None:
    assert eager_task_factory.__code__ is create_eager_task_factory(Task).__code__
    assert eager_task_factory.__closure__[0].cell_contents is Task  # type: ignore[index]


def test_lazy_is_still_to_be_had(loop: eagerloop.EventLoop) -> None:
    async def main() -> None:
        task = eager_task_factory(loop, eagerloop.sleep(0), eager_start=False)
        assert task.get_coro() is not None
        done = eager_task_factory(loop, nothing())
        assert done.done()
        await task

    async def nothing() -> None: ...

    loop.run_until_complete(main())
