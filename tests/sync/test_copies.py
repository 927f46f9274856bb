"""Primitives in pickles and copies: what a program keeps in its own objects, it may copy."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import eagerloop

WAYS: list[Callable[[Any], Any]] = [
    *(
        lambda made, protocol=protocol: pickle.loads(pickle.dumps(made, protocol))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ),
    copy.copy,
    copy.deepcopy,
]
way = pytest.mark.parametrize("way", WAYS)


class Named(eagerloop.Queue[int]):
    """A program's own, that cannot be made without an argument."""

    def __init__(self, name: str) -> None:
        super().__init__(3)
        self.name = name


class Careful(eagerloop.Lock):
    """One that says itself what a pickle has."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name, self.secret = name, "secret"

    def __getstate__(self) -> dict[str, Any]:
        return {"name": self.name}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]


@way
def test_a_lock_and_an_event(way: Callable[[Any], Any], run: Callable[..., Any]) -> None:
    async def main() -> None:
        lock, event = eagerloop.Lock(), eagerloop.Event()
        assert not way(lock).locked()
        assert not way(event).is_set()
        await lock.acquire()
        event.set()
        held = way(lock)
        assert held is not lock
        assert held.locked()
        held.release()
        assert lock.locked()
        assert way(event).is_set()
        async with held:
            assert held.locked()

    run(main)


@way
@pytest.mark.parametrize("kind", [eagerloop.Semaphore, eagerloop.BoundedSemaphore])
def test_a_semaphore(
    way: Callable[[Any], Any], kind: type[eagerloop.Semaphore], run: Callable[..., Any]
) -> None:
    async def main() -> None:
        semaphore = kind(2)
        await semaphore.acquire()
        other = way(semaphore)
        await other.acquire()
        assert other.locked()
        assert not semaphore.locked()
        other.release()
        other.release()
        if kind is eagerloop.BoundedSemaphore:
            with pytest.raises(ValueError, match="released too many times"):
                other.release()

    run(main)


@way
def test_a_condition_and_a_barrier(way: Callable[[Any], Any], run: Callable[..., Any]) -> None:
    async def main() -> None:
        condition, barrier = way(eagerloop.Condition()), way(eagerloop.Barrier(1))
        async with condition:
            condition.notify_all()
            assert condition.locked()
        assert (barrier.parties, barrier.n_waiting) == (1, 0)
        assert await barrier.wait() == 0

    run(main)


@way
@pytest.mark.parametrize("kind", [eagerloop.Queue, eagerloop.LifoQueue, eagerloop.PriorityQueue])
def test_a_queue(
    way: Callable[[Any], Any], kind: type[eagerloop.Queue[int]], run: Callable[..., Any]
) -> None:
    async def main() -> None:
        queue = kind(3)
        for item in (1, 3, 2):
            queue.put_nowait(item)
        other = way(queue)
        assert type(other) is kind
        assert (other.maxsize, other.qsize(), other.full()) == (3, 3, True)
        order = [await other.get() for _ in range(3)]
        assert order == {"Queue": [1, 3, 2], "LifoQueue": [2, 3, 1]}.get(kind.__name__, [1, 2, 3])
        for _ in order:
            other.task_done()
        await other.join()
        other.shutdown()
        with pytest.raises(eagerloop.QueueShutDown):
            way(other).put_nowait(1)

    run(main)


@way
def test_a_subclass_with_an_argument_and_attributes(way: Callable[[Any], Any]) -> None:
    queue = Named("mine")
    queue.put_nowait(7)
    queue.note = "attached"  # type: ignore[attr-defined]
    other = way(queue)
    assert (type(other), other.name, other.note) == (Named, "mine", "attached")
    assert (other.get_nowait(), other.maxsize) == (7, 3)


@way
def test_a_subclass_that_says_itself_what_is_kept(way: Callable[[Any], Any]) -> None:
    lock = Careful("mine")
    lock.secret = "changed"
    other = way(lock)
    assert (other.name, other.secret, other.locked()) == ("mine", "secret", False)


@pytest.mark.parametrize("way", [pickle.dumps, copy.deepcopy])
def test_what_belongs_to_a_loop_stays_there(
    way: Callable[[Any], Any], run: Callable[..., Any]
) -> None:
    async def main() -> None:
        lock = eagerloop.Lock()
        await lock.acquire()
        waiting = eagerloop.create_task(lock.acquire())
        await eagerloop.sleep(0)
        with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
            way(lock)
        lock.release()
        await waiting
        assert lock.locked()

    run(main)
