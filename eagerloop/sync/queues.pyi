"""What a type checker knows of queues.py: Cython can compile no Generic.

`Queue` is declared as a kind of asyncio's, so that it can be handed to whatever is annotated with that.
"""

import asyncio
from typing import Any, TypeVar

from .event import Event
from .waitqueue import WaitQueue

_T = TypeVar("_T")

class Queue(asyncio.Queue[_T]):
    _finished: Event
    _getters: WaitQueue
    _is_shutdown: bool
    _loop: Any
    _maxsize: float
    _putters: WaitQueue
    _queue: Any
    _unfinished_tasks: int
    def shutdown(self, immediate: bool = False) -> None: ...

class PriorityQueue(Queue[_T]): ...
class LifoQueue(Queue[_T]): ...
