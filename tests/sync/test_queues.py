"""Queue, PriorityQueue, LifoQueue: order, limits, waiting, join, shutdown, and subclasses."""

from __future__ import annotations

import re
from collections import deque
from types import GenericAlias
from typing import Any

import pytest

import eagerloop
from tests.sync.support import at_once, turns

KINDS = [eagerloop.Queue, eagerloop.PriorityQueue, eagerloop.LifoQueue]


class Own(eagerloop.Queue[Any]):
    """Behaves as a Queue, by methods in Python: the subclasses' way through the code."""

    def _init(self, maxsize: int) -> None:
        self.items: deque[Any] = deque()

    def _get(self) -> Any:
        return self.items.popleft()

    def _put(self, item: Any) -> None:
        self.items.append(item)

    def qsize(self) -> int:
        return len(self.items)

    def empty(self) -> bool:
        return not self.items


each_kind = pytest.mark.parametrize("kind", [*KINDS, Own])


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        (eagerloop.Queue, [2, 1, 3]),
        (eagerloop.PriorityQueue, [1, 2, 3]),
        (eagerloop.LifoQueue, [3, 1, 2]),
        (Own, [2, 1, 3]),
    ],
)
def test_items_come_in_the_queues_order_without_a_loop(kind: Any, taken: list[int]) -> None:
    queue = kind()
    for item in (2, 1, 3):
        assert at_once(queue.put(item)) is None
    assert queue.qsize() == 3
    assert [at_once(queue.get()) for _ in taken] == taken
    assert queue.empty()
    for item in (2, 1, 3):
        queue.put_nowait(item)
    assert [queue.get_nowait() for _ in taken] == taken
    assert queue._loop is None


@each_kind
def test_nothing_happens_before_the_await(kind: Any) -> None:
    queue = kind()
    putting = queue.put(1)
    assert queue.empty()
    putting.close()
    queue.put_nowait(2)
    getting = queue.get()
    assert queue.qsize() == 1
    getting.close()
    assert queue.get_nowait() == 2


@each_kind
def test_limits(kind: Any) -> None:
    queue = kind(2)
    assert queue.maxsize == 2
    queue.put_nowait(1)
    assert not queue.full()
    queue.put_nowait(2)
    assert queue.full()
    with pytest.raises(eagerloop.QueueFull):
        queue.put_nowait(3)
    queue.get_nowait()
    queue.get_nowait()
    with pytest.raises(eagerloop.QueueEmpty):
        queue.get_nowait()


@pytest.mark.parametrize("maxsize", [0, -1, float("inf"), 10**30, 10**400, float("nan")])
def test_no_limit(maxsize: Any) -> None:
    queue: eagerloop.Queue[int] = eagerloop.Queue(maxsize)
    for item in range(1000):
        queue.put_nowait(item)
    assert not queue.full()
    assert queue.maxsize is maxsize


def test_a_limit_is_rounded_up_and_may_be_changed() -> None:
    queue: Any = eagerloop.Queue(1.3)  # type: ignore[arg-type]
    queue.put_nowait(1)
    assert not queue.full()
    queue.put_nowait(2)
    assert queue.full()
    queue._maxsize = 3
    assert not queue.full()
    assert queue.maxsize == 3


@each_kind
def test_get_waits_for_an_item(kind: Any) -> None:
    async def main() -> None:
        queue = kind()
        tasks = [eagerloop.create_task(queue.get()) for _ in range(3)]
        await turns()
        assert len(queue._getters) == 3
        for item in range(3):
            await queue.put(item)
        assert sorted(await eagerloop.gather(*tasks)) == [0, 1, 2]
        assert not queue._getters

    eagerloop.run(main())


@each_kind
def test_put_waits_for_room(kind: Any) -> None:
    async def main() -> None:
        queue = kind(1)
        tasks = [eagerloop.create_task(queue.put(item)) for item in range(4)]
        await turns()
        assert [task.done() for task in tasks] == [True, False, False, False]
        assert len(queue._putters) == 3
        assert [await queue.get() for _ in range(4)] == [0, 1, 2, 3]
        await eagerloop.gather(*tasks)

    eagerloop.run(main())


@each_kind
@pytest.mark.parametrize("put_first", [True, False])
def test_a_getter_cancelled_after_its_wake_up_passes_it_on(kind: Any, put_first: bool) -> None:
    async def main() -> None:
        queue = kind()
        cancelled = eagerloop.create_task(queue.get())
        other = eagerloop.create_task(queue.get())
        await turns()
        if put_first:
            queue.put_nowait("item")
            cancelled.cancel()
        else:
            cancelled.cancel()
            queue.put_nowait("item")
        assert await eagerloop.wait_for(other, 5) == "item"
        assert cancelled.cancelled()
        assert not queue._getters

    eagerloop.run(main())


@each_kind
@pytest.mark.parametrize("get_first", [True, False])
def test_a_putter_cancelled_after_its_wake_up_passes_it_on(kind: Any, get_first: bool) -> None:
    async def main() -> None:
        queue = kind(1)
        queue.put_nowait(0)
        cancelled = eagerloop.create_task(queue.put(1))
        other = eagerloop.create_task(queue.put(2))
        await turns()
        if get_first:
            assert queue.get_nowait() == 0
            cancelled.cancel()
        else:
            cancelled.cancel()
            assert queue.get_nowait() == 0
        await eagerloop.wait_for(other, 5)
        assert cancelled.cancelled()
        assert queue.get_nowait() == 2
        assert not queue._putters

    eagerloop.run(main())


@each_kind
def test_closed_waits_leave_the_lines(kind: Any) -> None:
    async def main() -> None:
        queue = kind(1)
        getting = queue.get()
        getting.send(None)
        getting.close()
        assert not queue._getters
        queue.put_nowait(1)
        putting = queue.put(2)
        putting.send(None)
        putting.close()
        assert not queue._putters
        assert queue.qsize() == 1

    eagerloop.run(main())


@each_kind
def test_join_waits_for_the_last_task_done(kind: Any) -> None:
    async def main() -> None:
        queue = kind()
        await queue.join()
        with pytest.raises(ValueError, match=r"^task_done\(\) called too many times$"):
            queue.task_done()
        for item in range(3):
            queue.put_nowait(item)
        joining = eagerloop.create_task(queue.join())
        for _ in range(3):
            await queue.get()
            await turns()
            assert not joining.done()
            queue.task_done()
        assert await joining is None
        queue.put_nowait(4)
        again = eagerloop.create_task(queue.join())
        await turns()
        again.cancel()
        with pytest.raises(eagerloop.CancelledError):
            await again

    eagerloop.run(main())


@each_kind
def test_shutdown_lets_getters_drain_and_refuses_putters(kind: Any) -> None:
    async def main() -> None:
        queue = kind(2)
        await queue.put(1)
        await queue.put(2)
        putting = eagerloop.create_task(queue.put(3))
        await turns()
        queue.shutdown()
        with pytest.raises(eagerloop.QueueShutDown):
            await putting
        for refused in (queue.put(4), queue.put(5)):
            with pytest.raises(eagerloop.QueueShutDown):
                await refused
        with pytest.raises(eagerloop.QueueShutDown):
            queue.put_nowait(6)
        assert {await queue.get(), queue.get_nowait()} == {1, 2}
        with pytest.raises(eagerloop.QueueShutDown):
            await queue.get()
        with pytest.raises(eagerloop.QueueShutDown):
            queue.get_nowait()
        joining = eagerloop.create_task(queue.join())
        await turns()
        assert not joining.done()
        queue.task_done()
        queue.task_done()
        await joining

    eagerloop.run(main())


@each_kind
def test_shutdown_wakes_getters(kind: Any) -> None:
    async def main() -> None:
        queue = kind()
        tasks = [eagerloop.create_task(queue.get()) for _ in range(3)]
        await turns()
        queue.shutdown()
        results = await eagerloop.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [eagerloop.QueueShutDown] * 3
        assert not queue._getters

    eagerloop.run(main())


@each_kind
def test_immediate_shutdown_drops_items_and_ends_join(kind: Any) -> None:
    async def main() -> None:
        queue = kind()
        for item in range(3):
            queue.put_nowait(item)
        queue.get_nowait()
        joining = eagerloop.create_task(queue.join())
        await turns()
        queue.shutdown(immediate=True)
        assert queue.empty()
        with pytest.raises(eagerloop.QueueShutDown):
            await queue.get()
        await turns()
        assert not joining.done()  # one was taken and is not done
        queue.task_done()
        await joining

    eagerloop.run(main())


def test_representations() -> None:
    async def main() -> None:
        queue: Any = eagerloop.Queue(1)
        assert re.fullmatch(r"<Queue at 0x[0-9a-f]+ maxsize=1>", repr(queue))
        getting = eagerloop.create_task(queue.get())
        await turns()
        assert str(queue) == "<Queue maxsize=1 _getters[1]>"
        queue.put_nowait("a")
        await getting
        queue.put_nowait("b")
        putting = eagerloop.create_task(queue.put("c"))
        await turns()
        assert str(queue) == "<Queue maxsize=1 _queue=['b'] _putters[1] tasks=2>"
        queue.shutdown(immediate=True)
        assert str(queue) == "<Queue maxsize=1 tasks=1 shutdown>"
        with pytest.raises(eagerloop.QueueShutDown):
            await putting

    eagerloop.run(main())


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_generic(kind: Any) -> None:
    alias = kind[int]
    assert isinstance(alias, GenericAlias)
    assert alias.__args__ == (int,)


def test_a_subclass_may_override_the_nowait_methods() -> None:
    seen = []

    class Traced(eagerloop.Queue[int]):
        def put_nowait(self, item: int) -> None:
            seen.append(("put", item))
            super().put_nowait(item)

        def get_nowait(self) -> int:
            item = super().get_nowait()
            seen.append(("get", item))
            return item

    async def main() -> None:
        queue = Traced()
        await queue.put(1)
        assert await queue.get() == 1
        assert seen == [("put", 1), ("get", 1)]

    eagerloop.run(main())


def test_a_queue_belongs_to_the_loop_that_first_waited() -> None:
    queue: eagerloop.Queue[int] = eagerloop.Queue()

    async def wait_in_vain() -> None:
        with pytest.raises(TimeoutError):
            await eagerloop.wait_for(queue.get(), 0.001)

    async def elsewhere() -> None:
        with pytest.raises(RuntimeError, match="is bound to a different event loop"):
            await queue.get()

    eagerloop.run(wait_in_vain())
    eagerloop.run(elsewhere())
