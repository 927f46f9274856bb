"""Epoll: Linux's readiness interface, level-triggered.

The kernel forgets a descriptor by itself when its last duplicate is closed. So what we believe to be registered may not
be (somebody closed it behind our back, and the number may be in use again), and the other way round. ENOENT and EEXIST
tell, and we do what the kernel needs. An event for a descriptor that nobody watches is a registration left behind; it
is removed where the number still leads to it. One that was armed stays registered once it has fired, until the next
time or until the file is closed: disabled by the kernel, it costs nothing and says nothing.
"""

from __future__ import annotations

import errno
import select
from typing import Any

from ..core import runtime, watch
from ..core.poller import Poller

IN = 0x001
OUT = 0x004
ADD = 1
DELETE = 2
MODIFY = 3
BATCH = 256  # events taken by one wait


class Epoll(Poller):
    """The poller of Linux."""

    __slots__ = ("epfd", "events", "object")

    name = "epoll"

    def __init__(self) -> None:
        Poller.__init__(self)
        self.object = select.epoll()
        self.epfd = runtime.epoll_handle(self.object)
        self.events = runtime.epoll_events(BATCH)

    @staticmethod
    def works() -> bool:
        """Whether this platform has epoll."""
        return hasattr(select, "epoll")

    def wait(self, ring: Any, timeout: float) -> None:
        count = runtime.epoll_wait(self.epfd, self.events, BATCH, timeout)
        for i in range(count):
            bits = runtime.event_bits(self.events, i)
            ready = 0
            if bits & ~OUT:
                ready |= watch._READ
            if bits & ~IN:
                ready |= watch._WRITE
            fd = runtime.event_fd(self.events, i)
            if not watch.collect(self.watches, ring, fd, ready):
                self.forget(fd)

    def change(self, fd: int, before: int, after: int) -> None:
        bits = (IN if after & watch._READ else 0) | (OUT if after & watch._WRITE else 0)
        if after == 0:
            self.forget(fd)
            return
        operation = ADD if before == 0 else MODIFY
        try:
            runtime.epoll_control(self.epfd, operation, fd, bits)
        except OSError as exc:
            if exc.errno == errno.EEXIST:
                runtime.epoll_control(self.epfd, MODIFY, fd, bits)
            elif exc.errno == errno.ENOENT:
                runtime.epoll_control(self.epfd, ADD, fd, bits)
            else:
                raise

    def arm(self, fd: int, event: int) -> bool:
        runtime.epoll_arm(self.epfd, fd, IN if event & watch._READ else OUT)
        return True

    def forget(self, fd: int) -> None:
        try:
            runtime.epoll_control(self.epfd, DELETE, fd, 0)
        except OSError:  # closed already, and so forgotten by the kernel
            pass

    def close(self) -> None:
        self.object.close()

    def __dealloc__(self) -> None:
        runtime.epoll_free(self.events)
