# cython: nonecheck=True
"""The writing end of a pipe.

Per packet, so compiled. Rules, beside those of pipe.py:

1. The first write of a turn goes out at once. What follows in that turn waits for the turn's end
   while it is little, and leaves with one system call; it never waits longer, nor once it is large.
2. A writer hears from the poller that its reader has gone, before it writes again.
"""

from __future__ import annotations

import asyncio.transports as _transports
import fcntl
import os
import socket
import stat
import sys
from typing import TYPE_CHECKING, Any

from .. import constants
from ..log import logger
from .outbox import Outbox, water_marks
from .pipe import PipeTransport, wake

if TYPE_CHECKING:
    from collections.abc import Iterable

_LARGE_BYTES = 16 * 1024  # a write of this size is not held until the turn ends
_HOLD_BYTES = 64 * 1024  # nor are more bytes than this: a pipe takes no more at a time
_PIECES = 1024  # buffers that one writev takes (IOV_MAX of Linux)
_HIGH_WATER_BYTES = 64 * 1024  # asyncio's default
_LOST_WRITES = constants.LOG_THRESHOLD_FOR_CONNLOST_WRITES

# There the writing end of a named FIFO polls readable while data is in it, and not when the reader
# leaves: watching it would only ever report a false end.
_FIFO_HIDES_THE_END = sys.platform in ("darwin", "ios", "tvos", "watchos", "sunos5")

_WRITABLE_KINDS = "Pipe transport is only for pipes, sockets and character devices"


class WritePipeTransport(PipeTransport):
    """The writing end: what connect_write_pipe returns (asyncio.WriteTransport).

    Data that the pipe has not taken is in the outbox. While it is there, either the pipe is full and
    the poller watches for room (`_waiting`), or the data is held until the turn ends.
    """

    __slots__ = (
        "_outbox",
        "_waiting",
        "_sent_in_turn",
        "_conn_lost",
        "_high_water",
        "_low_water",
        "_protocol_paused",
    )

    def __init__(
        self, loop: Any, pipe: Any, protocol: Any, waiter: Any = None, extra: Any = None
    ) -> None:
        """`waiter` is woken once the protocol is connected.

        Raises:
            ValueError: `pipe` is a regular file, which is always ready and so can't be polled.
        """
        # first: who is told of a pipe that was taken in vain shows its size
        self._outbox = Outbox()
        PipeTransport.__init__(self, loop, pipe, protocol, extra, _WRITABLE_KINDS)
        self._waiting = False
        self._sent_in_turn = -1
        self._conn_lost = 0
        self._high_water = _HIGH_WATER_BYTES
        self._low_water = _HIGH_WATER_BYTES // 4
        self._protocol_paused = False
        loop.call_soon(protocol.connection_made, self)
        loop.call_soon(self._start)
        if waiter is not None:
            loop.call_soon(wake, waiter)

    @property  # type: ignore[misc]  # for isinstance(transport, asyncio.WriteTransport)
    def __class__(self) -> type:
        return _transports.Transport  # as asyncio's, which has the methods of a reader too

    def __repr__(self) -> str:
        info = self._state()
        if self._is_live():
            info.append("polling" if self._waiting else "idle")
            info.append(f"bufsize={self._outbox.size}")
        return f"<{' '.join(info)}>"

    def _start(self) -> None:
        """Rule 2: a pipe or socket whose reader has gone polls readable."""
        if not self._closing and _tells_the_end(self._fileno, self._mode):
            self._loop._watch_read(self._fileno, self)

    # -- what only the other end can ---------------------------------------------------------------

    def is_reading(self) -> bool:
        """Raises:
        NotImplementedError: as asyncio's; this end does not read.
        """
        raise NotImplementedError

    def pause_reading(self) -> None:
        """Raises:
        NotImplementedError: as asyncio's; this end does not read.
        """
        raise NotImplementedError

    def resume_reading(self) -> None:
        """Raises:
        NotImplementedError: as asyncio's; this end does not read.
        """
        raise NotImplementedError

    # -- flow control ----------------------------------------------------------------------------

    def get_write_buffer_size(self) -> int:
        """Bytes not yet taken by the pipe."""
        return int(self._outbox.size)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """(low, high) in bytes."""
        return (self._low_water, self._high_water)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Above `high` bytes the protocol is paused, at `low` bytes it goes on.

        Raises:
            ValueError: not high >= low >= 0.
        """
        self._high_water, self._low_water = water_marks(high, low, _HIGH_WATER_BYTES)
        self._maybe_pause()

    def _maybe_pause(self) -> None:
        if self._protocol_paused or not self._waiting or self._outbox.size <= self._high_water:
            return
        self._protocol_paused = True
        try:
            self._protocol.pause_writing()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:  # the protocol's mistake must not stop the data
            self._report("protocol.pause_writing() failed", exc)

    def _maybe_resume(self) -> None:
        if not self._protocol_paused or self._outbox.size > self._low_water:
            return
        self._protocol_paused = False
        try:
            self._protocol.resume_writing()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:  # the protocol's mistake must not stop the data
            self._report("protocol.resume_writing() failed", exc)

    def _report(self, message: str, exc: BaseException) -> None:
        self._loop.call_exception_handler(
            {"message": message, "exception": exc, "transport": self, "protocol": self._protocol}
        )

    # -- writing ---------------------------------------------------------------------------------

    def write(self, data: Any) -> None:
        """Send bytes; what the pipe doesn't take now is sent later, and may be changed meanwhile.

        Raises:
            TypeError: `data` is not bytes, bytearray or memoryview.
        """
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(
                "data argument must be a bytes-like object, not " + repr(type(data).__name__)
            )
        if isinstance(data, memoryview) and not (data.itemsize == data.ndim == data.contiguous):
            data = bytes(data)  # its length is not its size
        size = len(data)
        if size == 0:
            return
        if self._conn_lost or self._closing:
            if self._conn_lost >= _LOST_WRITES:
                logger.warning("pipe closed by peer or os.write(pipe, data) raised exception.")
            self._conn_lost += 1
            return
        if self._outbox.size == 0 and self._sent_in_turn != self._loop._turn_number:
            self._sent_in_turn = self._loop._turn_number if self._loop._thread_id != 0 else -1
            self._send_first(data, size)
        else:
            self._outbox.append(data)
            if size >= _LARGE_BYTES or self._outbox.size > _HOLD_BYTES:
                self._send_held()
            elif not self._waiting and not self._flush_due:  # as in stream.py
                self._loop._flush_later(self)
        self._maybe_pause()

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        """Send the concatenation of the pieces."""
        self.write(b"".join(list_of_data))

    def _send_first(self, data: Any, size: int) -> None:
        """Write to the pipe; what it doesn't take waits for room."""
        try:
            count = os.write(self._fileno, data)
        except (BlockingIOError, InterruptedError):
            count = 0
        except OSError as exc:
            self._broken(exc)
            return
        if count < size:
            self._outbox.append(data)  # whole: bytes are kept as they are, uncopied
            if count > 0:
                self._outbox.consume(count)
            self._wait()

    def _send_held(self) -> None:
        """The time to hold has ended: what the pipe doesn't take now waits for room."""
        if not self._waiting:
            self._send_pieces()
            if self._outbox.size > 0:
                self._wait()

    def _send_pieces(self) -> None:
        """Write what is in the outbox until the pipe is full."""
        box = self._outbox
        while box.size > 0:
            pieces = _front(box)
            offered = sum(map(len, pieces))
            try:
                if len(pieces) == 1:
                    count = os.write(self._fileno, pieces[0])
                else:
                    count = os.writev(self._fileno, pieces)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as exc:
                self._broken(exc)
                return
            box.consume(count)
            if count < offered:
                return

    def _wait(self) -> None:
        if not self._waiting:
            self._waiting = True
            self._loop._watch_write(self._fileno, self)

    def _unwait(self) -> None:
        if self._waiting:
            self._waiting = False
            self._loop._unwatch_write(self._fileno)

    def flush(self) -> None:
        """The end of the turn."""
        if self._outbox.size > 0:
            self._send_held()
            self._maybe_pause()

    def on_writable(self) -> None:
        self._send_pieces()
        if self._ended:
            return
        if self._outbox.size == 0:
            self._unwait()
        self._maybe_resume()  # which may write more
        if self._closing and self._outbox.size == 0:
            self._end(None)

    def on_readable(self) -> None:
        """The reader has gone; or, on a socket, it talks back, which nobody here wants to hear."""
        if stat.S_ISSOCK(self._mode) and not _has_ended(self._fileno):
            self._loop._unwatch_read(self._fileno)
            return
        if self._loop.get_debug():
            logger.info("%r was closed by peer", self)
        self._abandon(BrokenPipeError() if self._outbox.size > 0 else None)

    # -- the end ---------------------------------------------------------------------------------

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """Close the pipe once everything has been sent."""
        if self._closing:
            return
        self._closing = True
        self._send_held()
        if self._outbox.size == 0:
            self._end(None)

    def close(self) -> None:
        """The same as write_eof: for a pipe that is all there is to close."""
        if self._pipe is not None:
            self.write_eof()

    def abort(self) -> None:
        """Close the pipe now; what it does not take is lost."""
        if self._pipe is not None:
            if not self._waiting:
                self._send_pieces()
            self._abandon(None)

    def _broken(self, exc: OSError) -> None:
        self._conn_lost += 1
        self._drop()
        self._fatal_error(exc, "Fatal write error on pipe transport", True)

    def _abandon(self, exc: BaseException | None) -> None:
        self._drop()
        self._end(exc)

    def _drop(self) -> None:
        self._outbox.clear()
        self._waiting = False


def _tells_the_end(fileno: int, mode: int) -> bool:
    """Whether the poller will tell that the reader has gone, and tell nothing else."""
    if not stat.S_ISFIFO(mode):
        return stat.S_ISSOCK(mode)
    if fcntl.fcntl(fileno, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDWR:
        return False  # it is its own reader: readable whenever there is data in it
    return not _FIFO_HIDES_THE_END or os.fstat(fileno).st_nlink == 0


def _front(box: Outbox) -> list[Any]:
    """The pieces to be sent next: as much as a pipe may take at a time."""
    piece = box.pieces[box.first]
    pieces = [memoryview(piece)[box.offset :] if box.offset > 0 else piece]
    size = len(pieces[0])
    for index in range(box.first + 1, len(box.pieces)):
        if size >= _HOLD_BYTES or len(pieces) == _PIECES:
            break
        piece = box.pieces[index]
        pieces.append(piece)
        size += len(piece)
    return pieces


def _has_ended(fileno: int) -> bool:
    """Whether a readable socket is readable because its peer has gone."""
    with socket.socket(fileno=os.dup(fileno)) as peer:
        try:
            first = peer.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:  # it is there, and silent
            first = None
        except OSError:  # reset, or never connected
            first = b""
    return first is not None and len(first) == 0
