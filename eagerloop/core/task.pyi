"""What a type checker knows of task.py: Cython can compile no Generic. See future.pyi."""

import asyncio
from collections.abc import Coroutine, Generator
from contextvars import Context
from types import FrameType
from typing import Any, TextIO, TypeVar

from .agenda import Agenda
from .future import Future

_T = TypeVar("_T")

class Task(asyncio.Task[_T], Future[_T]):
    _coro: Any
    _context: Any
    _fut_waiter: Any
    _name: Any
    _number: int
    _num_cancels_requested: int
    _must_cancel: bool
    _log_destroy_pending: bool
    _mourned: bool
    def __init__(
        self,
        coro: Generator[Any, None, _T] | Coroutine[Any, Any, _T],
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        name: object = None,
        context: Context | None = None,
        eager_start: bool = False,
    ) -> None: ...
    def get_coro(self) -> Any: ...
    def get_context(self) -> Context: ...
    def get_stack(self, *, limit: int | None = None) -> list[FrameType]: ...
    def print_stack(self, *, limit: int | None = None, file: TextIO | None = None) -> None: ...

def new(
    agenda: Agenda, coro: Any, name: object, context: Context | None, eager: bool
) -> Task[Any]: ...
def run(task: Task[Any]) -> None: ...
def show_all(tasks: list[Any]) -> None: ...
def step(task: Task[Any], error: BaseException | None, entry: bool) -> None: ...
