"""What a type checker knows of future.py: Cython can compile no Generic.

`Future` is declared as a kind of asyncio's, so that it can be handed to whatever is annotated with that.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from .agenda import Agenda

_T = TypeVar("_T")

class Future(asyncio.Future[_T]):
    _agenda: Agenda | None
    _waiter: Any
    _extra: Any
    _outcome: Any
    _awaited_by: Any
    _phase: int
    _log: bool
    _source_traceback: Any
    _cancel_message: Any
    @property
    def _asyncio_awaited_by(self) -> set[asyncio.Future[Any]] | None: ...
    @property
    def _loop(self) -> Any: ...

PENDING: int
CANCELLED: int
FINISHED: int
FAILED: int

def new(agenda: Agenda) -> Future[Any]: ...
def isfuture(obj: object) -> bool: ...
def settle(fut: Future[Any], value: object) -> None: ...
def fail(fut: Future[Any], exception: BaseException) -> None: ...
def cancel(fut: Future[Any], message: object) -> bool: ...
def __getattr__(name: str) -> Any: ...  # the rest is for compiled rooms
