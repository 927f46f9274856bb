# cython: nonecheck=True
"""Queue, PriorityQueue, LifoQueue: items handed from putters to getters.

Strategy
- The storage is a real deque or list, `_queue`: programs look into it.
- An item that is there, or room for one, is handed over in the operation's first poll, without a
  future. Only who must wait stands in `_getters` or `_putters`.
- The three classes here store and take by C methods (`_store`, `_take`). A subclass is met only
  through what it may override, as in asyncio: `_init`, `_get`, `_put`, `qsize`, `empty`, `full`,
  `get_nowait`, `put_nowait`. `_native` tells the two apart.

Rules
- A wake-up is an invitation, not a promise: who is woken looks again, and may find that another
  came first, for get_nowait() and put_nowait() never queue. Then it waits again, at the end.
- An invitation is never lost: a waiter that dies after its wake-up passes it on.
- A future leaves its deque when it is woken; that of a cancelled waiter when its task runs.
- Shutting down wakes everybody; getters drain what is left, unless it is immediate.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from math import ceil
from sys import maxsize as LARGEST
from types import GenericAlias
from typing import TYPE_CHECKING, Any

from ..core import runtime
from ..core.operation import Operation
from . import waitqueue
from .errors import QueueEmpty, QueueFull, QueueShutDown
from .event import Event, Wait
from .loopbound import LoopBound
from .waitqueue import WaitQueue

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ("LifoQueue", "PriorityQueue", "Queue")

runtime.deque_init(deque)


class Queue(LoopBound):
    """A first-in, first-out queue of at most `maxsize` items, or of any number."""

    __slots__ = (
        "_finished",
        "_getters",
        "_is_shutdown",
        "_limit",
        "_native",
        "_putters",
        "_queue",
        "_size_asked",
        "_unfinished_tasks",
    )

    def __init__(self, maxsize: float = 0) -> None:
        self._begin()
        self._finished = Event()
        self._finished._value = True
        self._getters = waitqueue.new()
        self._is_shutdown = False
        self._limit = whole(maxsize)
        self._native = type(self) is Queue or type(self) is PriorityQueue or type(self) is LifoQueue
        self._putters = waitqueue.new()
        self._queue: Any = None
        self._size_asked = maxsize
        self._unfinished_tasks = 0
        self._init(maxsize)

    def _init(self, maxsize: float) -> None:
        self._queue = deque()

    def _get(self) -> Any:
        return self._queue.popleft()

    def _put(self, item: Any) -> None:
        self._queue.append(item)

    def _kept(self) -> tuple[type, tuple[Any, ...], tuple[str, ...]]:
        fields = ("_finished", "_is_shutdown", "_queue", "_unfinished_tasks")
        return Queue, (self._size_asked,), fields

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {id(self):#x} {self._format()}>"

    def __str__(self) -> str:
        return f"<{type(self).__name__} {self._format()}>"

    __class_getitem__ = classmethod(GenericAlias)

    def _format(self) -> str:
        text = f"maxsize={self._maxsize!r}"
        if self._queue:
            text += f" _queue={list(self._queue)!r}"
        if self._getters:
            text += f" _getters[{len(self._getters)}]"
        if self._putters:
            text += f" _putters[{len(self._putters)}]"
        if self._unfinished_tasks:
            text += f" tasks={self._unfinished_tasks}"
        if self._is_shutdown:
            text += " shutdown"
        return text

    @property
    def _maxsize(self) -> float:
        return self._size_asked

    @_maxsize.setter
    def _maxsize(self, maxsize: float) -> None:
        self._size_asked = maxsize
        self._limit = whole(maxsize)

    @property
    def maxsize(self) -> float:
        """How many items fit in; 0 or less: any number."""
        return self._size_asked

    def qsize(self) -> int:
        """How many items are in the queue."""
        return len(self._queue)

    def empty(self) -> bool:
        """True if there is no item."""
        return not self._queue

    def full(self) -> bool:
        """True if `maxsize` items are in the queue; never if there is no limit."""
        if self._native:
            return self._is_full()
        if self._size_asked <= 0:
            return False
        return self.qsize() >= self._size_asked

    def put(self, item: Any) -> Coroutine[Any, Any, None]:
        """Put an item in, when there is room; QueueShutDown if the queue is shut down."""
        return putting(self, item)

    def put_nowait(self, item: Any) -> None:
        """Put an item in; QueueFull if there is no room, QueueShutDown if it is shut down."""
        if self._is_shutdown:
            raise QueueShutDown
        if self._is_full() if self._native else self.full():
            raise QueueFull
        self._add(item)

    def get(self) -> Coroutine[Any, Any, Any]:
        """Take the next item, when there is one; QueueShutDown if there will be none."""
        return getting(self)

    def get_nowait(self) -> Any:
        """Take the next item; QueueEmpty if there is none, QueueShutDown if there will be none."""
        if not self._queue if self._native else self.empty():
            if self._is_shutdown:
                raise QueueShutDown
            raise QueueEmpty
        return self._remove()

    def task_done(self) -> None:
        """Say that an item taken before is dealt with; ValueError if said more often than put."""
        if self._unfinished_tasks <= 0:
            raise ValueError("task_done() called too many times")
        self._unfinished_tasks -= 1
        if self._unfinished_tasks == 0:
            self._finished.set()

    def join(self) -> Coroutine[Any, Any, None]:
        """Wait until task_done() has been called for every item that was put in."""
        return joining(self)

    def shutdown(self, immediate: bool = False) -> None:
        """Let put() raise QueueShutDown from now on, and get() once the queue is empty.

        If `immediate`, the items are dropped and count as done, so get() raises at once and join()
        may return. Everybody who waits in put() or get() is woken.
        """
        self._is_shutdown = True
        if immediate:
            while not self.empty():
                self._get()
                if self._unfinished_tasks > 0:
                    self._unfinished_tasks -= 1
            if self._unfinished_tasks == 0:
                self._finished.set()
        self._getters.invite_all()
        self._putters.invite_all()

    def _wakeup_next(self, waiters: WaitQueue) -> None:
        waiters.invite()

    def _is_full(self) -> bool:
        return self._limit > 0 and len(self._queue) >= self._limit

    def _add(self, item: Any) -> None:
        if self._native:
            self._store(item)
        else:
            self._put(item)
        self._unfinished_tasks += 1
        self._finished._value = False
        self._getters.invite()

    def _remove(self) -> Any:
        item = self._take() if self._native else self._get()
        self._putters.invite()
        return item

    def _store(self, item: Any) -> None:
        runtime.deque_push(self._queue, item)

    def _take(self) -> Any:
        return runtime.deque_pop(self._queue)


class PriorityQueue(Queue):
    """A queue that gives the smallest item first; (priority, item) pairs are usual."""

    __slots__ = ()

    def _init(self, maxsize: float) -> None:
        self._queue = []

    def _get(self) -> Any:
        return heappop(self._queue)

    def _put(self, item: Any) -> None:
        heappush(self._queue, item)

    def _store(self, item: Any) -> None:
        heappush(self._queue, item)

    def _take(self) -> Any:
        return heappop(self._queue)


class LifoQueue(Queue):
    """A queue that gives the youngest item first."""

    __slots__ = ()

    def _init(self, maxsize: float) -> None:
        self._queue = []

    def _get(self) -> Any:
        return self._queue.pop()

    def _store(self, item: Any) -> None:
        self._queue.append(item)

    def _take(self) -> Any:
        return self._queue.pop()


class Get(Operation):
    """A wait for an item, and its taking."""

    __slots__ = ("_queue", "_waiter")

    _qualname = "Queue.get"

    def _poll(self) -> bool:
        queue = self._queue
        if queue._native:
            if queue._queue:
                self.value = queue._remove()
                return True
        elif not queue.empty():
            self.value = queue.get_nowait()
            return True
        if queue._is_shutdown:
            raise QueueShutDown
        self._waiter = queue._new_waiter()
        queue._getters.add(self._waiter)
        self.value = self._waiter
        return False

    def _fail(self, exc: BaseException) -> bool:
        queue = self._queue
        withdraw(queue._getters, self._waiter, not queue.empty())
        try:
            raise exc
        finally:
            del exc  # interpreted, this frame is in its traceback


class Put(Operation):
    """A wait for room, and the putting in."""

    __slots__ = ("_item", "_queue", "_waiter")

    _qualname = "Queue.put"

    def _poll(self) -> bool:
        queue = self._queue
        if queue._native:
            if not queue._is_full():
                if queue._is_shutdown:
                    raise QueueShutDown
                queue._add(self._item)
                self.value = None
                return True
        elif not queue.full():
            self.value = queue.put_nowait(self._item)
            return True
        if queue._is_shutdown:
            raise QueueShutDown
        self._waiter = queue._new_waiter()
        queue._putters.add(self._waiter)
        self.value = self._waiter
        return False

    def _fail(self, exc: BaseException) -> bool:
        queue = self._queue
        withdraw(queue._putters, self._waiter, not queue.full())
        try:
            raise exc
        finally:
            del exc  # interpreted, this frame is in its traceback


class Join(Wait):
    """A wait for the last task_done()."""

    __slots__ = ("_queue",)

    _qualname = "Queue.join"

    def _poll(self) -> bool:
        waiting = self._waiter is not None or self._queue._unfinished_tasks > 0
        if waiting and not Wait._poll(self):
            return False
        self.value = None
        return True


def withdraw(waiters: WaitQueue, waiter: Any, useful: bool) -> None:
    """Give up waiting; an invitation that came before goes to the next, if there is what for."""
    waiter.cancel()  # a closed coroutine leaves it pending
    waiters.leave(waiter)
    if useful and not waiter.cancelled():
        waiters.invite()


def whole(maxsize: float) -> int:
    """The number of items at which a queue of `maxsize` is full; 0: never."""
    return ceil(min(maxsize, LARGEST)) if maxsize > 0 else 0


def getting(queue: Queue) -> Get:
    """A Get from `queue`."""
    operation = runtime.new_untracked(Get)
    operation._queue = queue
    operation._waiter = None
    return operation


def putting(queue: Queue, item: Any) -> Put:
    """A Put of `item` into `queue`."""
    operation = runtime.new_untracked(Put)
    operation._item = item
    operation._queue = queue
    operation._waiter = None
    return operation


def joining(queue: Queue) -> Join:
    """A Join of `queue`."""
    operation = runtime.new_untracked(Join)
    operation._event = queue._finished
    operation._queue = queue
    operation._waiter = None
    return operation


runtime.stock(Get)
runtime.stock(Put)
runtime.stock(Join)
