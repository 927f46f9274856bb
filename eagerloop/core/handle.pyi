"""What a type checker knows of handle.py: its classes pass for asyncio's. See future.pyi."""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any

PAUSE_SECONDS: float

class Handle(asyncio.Handle):
    _callback: Any
    _args: Any
    _context: Any
    _loop: Any
    _records: tuple[Any, str | None] | None
    _source_traceback: Any
    def __init__(
        self,
        callback: Callable[..., object],
        args: Sequence[Any],
        loop: Any,
        context: Context | None = None,
    ) -> None: ...
    def get_context(self) -> Context: ...

class ThreadsafeHandle(Handle): ...

def wait(handle: ThreadsafeHandle) -> None: ...
def new(loop: Any, callback: Any, args: tuple[Any, ...], context: Any) -> Handle: ...
def new_threadsafe(
    loop: Any, callback: Any, args: tuple[Any, ...], context: Any
) -> ThreadsafeHandle: ...
def run(handle: Handle) -> None: ...
def report(handle: Handle, exc: BaseException) -> None: ...
