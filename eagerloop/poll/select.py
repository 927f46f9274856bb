"""Select: the standard library's `selectors`, for platforms without epoll."""

from __future__ import annotations

import selectors
from typing import Any

from ..core.poller import Poller
from ..core.watch import READ, WRITE, collect

LONGEST_SECONDS = 86400.0  # some kernels refuse more; the turn comes round again


class Select(Poller):
    """kqueue, devpoll, poll or select: what `selectors` finds best.

    Args:
        selector: another one of `selectors`.
        owner: its `_process_events`, if it has one by then, is given the events, in place of those
            who watch the descriptors.
    """

    name = "select"

    def __init__(
        self, selector: selectors.BaseSelector | None = None, owner: object = None
    ) -> None:
        Poller.__init__(self)
        self.selector = selectors.DefaultSelector() if selector is None else selector
        self._owner = owner

    def wait(self, ring: Any, timeout: float) -> None:
        found = self.selector.select(None if timeout < 0 else min(timeout, LONGEST_SECONDS))
        process = getattr(self._owner, "_process_events", None)
        if process is not None:
            process(found)
            return
        for key, events in found:
            ready = (READ if events & selectors.EVENT_READ else 0) | (
                WRITE if events & selectors.EVENT_WRITE else 0
            )
            if not collect(self.watches, ring, key.fd, ready):
                self.forget(key.fd)

    def change(self, fd: int, before: int, after: int) -> None:
        events = (selectors.EVENT_READ if after & READ else 0) | (
            selectors.EVENT_WRITE if after & WRITE else 0
        )
        self.forget(fd)  # whatever became of it: the number may mean another file by now
        if after:
            self.selector.register(fd, events)

    def forget(self, fd: int) -> None:
        try:
            self.selector.unregister(fd)
        except KeyError:  # not registered
            pass

    def close(self) -> None:
        self._owner = None  # most likely the loop that has us
        self.selector.close()
