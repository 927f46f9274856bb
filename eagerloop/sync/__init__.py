"""How tasks wait for one another: locks, events, conditions, semaphores, barriers, queues."""

from ..coroutines import _mark
from .barrier import Barrier
from .condition import Condition
from .errors import QueueEmpty, QueueFull, QueueShutDown
from .event import Event
from .lock import Lock
from .queues import LifoQueue, PriorityQueue, Queue
from .semaphore import BoundedSemaphore, Semaphore

__all__ = (
    "Barrier",
    "BoundedSemaphore",
    "Condition",
    "Event",
    "LifoQueue",
    "Lock",
    "PriorityQueue",
    "Queue",
    "QueueEmpty",
    "QueueFull",
    "QueueShutDown",
    "Semaphore",
)

_mark(Lock.acquire, Event.wait, Condition.wait, Condition.wait_for)
_mark(Semaphore.acquire, Queue.get, Queue.put, Queue.join)
