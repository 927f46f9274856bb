"""What a fork leaves to the child: none of its parent's loops.

A forked child shares its parent's epoll and waker, not copies of them: unwatching a descriptor, or
waking a loop, would reach into the parent. So in the child every loop made before the fork gets a
poller that refuses, no loop runs, no task is current and signals wake nobody. A loop of its own the
child may make at once, even below the frames of a parent's loop that was running; should it return
to those, the first poll ends them.
"""

from __future__ import annotations

import asyncio.events as _events
import os
import signal
import sys
import weakref
from typing import TYPE_CHECKING, Any

from . import runtime
from .poller import Poller

if TYPE_CHECKING:
    from ..base_events import BaseEventLoop

_loops: weakref.WeakSet[BaseEventLoop] = weakref.WeakSet()


class Forked(Poller):
    """Stands in for the poller of a loop that belongs to the parent process."""

    __slots__ = ("_parent",)

    name = "forked"

    def __init__(self, parent: int) -> None:
        Poller.__init__(self)
        self._parent = parent

    def wait(self, ring: Any, timeout: float) -> None:
        """Raises:
        RuntimeError: always.
        """
        raise self._refusal()

    def change(self, fd: int, before: int, after: int) -> None:
        """Raises:
        RuntimeError: unless it is to forget a descriptor, which the parent goes on watching.
        """
        if after > 0:
            raise self._refusal()

    def close(self) -> None:
        """Nothing of ours to close."""

    def _refusal(self) -> RuntimeError:
        return RuntimeError(
            f"This event loop belongs to process {self._parent} and cannot be used in process "
            f"{os.getpid()}, which was forked from it: make a new event loop here"
        )


def adopt(loop: BaseEventLoop) -> None:
    """From now on a fork takes `loop` from the child."""
    _loops.add(loop)


def _in_child() -> None:
    parent = os.getppid()
    signal.set_wakeup_fd(-1)
    for loop in list(_loops):
        # From 3.14 on the thread has one current task, that of its running loop.
        if sys.version_info < (3, 14) or _events._get_running_loop() is loop:
            runtime.set_current(loop, None)
        loop._after_fork(Forked(parent))
    _loops.clear()
    _events._set_running_loop(None)


os.register_at_fork(after_in_child=_in_child)
