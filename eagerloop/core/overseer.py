"""Overseer: who waits for many futures at once, as a TaskGroup does, and is told of each that is done.

It stands in the future's first slot as itself, and the future that is done stands in the ready queue as
itself, where the callback would have been: there is neither callback nor handle nor context. A task that ends
well, and that nobody else waits for, does not even queue: who is to see in which turn its overseer hears of it?
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import future
from .future import Future

if TYPE_CHECKING:
    import cython
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares it
    from .runtime import attempt


class Overseer:
    """The base. To other code a subclass shows `_on_task_done` as the callback, `_parent_task` as who waits."""

    __slots__ = ()

    def _child_done(self, child: Future) -> None:
        """Called from the ready queue, or at the end of a child that ended well."""


def watch(fut: Future, overseer: Overseer) -> bool:
    """Has the overseer told when a pending future of a native loop is done; False if its slot is taken."""
    if fut._waiter is not None or fut._agenda is None:
        return False
    fut._waiter = overseer
    return True


def settle(fut: Future, value: Any) -> None:
    """Gives a pending future its result, and tells the overseer at once if it is alone."""
    if fut._waiter is None or fut._extra is not None or not isinstance(fut._waiter, Overseer):
        future.settle(fut, value)
    else:
        overseer = cython.cast(Overseer, fut._waiter)
        fut._waiter = None
        future.conclude(fut, value)
        notify(overseer, fut)


def tell(fut: Future) -> bool:
    """A future that is done has come out of the ready queue; False if nobody wanted to hear of it."""
    overseer = fut._waiter
    if overseer is None:
        return False
    fut._waiter = None
    notify(overseer, fut)
    return True


def notify(overseer: Overseer, fut: Future) -> None:
    error = attempt(hand_over, overseer, fut)
    if error is not None:
        report(overseer, fut, error)


def hand_over(overseer: Overseer, fut: Future) -> None:
    overseer._child_done(fut)


def report(overseer: Overseer, fut: Future, exc: BaseException) -> None:
    """As of any callback: the loop goes on, unless it was told to exit."""
    if isinstance(exc, (SystemExit, KeyboardInterrupt)):
        try:
            raise exc
        finally:
            del exc
    context = {"message": f"Exception in callback {overseer!r}", "exception": exc}
    fut._loop.call_exception_handler(context)
