"""Pipes as transports: what both ends share, and the reading end. writepipe.py has the other.

A pipe is a FIFO with or without a name, a tty, or a socket given as a file. The descriptor stays
the property of the file object that was handed in, and the transport closes that when the
connection is lost. Rules:

1. A descriptor has one transport. Asked for the same one twice (stdout, usually), the second works
   on a duplicate: neither takes the other's readiness away, and closing one leaves the other its
   descriptor.
2. connection_lost is called once, from the loop, never from inside the user's call.
"""

from __future__ import annotations

import asyncio.transports as _transports
import os
import stat
import warnings
from errno import EIO
from typing import Any
from weakref import WeakValueDictionary

from ..core import handle, runtime
from ..core.watch import Channel
from ..log import logger

_READ_BYTES = 64 * 1024  # asked for at a time: what a pipe of Linux holds
# Who works on a descriptor (rule 1). Of any loop: two loops had better not share one either.
_users: WeakValueDictionary[int, PipeTransport] = WeakValueDictionary()

_READABLE_KINDS = "Pipe transport is for pipes/sockets only."


class PipeTransport(Channel):
    """What both ends share: the descriptor, the protocol, the way to the end."""

    __slots__ = (
        "_loop",
        "_pipe",
        "_fileno",
        "_protocol",
        "_extra",
        "_closing",
        "_ended",
        "_duplicate",
        "_mode",
        "__dict__",
    )

    def __init__(self, loop: Any, pipe: Any, protocol: Any, extra: Any, refusal: str) -> None:
        Channel.__init__(self)
        # Whatever refuses the pipe below finds a transport that __del__ has nothing to do for.
        self._loop = loop
        self._pipe: Any = None
        self._fileno = -1
        self._protocol: Any = None
        self._extra = {} if extra is None else extra
        self._closing = True
        self._ended = False
        self._duplicate = False
        fileno = pipe.fileno()
        self._mode = os.fstat(fileno).st_mode
        if not (stat.S_ISFIFO(self._mode) or stat.S_ISSOCK(self._mode) or stat.S_ISCHR(self._mode)):
            raise ValueError(refusal)
        os.set_blocking(fileno, False)
        self._take(fileno)
        self._pipe = pipe
        self._protocol = protocol
        self._extra["pipe"] = pipe
        self._closing = False

    def _take(self, fileno: int) -> None:
        """Rule 1."""
        if _users.get(fileno) is not None:
            fileno = os.dup(fileno)
            self._duplicate = True
        _users[fileno] = self
        self._fileno = fileno

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """`"pipe"` is the file object."""
        return self._extra.get(name, default)

    def set_protocol(self, protocol: Any) -> None:
        """Hand the pipe over to another protocol."""
        self._protocol = protocol

    def get_protocol(self) -> Any:
        return self._protocol

    def is_closing(self) -> bool:
        return bool(self._closing)

    def _state(self) -> list[str]:
        """The start of a repr."""
        info = [type(self).__name__]
        if self._pipe is None:
            info.append("closed")
        elif self._closing:
            info.append("closing")
        info.append(f"fd={self._fileno}")
        if self._pipe is None:
            info.append("closed")
        elif not self._is_live():
            info.append("open")
        return info

    def _is_live(self) -> bool:
        return self._pipe is not None and self._loop is not None and not self._loop.is_closed()

    def _fatal_error(self, exc: BaseException, message: str, quiet: bool) -> None:
        if quiet:
            if self._loop.get_debug():
                logger.debug("%r: %s", self, message, exc_info=exc)
        else:
            self._loop.call_exception_handler(
                {
                    "message": message,
                    "exception": exc,
                    "transport": self,
                    "protocol": self._protocol,
                }
            )
        self._end(exc)

    def _end(self, exc: BaseException | None) -> None:
        """Stop everything; the protocol hears of it from the loop, once."""
        if self._ended:
            return
        self._ended = True
        self._closing = True
        self._loop.call_soon(self._call_connection_lost, exc)
        self._loop._unwatch(self._fileno)

    def _call_connection_lost(self, exc: BaseException | None) -> None:
        try:
            self._protocol.connection_lost(exc)
        finally:
            self._release()
            self._protocol = None
            self._loop = None

    def _release(self) -> None:
        """Give the descriptor back."""
        if _users.get(self._fileno) is self:
            del _users[self._fileno]
        if self._duplicate:
            os.close(self._fileno)
            self._duplicate = False
        pipe = self._pipe
        self._pipe = None
        pipe.close()

    def __del__(self) -> None:
        if self._pipe is not None:
            message = f"unclosed transport {self!r}"
            self._release()
            warnings.warn(message, ResourceWarning, stacklevel=2, source=self)


class ReadPipeTransport(PipeTransport):
    """The reading end: what connect_read_pipe returns (asyncio.ReadTransport)."""

    __slots__ = ("_context", "_paused")

    def __init__(
        self, loop: Any, pipe: Any, protocol: Any, waiter: Any = None, extra: Any = None
    ) -> None:
        """`waiter` is woken once the protocol is connected.

        Raises:
            ValueError: `pipe` is a regular file, which is always ready and so can't be polled.
        """
        PipeTransport.__init__(self, loop, pipe, protocol, extra, _READABLE_KINDS)
        self._context = runtime.snapshot()
        self._paused = False
        loop.call_soon(protocol.connection_made, self)
        loop.call_soon(self._start)
        if waiter is not None:
            loop.call_soon(wake, waiter)

    @property  # type: ignore[misc]  # for isinstance(transport, asyncio.ReadTransport)
    def __class__(self) -> type:
        return _transports.ReadTransport

    def __repr__(self) -> str:
        info = self._state()
        if self._is_live():
            info.append("polling" if self.is_reading() else "idle")
        return f"<{' '.join(info)}>"

    def _start(self) -> None:
        if self.is_reading():  # neither closed nor paused by connection_made
            self._read()

    def _read(self) -> None:
        # A handle and not the bare channel: data_received runs in the context that connected the
        # pipe, and what it raises is reported without an end to reading.
        entry = handle.new(self._loop, self.on_readable, (), self._context)
        self._loop._watch_read(self._fileno, entry)

    def is_reading(self) -> bool:
        return not self._paused and not self._closing

    def pause_reading(self) -> None:
        """Let what comes wait in the pipe."""
        if not self.is_reading():
            return
        self._paused = True
        self._loop._unwatch_read(self._fileno)
        if self._loop.get_debug():
            logger.debug("%r pauses reading", self)

    def resume_reading(self) -> None:
        if self._closing or not self._paused:
            return
        self._paused = False
        self._read()
        if self._loop.get_debug():
            logger.debug("%r resumes reading", self)

    def close(self) -> None:
        """Close the pipe; what is still in it is not read."""
        if not self._closing:
            self._end(None)

    def on_readable(self) -> None:
        try:
            data = os.read(self._fileno, _READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as exc:
            # EIO is how a tty says that its other end has gone.
            quiet = exc.errno == EIO
            self._fatal_error(exc, "Fatal read error on pipe transport", quiet)
            return
        if data:
            self._protocol.data_received(data)
            return
        if self._loop.get_debug():
            logger.info("%r was closed by peer", self)
        self._loop.call_soon(self._protocol.eof_received)
        self._end(None)


def wake(waiter: Any) -> None:
    if not waiter.done():
        waiter.set_result(None)
