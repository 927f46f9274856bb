"""The contract that every poller fulfils.

A poller tells which descriptors can be read or written. It owns `watches`, a list of Watch or None by descriptor, of
which `watched` are not None; the scheduler puts Watches in, sets their `reader` and `writer`, and calls `change` when
the interest of one changes. `wait` blocks for at most `timeout` seconds (0: not at all, negative: until something
happens) and hands each event to `watch.collect(self.watches, ring, fd, ready)`, where `ready` is READ, WRITE or both;
errors and hang-ups count as both, so that whoever waits learns of them from the next system call. It returns early
and without events after a signal. Interest is level-triggered: what is still ready is reported again by the next
`wait`.

A completion-based poller (io_uring) fits the same shape: its events push an entry that already carries its data onto
`ring`; readiness is only one kind of entry.

`arm` is for who waits for one event at a time: told once, the interest ends by itself, which saves the calls that begin
and end it. A poller that cannot answers False and has done nothing.

Rules. Only the loop's thread calls a poller. `change` follows the kernel where it disagrees with us: a descriptor that
was closed behind our back, or closed and opened again, is no error. `close` may be called twice.
"""

from __future__ import annotations

from typing import Any


class Poller:
    """Base and contract; subclasses say `wait`, `change` and `close`."""

    __slots__ = ("watches", "watched")

    name = ""

    def __init__(self) -> None:
        self.watches: list[Any] = []
        self.watched = 0

    def wait(self, ring: Any, timeout: float) -> None:
        """Collects events for at most `timeout` seconds."""

    def change(self, fd: int, before: int, after: int) -> None:
        """The interest in `fd` changed; 0: none.

        Raises:
            OSError: the kernel cannot poll such a descriptor (EPERM: a regular file), or it is not open (EBADF).
        """

    def arm(self, fd: int, event: int) -> bool:
        """Interest in `fd`, which nobody else watches, until the next event. False: this poller has no such thing.

        Raises:
            OSError: as `change`.
        """
        return False

    def close(self) -> None:
        """Gives the kernel's resources back."""
