"""Calls between a loop and threads: to_thread() out of the loop, run_coroutine_threadsafe() into
it.
"""

from __future__ import annotations

import concurrent.futures
import contextvars
import functools
from asyncio.events import AbstractEventLoop, get_running_loop
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from ..coroutines import iscoroutine
from .futures import chain_future
from .spawning import ensure_future

__all__ = ("run_coroutine_threadsafe", "to_thread")

_T = TypeVar("_T")
_P = ParamSpec("_P")


async def to_thread(func: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Run `func(*args, **kwargs)` in a thread of the default executor; return its result.

    It sees the caller's context variables. Cancelling the wait does not stop the thread.
    """
    loop = get_running_loop()
    context = contextvars.copy_context()
    call = functools.partial(context.run, func, *args, **kwargs)
    return await loop.run_in_executor(None, call)


def run_coroutine_threadsafe(
    coro: Coroutine[Any, Any, _T], loop: AbstractEventLoop
) -> concurrent.futures.Future[_T]:
    """Start a coroutine in `loop`, which runs in another thread; return the thread's future for it.

    Cancelling that future cancels the task.

    Raises:
        TypeError: `coro` is no coroutine.
    """
    if not iscoroutine(coro):
        raise TypeError("A coroutine object is required")
    future: concurrent.futures.Future[_T] = concurrent.futures.Future()

    def start() -> None:
        try:
            chain_future(ensure_future(coro, loop=loop), future)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # e.g. of a task factory: both threads have to hear of it
            if future.set_running_or_notify_cancel():
                future.set_exception(error)
            raise

    loop.call_soon_threadsafe(start)
    return future
