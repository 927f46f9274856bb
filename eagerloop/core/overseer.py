"""Overseer: who waits for many futures at once, as a TaskGroup does, and is told of each that is done.

It stands in the future's first slot as itself, and the future that is done stands in the ready queue as
itself, where the callback would have been: there is neither callback nor handle nor context.
"""

from __future__ import annotations

from .future import Future


class Overseer:
    """The base. To other code a subclass shows `_on_task_done` as the callback, `_parent_task` as who waits."""

    __slots__ = ()

    def _child_done(self, child: Future) -> None:
        """Called from the ready queue."""


def watch(fut: Future, overseer: Overseer) -> bool:
    """Has the overseer told when a pending future of a native loop is done; False if its slot is taken."""
    if fut._waiter is not None or fut._agenda is None:
        return False
    fut._waiter = overseer
    return True


def tell(fut: Future) -> bool:
    """A future that is done has come out of the ready queue; False if nobody wanted to hear of it."""
    overseer = fut._waiter
    if overseer is None:
        return False
    fut._waiter = None
    try:
        overseer._child_done(fut)
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as exc:  # as of any callback: the loop goes on
        context = {"message": f"Exception in callback {overseer!r}", "exception": exc}
        fut._loop.call_exception_handler(context)
    return True
