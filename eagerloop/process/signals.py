"""Unix signals as callbacks of the loop.

A signal handler written in Python may run between any two bytecodes of the main thread, which is no
place for a program's logic. So the handler installed here does nothing at all. The interpreter also
writes the signal's number into the loop's waker (`signal.set_wakeup_fd`), which ends a blocking
poll whichever thread the kernel delivered the signal to; the loop reads the number and calls back
in its turn, once for each number.

The waker stays installed from the first handler to the removal of the last, so a signal that comes
between two runs waits in it. While a loop runs in the main thread its waker is installed anyway; a
signal that this loop has no handler for is passed on to the descriptor that was installed before: the
user's, or the waker of a loop that does not run.
"""

from __future__ import annotations

import contextvars
import errno
import inspect
import os
import signal
import sys
import warnings
from collections.abc import Callable, Coroutine
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Any

from ..log import logger

if TYPE_CHECKING:
    from types import FrameType

    from ..base_events import BaseEventLoop
    from ..poll.waker import Waker


class SignalHandlers:
    """The signals one loop has asked for."""

    __slots__ = ("_calls", "_loop", "_outer")

    def __init__(self, loop: BaseEventLoop) -> None:
        self._loop: Any = loop  # None when it is closed
        self._outer: _Outer | None = None  # during a run: what was installed before it
        # what to call, with what, in which context
        self._calls: dict[
            int, tuple[Callable[..., object], tuple[Any, ...], contextvars.Context]
        ] = {}

    def add(self, sig: int, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        """Call `callback(*args)` in the loop whenever `sig` arrives; replaces an earlier callback.

        Raises:
            TypeError: a coroutine was given, or `sig` is no number.
            ValueError: there is no such signal.
            RuntimeError: the loop is closed, this is not the main thread, or `sig` can't be caught.
        """
        if isinstance(callback, Coroutine) or inspect.iscoroutinefunction(callback):
            raise TypeError("coroutines cannot be used with add_signal_handler()")
        _check(sig)
        if self._loop is None:
            raise RuntimeError("Event loop is closed")
        if self._loop._waker is None:
            raise RuntimeError(f"the {self._loop.poller} poller hears no signals: choose another")
        try:
            self._install()  # ValueError outside the main thread: only there can handlers be set
        except (ValueError, OSError) as exc:
            raise RuntimeError(str(exc)) from exc
        previous = self._calls.get(sig)
        self._calls[sig] = (callback, args, contextvars.copy_context())
        try:
            signal.signal(sig, _nothing)
            signal.siginterrupt(sig, False)  # SA_RESTART: other people's system calls go on
        except OSError as exc:
            if previous is None:
                del self._calls[sig]
            self._uninstall()
            if exc.errno == errno.EINVAL:
                raise RuntimeError(f"sig {sig} cannot be caught") from exc
            raise

    def remove(self, sig: int) -> bool:
        """Give `sig` its default back; True if there was a handler.

        Raises:
            TypeError: `sig` is no number.
            ValueError: there is no such signal, or this is not the main thread.
        """
        _check(sig)
        if self._calls.pop(sig, None) is None:
            return False
        signal.signal(sig, signal.default_int_handler if sig == signal.SIGINT else signal.SIG_DFL)
        self._uninstall()
        return True

    def deliver(self, sig: int) -> None:
        """The waker has read `sig`: make the call in the next turn."""
        call = self._calls.get(sig)
        if call is not None:
            callback, args, context = call
            self._loop.call_soon(callback, *args, context=context)
        elif self._outer is not None:
            self._outer.pass_on(sig)

    def close(self) -> None:
        """Remove every handler and let go of the loop; called when that is closed."""
        self._remove_all()
        self._loop = None

    def _remove_all(self) -> None:
        if sys.is_finalizing():
            if self._calls:
                warnings.warn(
                    f"Closing the loop {self._loop!r} on interpreter shutdown stage, "
                    "skipping signal handlers removal",
                    ResourceWarning,
                    stacklevel=2,
                    source=self._loop,
                )
                self._calls.clear()
            return
        for sig in list(self._calls):
            self.remove(sig)

    # -- the waker -------------------------------------------------------------------------------

    def begin_run(self) -> None:
        """A run begins: in the main thread, every signal ends the poll, handled here or not."""
        if self._loop._waker is not None and current_thread() is main_thread():
            try:
                before = self._install()
            except ValueError:  # the main thread of a subinterpreter, which no signal reaches
                return
            try:
                self._outer = _Outer(-1 if before == self._waker_fd() else before)
            except BaseException:  # an interrupt: the run does not begin
                signal.set_wakeup_fd(before)
                raise

    def end_run(self) -> None:
        """The run has ended: handlers keep the waker, otherwise it is as before."""
        outer = self._outer
        if outer is not None and not self._calls:
            outer.install()
            if outer.fd >= 0:
                assert self._loop._waker is not None
                self._loop._waker.on_readable()  # what came too late for a turn
        self._outer = None

    def _waker_fd(self) -> int:
        waker: Waker = self._loop._waker
        return waker.writer.fileno()

    def _install(self) -> int:
        return signal.set_wakeup_fd(self._waker_fd(), warn_on_full_buffer=False)

    def _uninstall(self) -> None:
        """If no handler is left, signals have nobody to wake but a running loop."""
        if self._calls or self._loop.is_running():
            return
        try:
            installed = signal.set_wakeup_fd(-1)
            if installed not in (-1, self._waker_fd()):  # of the loop that runs
                signal.set_wakeup_fd(installed, warn_on_full_buffer=False)
        except (ValueError, OSError) as exc:
            logger.info("set_wakeup_fd(-1) failed: %s", exc)


class _Outer:
    """The descriptor that a run found installed, -1 if none: the user's, or another loop's waker.

    Its owner may close it during the run, and its number may become another file's.
    """

    __slots__ = ("_file", "fd")

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._file = _file_of(fd)

    def pass_on(self, sig: int) -> None:
        if self.fd >= 0 and _file_of(self.fd) == self._file:
            try:
                os.write(self.fd, bytes([sig]))
            except OSError:  # full: the interpreter would lose it too; or its other end is closed
                pass

    def install(self) -> None:
        if self.fd >= 0 and _file_of(self.fd) != self._file:
            self.fd = -1
        signal.set_wakeup_fd(self.fd)


def _file_of(fd: int) -> tuple[int, int] | None:
    if fd < 0:
        return None
    try:
        found = os.fstat(fd)
    except OSError:  # it is closed
        return None
    return found.st_dev, found.st_ino


def _nothing(sig: int, frame: FrameType | None) -> None:
    """The handler of the interpreter: signals without one would not be written to the waker."""


def _check(sig: object) -> None:
    if not isinstance(sig, int):
        raise TypeError(f"sig must be an int, not {sig!r}")
    if sig not in signal.valid_signals():
        raise ValueError(f"invalid signal number {sig}")
