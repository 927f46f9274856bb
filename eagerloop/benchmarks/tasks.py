"""Cases of tasks: creating, starting, switching between them."""

from __future__ import annotations

from functools import partial

from .case import TaskCase
from .implementations import SUBJECT, Implementation


async def light() -> None:
    """A coroutine that never waits."""


async def light_group(on: Implementation, n: int) -> int:
    async with on.aio.TaskGroup() as group:
        create = group.create_task
        for _ in range(n):
            create(light())
    return n


async def light_gather(on: Implementation, n: int) -> int:
    await on.aio.gather(*[light() for _ in range(n)])
    return n


async def group_or_gather(on: Implementation, n: int) -> int:
    """What each is best at: eagerloop in one TaskGroup, the others in one plain gather()."""
    if on.name.partition("+")[0] == SUBJECT:
        return await light_group(on, n)
    return await light_gather(on, n)


async def groups_of(size: int, on: Implementation, n: int) -> int:
    TaskGroup = on.aio.TaskGroup
    for _ in range(n // size):
        async with TaskGroup() as group:
            create = group.create_task
            for _ in range(size):
                create(light())
    return n // size * size


async def create_await(on: Implementation, n: int) -> int:
    create = on.aio.get_running_loop().create_task
    for _ in range(n):
        await create(light())
    return n


async def switch(on: Implementation, n: int) -> int:
    sleep = on.aio.sleep

    async def spin(times: int) -> None:
        for _ in range(times):
            await sleep(0)

    async with on.aio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(spin(n // 10))
    return n // 10 * 10


async def tree(on: Implementation, n: int) -> int:
    """A tree in which every task has six children: 6^6 leaves, or fewer if n is smaller."""
    depth = 6
    while depth > 1 and 6**depth > n:
        depth -= 1
    TaskGroup = on.aio.TaskGroup
    made = 0

    async def node(depth: int) -> None:
        nonlocal made
        made += 1
        if depth == 0:
            return
        async with TaskGroup() as group:
            for _ in range(6):
                group.create_task(node(depth - 1))

    await node(depth)
    return made


async def current_task(on: Implementation, n: int) -> int:
    current = on.aio.current_task
    for _ in range(n):
        current()
    return n


CASES = (
    TaskCase(
        "light_group", "a lazy task that never waits, in one TaskGroup", True, light_group, 100_000
    ),
    TaskCase(
        "light_eager", "the same, started eagerly by eagerloop", True, light_group, 100_000, True
    ),
    TaskCase("million_eager", "a million of them", False, light_group, 1_000_000, True),
    TaskCase(
        "million_lazy", "a million lazy tasks in one TaskGroup", False, light_group, 1_000_000
    ),
    TaskCase(
        "light_gather", "a task that never waits, in one gather()", True, light_gather, 100_000
    ),
    TaskCase(
        "million_gather",
        "a million eager ones in a TaskGroup; peers: lazy ones in a gather()",
        False,
        group_or_gather,
        1_000_000,
        True,
    ),
    TaskCase(
        "small_groups",
        "a task that never waits, in TaskGroups of 100",
        True,
        partial(groups_of, 100),
        50_000,
    ),
    TaskCase(
        "thousand_lazy", "the same, in TaskGroups of 1,000", False, partial(groups_of, 1000), 50_000
    ),
    TaskCase("create_await", "create one task and await it", True, create_await, 30_000),
    TaskCase("switch", "one sleep(0) in one of ten tasks", True, switch, 100_000),
    TaskCase("tree", "one task of a tree with six children each, 6^6 leaves", True, tree, 6**6),
    TaskCase("current_task", "one call of current_task()", True, current_task, 1_000_000),
)
