"""First in, first out, whatever the entry is."""

from __future__ import annotations

import eagerloop

Loop = eagerloop.EventLoop


def test_calls_tasks_and_wake_ups_share_one_order(loop: Loop) -> None:
    order: list[str] = []

    async def note(what: str) -> None:
        order.append(what)

    async def wait_for(fut: eagerloop.Future[None], what: str) -> None:
        await fut
        order.append(what)

    async def main() -> None:
        fut: eagerloop.Future[None] = loop.create_future()
        waiting = loop.create_task(wait_for(fut, "wake"))
        await eagerloop.sleep(0)
        loop.call_soon(order.append, "call 1")
        first = loop.create_task(note("task"))
        fut.set_result(None)
        loop.call_soon(order.append, "call 2")
        await eagerloop.gather(waiting, first)

    loop.run_until_complete(main())
    assert order == ["call 1", "task", "wake", "call 2"]


def test_the_same_program_runs_the_same_way_twice() -> None:
    def trace() -> list[int]:
        seen: list[int] = []

        async def child(n: int) -> None:
            for _ in range(n % 5):
                seen.append(n)
                await eagerloop.sleep(0)

        async def main() -> None:
            async with eagerloop.TaskGroup() as group:
                for n in range(50):
                    group.create_task(child(n), eager_start=n % 3 == 0)

        eagerloop.run(main())
        return seen

    assert trace() == trace()
