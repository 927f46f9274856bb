"""Waker: how other threads and signals get a loop out of its wait: a byte through a socket pair.

The interpreter's signal handler writes the signal's number (`signal.set_wakeup_fd`), other threads write zero.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from ..core.watch import Channel

READ_BYTES = 4096


class Waker(Channel):
    """Both ends of the pair.

    Args:
        on_signal: called in the loop's thread with each signal number that arrived.
    """

    __slots__ = ("on_signal", "reader", "writer")

    def __init__(self, on_signal: Callable[[int], object]) -> None:
        super().__init__()
        self.on_signal = on_signal
        self.reader, self.writer = socket.socketpair()
        self.reader.setblocking(False)
        self.writer.setblocking(False)

    def wake(self) -> None:
        """Ends the loop's wait, from any thread."""
        try:
            self.writer.send(b"\0")
        except BlockingIOError:  # full: it wakes anyway
            pass
        except OSError:  # the loop closed meanwhile: there is nobody to wake
            pass

    def on_readable(self) -> None:
        while True:
            try:
                data = self.reader.recv(READ_BYTES)
            except (BlockingIOError, InterruptedError):
                return
            for number in data:
                if number:
                    self.on_signal(number)
            if len(data) < READ_BYTES:
                return

    def close(self) -> None:
        self.reader.close()
        self.writer.close()
