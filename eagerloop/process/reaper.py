"""Who exited, and how: waiting for children without SIGCHLD and without a thread for each.

Linux gives every process a descriptor (a pidfd) that becomes readable when the process exits, so a
child is watched exactly as a socket is. Three rules keep that honest:

1. A child is reaped and its exit published in one step on the loop's thread. Whoever sees no return
   code yet may therefore signal the pid: it cannot have been given to another process.
2. Only pids handed to `watch` are waited for, and SIGCHLD is not touched: the user's handler and
   the user's own children are none of our business. If somebody else reads our child's status
   first, that is reported as a lost status and never waited for a second time.
3. No child goes unwatched for want of a descriptor. Where pidfds are missing (an old kernel, a
   seccomp profile) or the table is full, a thread waits instead. It leaves the zombie in place
   (WNOWAIT) for the loop's thread to reap, so rule 1 holds there too.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..core.handle import Handle
from ..log import logger

if TYPE_CHECKING:
    from ..base_events import BaseEventLoop

#: Called with the exit code (negative: the signal that killed it), or None when it was lost.
OnExit = Callable[[int | None], object]


def can_use_pidfd() -> bool:
    """Whether this kernel, and its sandbox, let us open, signal and wait through a pidfd."""
    if sys.platform != "linux":
        return False
    try:
        pidfd = os.pidfd_open(os.getpid())
    except OSError:  # ENOSYS before Linux 5.3; EPERM and others under seccomp
        return False
    try:
        signal.pidfd_send_signal(pidfd, 0)
        os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG)
    except ChildProcessError:  # as it should be: we are no child of ours
        return True
    except OSError:  # EINVAL before Linux 5.4; a sandbox may allow one call and not another
        return False
    finally:
        os.close(pidfd)
    return True


def has_exited(pid: int) -> bool:
    """Whether our child has exited; a zombie stays a zombie, its status stays unread."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # somebody else has reaped it
        return True


def wait_for_exit(pid: int) -> bool:
    """Block until a child has exited and leave it a zombie; False if somebody else reaps it."""
    while True:
        try:
            found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            return False
        if found is None or found.si_code != os.CLD_STOPPED:
            return True
        # macOS reports stopped children here too: take that notice away and wait on.
        os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG)


def reap(pid: int) -> int | None:
    """Read the status of a child known to have exited; None if somebody else has read it."""
    try:
        _, status = os.waitpid(pid, 0)
    except ChildProcessError:
        return None
    try:
        return os.waitstatus_to_exitcode(status)
    except ValueError:  # neither exited nor killed: pass on what the kernel said
        return status


class PidfdWatch:
    """One child, watched through its pidfd."""

    __slots__ = ("_gone", "_loop", "_on_exit", "_pidfd", "_reaper", "pid")

    def __init__(self, reaper: Reaper, loop: BaseEventLoop, pid: int, on_exit: OnExit) -> None:
        """Open the descriptor and start watching it.

        Raises:
            OSError: no descriptor to be had, or the process no longer exists.
        """
        self._reaper = reaper
        self._loop = loop
        self.pid = pid
        self._on_exit = on_exit
        self._gone = False  # reaped, and the pid anybody's
        self._pidfd = os.pidfd_open(pid)
        try:
            # A handle, for its context: the protocol hears of the exit in that of the spawn.
            loop._watch_read(self._pidfd, Handle(self._exited, (), loop))
        except BaseException:  # e.g. ENOSPC: the user's limit of watches; the descriptor is ours
            os.close(self._pidfd)
            raise

    def _exited(self) -> None:
        self._reaper.forget(self)
        self._gone = True
        try:
            # The pid may be another child's by now; the pidfd is this one's for ever. If it is
            # traced, this waits until the tracer has let go of it.
            os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOWAIT)
            returncode = reap(self.pid)
        except ChildProcessError:  # somebody else has reaped it
            returncode = None
        finally:
            self.close()
        self._on_exit(returncode)

    def send_signal(self, signum: int) -> None:
        """Signal this very process, whoever may have the pid by now.

        Raises:
            ProcessLookupError: it is gone.
        """
        if self._gone:
            raise ProcessLookupError
        if self._pidfd >= 0:
            signal.pidfd_send_signal(self._pidfd, signum)
        else:  # its loop was closed, so nobody reaps it and the pid stays its own
            os.kill(self.pid, signum)

    def close(self) -> None:
        pidfd, self._pidfd = self._pidfd, -1
        if not self._loop.is_closed():
            self._loop._unwatch(pidfd)
        os.close(pidfd)


class ThreadWatch:
    """One child, watched by a thread that waits for it and leaves the reaping to the loop's."""

    __slots__ = ("_gone", "_loop", "_on_exit", "_reaper", "pid")

    def __init__(self, reaper: Reaper, loop: BaseEventLoop, pid: int, on_exit: OnExit) -> None:
        self._reaper = reaper
        self._loop = loop
        self.pid = pid
        self._on_exit = on_exit
        self._gone = False  # reaped, and the pid anybody's
        threading.Thread(target=self._wait, name=f"eagerloop-waitpid-{pid}", daemon=True).start()

    def _wait(self) -> None:
        lost = not wait_for_exit(self.pid)
        try:
            self._loop.call_soon_threadsafe(self._exited, lost)
        except RuntimeError:  # the loop was closed meanwhile, so nobody else will reap the child
            self._gone = True
            if not lost:
                reap(self.pid)
            logger.warning("Loop %r that handles pid %r is closed", self._loop, self.pid)

    def _exited(self, lost: bool) -> None:
        self._reaper.forget(self)
        self._on_exit(None if lost else reap(self.pid))

    def send_signal(self, signum: int) -> None:
        """Signal the child by its pid, which rule 1 keeps ours until the exit is published.

        Raises:
            ProcessLookupError: it is gone.
        """
        if self._gone:
            raise ProcessLookupError
        os.kill(self.pid, signum)

    def close(self) -> None:
        """The thread can't be called off; it reaps the child when it exits."""


Watch = PidfdWatch | ThreadWatch


class Reaper:
    """The children that one loop watches."""

    __slots__ = ("_loop", "_use_pidfd", "_watches")

    def __init__(self, loop: BaseEventLoop, *, use_pidfd: bool | None = None) -> None:
        """`use_pidfd` None asks the kernel, when the first child is to be watched."""
        self._loop: BaseEventLoop | None = loop
        self._use_pidfd = use_pidfd
        self._watches: set[Watch] = set()  # not by pid: one may be given twice, see rule 2

    def watch(self, pid: int, on_exit: OnExit) -> Watch:
        """Call `on_exit` on the loop's thread, once, when the child has exited and is reaped.

        Raises:
            RuntimeError: the loop is closed.
        """
        loop = self._loop
        if loop is None:
            raise RuntimeError("Event loop is closed")
        if self._use_pidfd is None:
            self._use_pidfd = can_use_pidfd()
        watch: Watch
        if self._use_pidfd:
            try:
                watch = PidfdWatch(self, loop, pid, on_exit)
            except OSError:  # the descriptor table is full, or the child was reaped under our feet
                watch = ThreadWatch(self, loop, pid, on_exit)
        else:
            watch = ThreadWatch(self, loop, pid, on_exit)
        self._watches.add(watch)
        return watch

    def forget(self, watch: Watch) -> None:
        self._watches.discard(watch)

    def close(self) -> None:
        """The loop is closed: stop watching, and let go of it.

        Children still running are left to run: their transports say so.
        """
        while self._watches:
            self._watches.pop().close()
        self._loop = None
