# cython: binding=False, embedsignature=True
"""Handle: one scheduled call, in one context.

`isinstance(handle, asyncio.Handle)` holds by `__class__`: asyncio's class has slots of its own, which no other
layout can inherit. Between being scheduled and run a handle is only in the ready queue, so the collector is not
told of it; whoever keeps it after its run brings it back (`run`).
"""

from __future__ import annotations

import asyncio.events as _events
import contextvars
import time
from typing import TYPE_CHECKING, Any

from . import reprs, runtime, stacks
from .signatures import SourceSignature

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import cython
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares them
    from .runtime import call, handle_context, handle_write

runtime.init()


PAUSE_SECONDS = 1e-3  # between two looks at a callback that another thread waits for


class Handle:
    """What call_soon and call_soon_threadsafe return (asyncio.Handle).

    Args:
        callback: what is called.
        args: with which arguments.
        loop: who calls, and hears of exceptions.
        context: a Context to call in; a copy of the current one if omitted.
    """

    __slots__ = (
        "_callback",
        "_args",
        "_context",
        "_loop",
        "_records",
        "__weakref__",
    )

    __signature__ = SourceSignature()

    def __init__(
        self,
        callback: Callable[..., object],
        args: Sequence[Any],
        loop: Any,
        context: contextvars.Context | None = None,
    ) -> None:
        self._callback: Any = callback
        self._args: Any = tuple(args)
        self._context = runtime.context_given(context)
        self._loop = loop
        self._records: tuple[Any, str | None] | None = None
        if loop.get_debug():
            self._source_traceback = stacks.creation_stack()

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return _events.Handle

    def __repr__(self) -> str:
        if self._records is not None and self._records[1] is not None:
            return str(self._records[1])
        return reprs.handle_repr(self, self._cancelled)

    @property
    def _cancelled(self) -> bool:
        return self._args is None

    @property
    def _source_traceback(self) -> Any:
        return None if self._records is None else self._records[0]

    @_source_traceback.setter
    def _source_traceback(self, stack: Any) -> None:
        self._records = (stack, None)

    def get_context(self) -> contextvars.Context:
        """The Context that the callback runs in."""
        context: contextvars.Context = handle_context(self)
        return context

    def cancel(self) -> None:
        """Takes the call back. Does nothing if it was made already."""
        if self._args is not None:
            if self._loop.get_debug():
                self._records = (self._source_traceback, reprs.handle_repr(self, True))
            self._callback = None
            self._args = None

    def cancelled(self) -> bool:
        """Whether the call was taken back."""
        return self._args is None

    def _run(self) -> None:
        run(self)


class ThreadsafeHandle(Handle):
    """What call_soon_threadsafe returns (CPython 3.14).

    While the callback runs, other threads that cancel it, or ask whether it is, wait for its end.
    """

    __slots__ = ()

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return getattr(_events, "_ThreadSafeHandle", _events.Handle)

    def cancel(self) -> None:
        """Takes the call back; too late once it has begun."""
        wait(self)
        Handle.cancel(self)

    def cancelled(self) -> bool:
        """Whether the call was taken back."""
        wait(self)
        return Handle.cancelled(self)


def wait(handle: ThreadsafeHandle) -> None:
    """Until the loop, in another thread, has made the call that it is about."""
    # no lock: it would cost each call, and hardly anyone ever comes in between
    loop = handle._loop
    while getattr(loop, "_making", None) is handle and loop._thread_id != runtime.thread_id():
        time.sleep(PAUSE_SECONDS)


def new(loop: Any, callback: Any, args: tuple[Any, ...], context: Any) -> Handle:
    """A handle for the ready queue, `context` being any snapshot."""
    handle: Handle = runtime.new_bare(Handle)
    handle_write(handle, callback, args, context, loop)
    return handle


def new_threadsafe(
    loop: Any, callback: Any, args: tuple[Any, ...], context: Any
) -> ThreadsafeHandle:
    """As `new`, for other threads."""
    handle: ThreadsafeHandle = runtime.new_bare(ThreadsafeHandle)
    handle_write(handle, callback, args, context, loop)
    return handle


def run(handle: Handle) -> None:
    """Makes the call; an exception goes to the loop's exception handler."""
    if handle._args is not None:
        error = call(handle)
        if error is not None:
            report(handle, error)
            error = None  # interpreted, this frame may be kept, see runtime.py
    del handle


def report(handle: Handle, exc: BaseException) -> None:
    """A callback may raise anything; the loop goes on, unless it was told to exit."""
    if isinstance(exc, (SystemExit, KeyboardInterrupt)):
        try:
            raise exc
        finally:
            del exc
    source = reprs.format_callback_source(handle._callback, handle._args)
    context = {
        "message": f"Exception in callback {source}",
        "exception": exc,
        "handle": handle,
    }
    if handle._source_traceback:
        context["source_traceback"] = handle._source_traceback
    handle._loop.call_exception_handler(context)


runtime.zeroed(Handle, {"_records": None})
runtime.stock(Handle)
runtime.stock(ThreadsafeHandle)
