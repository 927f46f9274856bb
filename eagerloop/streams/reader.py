# cython: nonecheck=True
"""StreamReader: received bytes, until someone reads them.

Per packet, hence compiled; its methods return the Operations of reading.py. The limit does two
things, as in asyncio: a separator must come within `limit` bytes, and the transport is paused while
more than `2 * limit` bytes wait. It is never paused while a read waits for more than there is.

A read on a loop of ours waits on a Future made and settled in C; on any other loop, on that loop's.
"""

from __future__ import annotations

import sys
from asyncio.events import get_event_loop
from typing import TYPE_CHECKING, Any

from ..core import future
from ..core.future import Future
from ..core.reprs import refuse_copy
from ..core.signatures import SourceSignature
from ..core.turn import Turn
from ..format_helpers import extract_stack
from . import coroutines, reading
from .bytequeue import ByteQueue

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Coroutine

    import cython

    from .bytequeue import Data
    from .reading import Reading
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares it
    from ..core.runtime import dict_drop

_DEFAULT_LIMIT = 2**16  # bytes


class StreamReader:
    """The receiving half of a stream.

    Args:
        limit: bytes before a separator must have come, and half of what is buffered at most.
        loop: the event loop; the running or set one if omitted.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_eof",
        "_paused",
        "_exception",
        "_limit",
        "_queue",
        "_reading",
        "_transport",
        "_turn",
        "_waiter",
    )

    # Few have another value: it is in their __dict__, and an idle stream has room for none.
    _foreign_loop = None
    _source_traceback = None

    __signature__ = SourceSignature()
    __reduce__ = refuse_copy

    def __init__(self, limit: int = _DEFAULT_LIMIT, loop: AbstractEventLoop | None = None) -> None:
        if limit <= 0:
            raise ValueError("Limit cannot be <= 0")
        if loop is None:
            loop = get_event_loop()
        dict_drop(self)
        self._limit = limit
        self._turn = loop if isinstance(loop, Turn) else None  # the loop, if it is one of ours
        if self._turn is None:
            self._foreign_loop = loop
        self._queue = ByteQueue()
        self._eof = False
        self._exception: BaseException | None = None
        self._waiter: Future[None] | None = None
        self._reading: Reading | None = None  # whose waiter it is; None: one set from outside
        self._transport: Any = None
        self._paused = False  # we have paused the transport
        if loop.get_debug():
            self._source_traceback = extract_stack(sys._getframe())

    def __repr__(self) -> str:
        info = ["StreamReader"]
        if self._queue.size():
            info.append(f"{self._queue.size()} bytes")
        if self._eof:
            info.append("eof")
        if self._limit != _DEFAULT_LIMIT:
            info.append(f"limit={self._limit}")
        if self._waiter:
            info.append(f"waiter={self._waiter!r}")
        if self._exception:
            info.append(f"exception={self._exception!r}")
        if self._transport:
            info.append(f"transport={self._transport!r}")
        if self._paused:
            info.append("paused")
        return f"<{' '.join(info)}>"

    @property
    def _loop(self) -> Any:
        return self._foreign_loop if self._turn is None else self._turn

    @property
    def _buffer(self) -> bytearray:
        """The unread bytes, for code that reads or changes asyncio's attribute of this name."""
        return self._queue.lend()

    # What a protocol calls.

    def set_transport(self, transport: Any) -> None:
        """Set the transport to pause when too much is waiting; once."""
        assert self._transport is None, "Transport already set"
        self._transport = transport

    def _replace_transport(self, transport: Any) -> None:
        assert self._transport is not None, "Transport not set"
        self._transport = transport
        self._paused = False  # that was the other one, and start_tls has resumed it

    def feed_data(self, data: Data) -> None:
        """Add received bytes; a read that they complete is woken."""
        feed(self, data)

    def _add(self, data: Data) -> None:
        assert not self._eof, "feed_data after feed_eof"
        if len(data) == 0:
            return
        self._queue.append(data)
        if self._waiter is not None:
            if self._reading is not None and not self._reading.is_ready():
                return
            self._wake()
        if (
            self._transport is not None
            and not self._paused
            and self._queue.size() > 2 * self._limit
        ):
            try:
                self._transport.pause_reading()
            except NotImplementedError:  # a transport that cannot: all must be buffered
                self._transport = None
            else:
                self._paused = True

    def feed_eof(self) -> None:
        """No more bytes will come."""
        self._eof = True
        self._wake()

    def set_exception(self, exc: BaseException) -> None:
        """Make the waiting read and all later ones raise `exc`."""
        self._exception = exc
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            self._reading = None
            if not waiter.done():
                waiter.set_exception(exc)

    def exception(self) -> BaseException | None:
        """What `set_exception` was given, or None."""
        return self._exception

    def at_eof(self) -> bool:
        """True: no more bytes will come and none are left."""
        return bool(self._eof) and self._queue.size() == 0

    # What the reads call.

    def _wait(self, waiting: Reading) -> Future[None]:
        """A future for `waiting`, settled when `waiting.is_ready()`."""
        if self._waiter is not None:
            raise RuntimeError(
                f"{waiting.method()}() called while another coroutine is "
                f"already waiting for incoming data"
            )
        assert not self._eof, "_wait_for_data after EOF"
        if self._paused:  # a read longer than the limit would wait for ever
            self._paused = False
            self._transport.resume_reading()
        waiter: Future[None] = (
            self._loop.create_future() if self._turn is None else future.new(self._turn)
        )
        self._waiter = waiter
        self._reading = waiting
        return waiter

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is None:
            return
        self._waiter = None
        self._reading = None
        if type(waiter) is Future:
            fut = waiter
            if future.is_pending(fut):
                future.settle(fut, None)
        elif not waiter.done():
            waiter.set_result(None)

    def _take(self, count: int) -> bytes:
        data = self._queue.take(count)
        if self._paused and self._queue.size() <= self._limit:
            self._paused = False
            self._transport.resume_reading()
        return data

    # What users call. Each returns an awaitable that does nothing before it is awaited.

    def read(self, n: int = -1) -> Coroutine[Any, Any, bytes]:
        """Read up to `n` bytes, as soon as there is one; all until the end if `n` is negative.

        b"" means the end of the stream.
        """
        return reading.read_all(self) if n < 0 else reading.read(self, n)

    def readline(self) -> Coroutine[Any, Any, bytes]:
        """Read a line and its newline; at the end of the stream, what is left of it.

        Raises:
            ValueError: there is no newline within the limit. The line, or what there is of it, has
                been dropped.
        """
        return reading.read_line(self)

    def readexactly(self, n: int) -> Coroutine[Any, Any, bytes]:
        """Read `n` bytes, whatever the limit is.

        Raises:
            IncompleteReadError: the stream ended before; `partial` has its last bytes.
        """
        return reading.read_exactly(self, n)

    def readuntil(self, separator: Data | tuple[Data, ...] = b"\n") -> Coroutine[Any, Any, bytes]:
        """Read up to and including `separator`, or the first of several to be completed.

        Raises:
            LimitOverrunError: it does not come within the limit. Nothing has been taken; `consumed`
                bytes can be read before it could begin.
            IncompleteReadError: the stream ended before; `partial` has its last bytes.
        """
        return reading.read_until(self, separator)

    def _wait_for_data(self, func_name: str) -> Reading:
        return reading.wait_for_data(self, func_name)

    def __aiter__(self) -> StreamReader:
        return self

    def __anext__(self) -> Coroutine[Any, Any, bytes]:
        if type(self) is StreamReader:
            return reading.next_line(self)
        return coroutines.next_line(self)


def feed(reader: StreamReader, data: Data) -> None:
    """`reader.feed_data(data)` for a reader that is no subclass: compiled, without a look-up."""
    reader._add(data)
