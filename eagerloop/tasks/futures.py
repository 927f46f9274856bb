"""Chains between futures: of one loop, of two loops, or between a loop and a thread.

When the source is done its outcome is copied to the destination; when the destination is cancelled
the source is. Each side is touched only where that is allowed: an asyncio future in the thread of
its running loop, reached with `call_soon_threadsafe` from anywhere else; a
`concurrent.futures.Future` anywhere.
"""

from __future__ import annotations

import concurrent.futures
from asyncio.events import AbstractEventLoop, _get_running_loop, get_event_loop
from asyncio.exceptions import CancelledError, InvalidStateError
from typing import Any, TypeVar

from ..core.future import Future, isfuture
from ..core.yields import loop_of
from .spawning import ensure_future

__all__ = ("chain_future", "ensure_future", "isfuture", "loop_of", "wrap_future")

_T = TypeVar("_T")


def wrap_future(
    future: concurrent.futures.Future[_T] | Future[_T], *, loop: AbstractEventLoop | None = None
) -> Future[_T]:
    """Give an asyncio future with the outcome of a thread's future.

    An asyncio future is returned as it is. Cancelling the result cancels `future`.
    """
    if isfuture(future):
        return future  # type: ignore[return-value]
    assert isinstance(future, concurrent.futures.Future), (
        f"concurrent.futures.Future is expected, got {future!r}"
    )
    if loop is None:
        loop = get_event_loop()
    wrapper: Any = loop.create_future()
    chain_future(future, wrapper)
    return wrapper


def chain_future(source: Any, destination: Any) -> None:
    """Copy the outcome of `source` to `destination` when it is there, and cancel it with
    `destination`.
    """
    for future, role in ((source, "source"), (destination, "destination")):
        if not isfuture(future) and not isinstance(future, concurrent.futures.Future):
            raise TypeError(f"A future is required for {role} argument")
    source_loop: Any = loop_of(source) if isfuture(source) else None
    destination_loop: Any = loop_of(destination) if isfuture(destination) else None

    def on_destination_done(destination: Any) -> None:
        if destination.cancelled():
            if source_loop is None or source_loop is _get_running_loop():
                source.cancel()
            else:
                source_loop.call_soon_threadsafe(source.cancel)

    def on_source_done(source: Any) -> None:
        if destination_loop is None or destination_loop is _get_running_loop():
            settle(destination, source)
        elif not destination_loop.is_closed():
            try:
                destination_loop.call_soon_threadsafe(settle, destination, source)
            except RuntimeError:  # closed in the meantime, by its own thread
                if not destination_loop.is_closed():
                    raise

    destination.add_done_callback(on_destination_done)
    source.add_done_callback(on_source_done)


def settle(destination: Any, source: Any) -> None:
    """Settle a future of either kind as `source`, which is done, was settled."""
    if isfuture(destination):
        copy_future_state(source, destination)
    else:
        set_concurrent_future_state(destination, source)


def copy_future_state(source: Any, destination: Any) -> None:
    """Settle an asyncio future as `source`, which is done, was settled."""
    assert source.done()
    if destination.cancelled():
        return
    assert not destination.done()
    if source.cancelled():
        destination.cancel()
    elif (error := source.exception()) is not None:
        destination.set_exception(as_asyncio_error(error))
    else:
        destination.set_result(source.result())


def set_concurrent_future_state(destination: concurrent.futures.Future[Any], source: Any) -> None:
    """Settle a thread's future as `source`, which is done, was settled."""
    assert source.done()
    if source.cancelled():
        destination.cancel()
    if not destination.set_running_or_notify_cancel():
        return
    error = source.exception()
    if error is not None:
        destination.set_exception(as_asyncio_error(error))
    else:
        destination.set_result(source.result())


def as_asyncio_error(error: BaseException) -> BaseException:
    """Turn the two exceptions that concurrent.futures has of its own into asyncio's; keep the
    traceback.
    """
    for theirs, ours in _COUNTERPARTS:
        if type(error) is theirs:
            return ours(*error.args).with_traceback(error.__traceback__)
    return error


_COUNTERPARTS: tuple[tuple[type[BaseException], type[BaseException]], ...] = (
    (concurrent.futures.CancelledError, CancelledError),
    (concurrent.futures.InvalidStateError, InvalidStateError),
)


def set_result_unless_cancelled(future: Any, result: Any) -> None:
    """Settle a future, unless it was cancelled in the meantime."""
    if not future.cancelled():
        future.set_result(result)
