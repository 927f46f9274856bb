"""Watch and Channel: a descriptor the poller looks at, and who is told.

A poller's contract (`eagerloop.poll`): it keeps a Watch per descriptor in `watches`; `wait` sets `ready` of each Watch
whose descriptor can be read or written and pushes it onto the turn's ready queue, where it runs in its place among the
other entries. Level-triggered: what is not read now is reported again.

`watches` is a list with the descriptor for an index, and None where nobody watches: descriptors are small numbers, and
an event needs no number object and no hash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import handle, runtime

if TYPE_CHECKING:
    import cython
else:
    from .. import _cython as cython

READ = 1
WRITE = 2
_READ = READ  # C ints in compiled files, which plain files cannot import
_WRITE = WRITE


class Channel:
    """Owns a descriptor and is called directly when it is ready; transports derive from it."""

    __slots__ = ("_flush_due", "__weakref__")

    def __init__(self) -> None:
        self._flush_due = False

    def _on_ready(self, event: int) -> None:
        """What `tell` calls. A compiled subclass answers here, without a look-up in Python."""
        if event == _READ:
            self.on_readable()
        else:
            self.on_writable()

    def _on_flush(self) -> None:
        """What the turn calls; likewise."""
        self.flush()

    def on_readable(self) -> None:
        """There is something to read, an end, or an error."""

    def on_writable(self) -> None:
        """There is room to write, or an error."""

    def flush(self) -> None:
        """The turn flushes: send what was held back (asked for by `Scheduler._flush_later`)."""


class Watch:
    """One descriptor: `reader` and `writer` are each a Handle, a Channel or None."""

    __slots__ = ("fd", "ready", "armed", "reader", "writer")

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.ready = 0
        self.armed = False
        self.reader = None
        self.writer = None

    def interest(self) -> int:
        """READ, WRITE, both or 0: what the poller is to look for."""
        return (_READ if self.reader is not None else 0) | (
            _WRITE if self.writer is not None else 0
        )


def run(watch: Watch) -> None:
    """Tells who is still interested; an earlier entry of the turn may have taken its interest back."""
    ready = watch.ready
    watch.ready = 0
    if ready & _READ and watch.reader is not None:
        tell(watch.reader, _READ)
    if ready & _WRITE and watch.writer is not None:
        tell(watch.writer, _WRITE)


def tell(entry: Any, event: int) -> None:
    if isinstance(entry, Channel):
        channel = cython.cast(Channel, entry)
        channel._on_ready(event)
    else:
        handle.run(entry)


def find(watches: list[Watch | None], fd: int) -> Watch | None:
    """Who watches a descriptor."""
    return watches[fd] if 0 <= fd < len(watches) else None


def collect(watches: list[Watch | None], ring: Any, fd: int, ready: int) -> bool:
    """What a poller does with an event; False if nobody watches that descriptor (any more)."""
    watch = find(watches, fd)
    if watch is None:
        return False
    if watch.ready == 0:
        runtime.ring_push(ring, watch)
    watch.ready |= ready
    return True
