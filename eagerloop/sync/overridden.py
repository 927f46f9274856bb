"""asyncio's ways through the primitives in coroutines: for subclasses, and for foreign locks.

The primitives themselves go by Operations that know the C fields. A subclass may have overridden
any method, and a condition may have been given any lock; here everything goes through the public
methods, as such programs expect. The rules of a condition's wait are in `condition.py`.
"""

from __future__ import annotations

from asyncio.exceptions import CancelledError
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .condition import Condition

__all__ = ("enter", "leave", "wait", "wait_for")


class Acquirable(Protocol):
    """What `async with` needs of a primitive."""

    def acquire(self) -> Awaitable[Any]: ...

    def release(self) -> None: ...


async def enter(primitive: Acquirable) -> None:
    """Acquire on entering the block; there is nothing for its `as`."""
    await primitive.acquire()


async def leave(primitive: Acquirable) -> None:
    """Release on leaving the block."""
    primitive.release()


async def wait(condition: Condition) -> bool:
    """Condition.wait()."""
    if not condition.locked():
        raise RuntimeError("cannot wait on un-acquired lock")
    waiter = condition._get_loop().create_future()
    condition.release()
    try:
        try:
            condition._waiters.append(waiter)
            try:
                await waiter
            finally:
                condition._waiters.remove(waiter)
        finally:
            await _take_lock(condition)
    except BaseException:
        # We may have been the one notified: let it be another.
        condition._notify(1)
        raise
    return True


async def _take_lock(condition: Condition) -> None:
    """Acquire however often we are cancelled, then raise the last cancellation."""
    cancellation: CancelledError | None = None
    while True:
        try:
            await condition.acquire()
        except CancelledError as exc:
            # Not before the lock is held.
            cancellation = exc
        else:
            break
    if cancellation is not None:
        try:
            raise cancellation
        finally:
            # The exception holds this frame, which must not hold the exception.
            cancellation = None


async def wait_for(condition: Condition, predicate: Callable[[], Any]) -> Any:
    """Condition.wait_for()."""
    result = predicate()
    while not result:
        await condition.wait()
        result = predicate()
    return result
