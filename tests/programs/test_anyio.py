"""anyio keeps account of the tasks that it makes: an eager loop must not start them before that."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

import eagerloop


def factory_set() -> eagerloop.EventLoop:
    loop = eagerloop.EventLoop()
    loop.set_task_factory(eagerloop.eager_task_factory)
    return loop


def eager_made() -> eagerloop.EventLoop:
    return eagerloop.EventLoop(eager=True)


@pytest.mark.parametrize("factory", [eagerloop.EventLoop, factory_set, eager_made])
def test_a_group_cancels_its_children(factory: Callable[[], eagerloop.EventLoop]) -> None:
    ended: list[str] = []

    async def child(name: str) -> None:
        with anyio.CancelScope():
            try:
                await anyio.sleep_forever()
            finally:
                ended.append(name)

    async def main() -> None:
        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                group.start_soon(child, "a")
                group.start_soon(child, "b")
                await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()

    anyio.run(main, backend_options={"loop_factory": factory})
    assert sorted(ended) == ["a", "b"]


def test_threads_and_streams_on_an_eager_loop() -> None:
    async def main() -> list[int]:
        sent, received = anyio.create_memory_object_stream[int](1)
        got = []
        async with anyio.create_task_group() as group:

            async def produce() -> None:
                async with sent:
                    for number in range(3):
                        await sent.send(await anyio.to_thread.run_sync(abs, -number))

            group.start_soon(produce)
            async with received:
                async for number in received:
                    got.append(number)
        return got

    assert anyio.run(main, backend_options={"loop_factory": eager_made}) == [0, 1, 2]
