"""A child process as asyncio's subprocess transport.

`subprocess.Popen` makes the child; its pipes become pipe transports of the loop (real pipes, so the
child can open /dev/stdin), and the reaper tells when it has exited. What the protocol hears:

    connection_made                 once all pipes are connected; whatever came before waits for it
    pipe_data_received(fd, data)    as it comes, straight from the pipe
    pipe_connection_lost(fd, exc)   once for each pipe, after its last data
    process_exited                  once; pipes may still be open, held by a grandchild for instance
    connection_lost(None)           once, last: the process has exited and every pipe is closed
"""

from __future__ import annotations

import subprocess
import warnings
from asyncio.protocols import BaseProtocol, Protocol
from asyncio.transports import BaseTransport, SubprocessTransport
from collections import deque
from collections.abc import Callable
from functools import partial
from signal import SIGKILL, SIGTERM
from typing import TYPE_CHECKING, Any, cast

from ..core.handle import Handle
from ..log import logger
from ..tasks.sleeping import sleep
from .reaper import has_exited
from .stdio import StandardPipes

if TYPE_CHECKING:
    from asyncio.futures import Future
    from asyncio.transports import ReadTransport, WriteTransport

    from ..eventloop import EventLoop
    from .reaper import Watch

STATUS_LOST = 255  # what asyncio reports when somebody else has read the exit status


class ChildTransport(SubprocessTransport):
    """A running child: its pid, its pipes, its exit."""

    def __init__(
        self,
        loop: EventLoop,
        protocol: BaseProtocol,
        args: Any,
        shell: bool,
        stdin: Any,
        stdout: Any,
        stderr: Any,
        **options: Any,
    ) -> None:
        """Start the process. `options` go to `subprocess.Popen`, whose exceptions come through."""
        extra: dict[str, Any] = {}
        super().__init__(extra)
        self._loop: EventLoop | None = loop
        self._protocol: Any = protocol
        self._proc: subprocess.Popen[bytes] | None = None
        self._pid: int | None = None
        self._returncode: int | None = None
        self._watch: Watch | None = None
        # Until connection_made has been called: what the protocol will hear after it.
        self._held: deque[tuple[Callable[..., object], tuple[Any, ...]]] | None = deque()
        self._exit_waiters: set[Future[int]] = set()
        self._finished = False
        self._closed = True  # nothing to close, nothing to warn about, until there is a process

        stdio = StandardPipes((stdin, stdout, stderr), options.pop("pipesize", -1))
        self._pipes: dict[int, WritePipeProtocol | None] = dict.fromkeys(stdio.ours)
        stdin, stdout, stderr = stdio.targets
        try:
            self._proc = subprocess.Popen(
                args,
                shell=shell,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                bufsize=0,
                **options,
            )
        except BaseException:  # no such program, no memory, an option that Popen refuses
            stdio.close()
            raise
        stdio.hand_over(self._proc)
        self._closed = False
        self._pid = self._proc.pid
        extra["subprocess"] = self._proc
        if loop.get_debug():
            program = args if isinstance(args, bytes | str) else args[0]
            logger.debug("process %r created: pid %s", program, self._pid)
        try:
            self._watch = loop._reaper.watch(self._pid, self._on_exit)
        except BaseException:  # not even a thread to be had: an unwatched child must not be left
            self._close_raw_pipes()
            self._closed = True
            self._proc.kill()
            self._proc.wait()
            raise

    def __repr__(self) -> str:
        info = [self.__class__.__name__]
        if self._closed:
            info.append("closed")
        if self._pid is not None:
            info.append(f"pid={self._pid}")
        if self._returncode is not None:
            info.append(f"returncode={self._returncode}")
        elif self._pid is not None:
            info.append("running")
        else:
            info.append("not started")
        for fd, name in enumerate(("stdin", "stdout", "stderr")):
            pipe = self._pipes.get(fd)
            if pipe is not None:
                info.append(f"{name}={pipe.pipe}")
        return f"<{' '.join(info)}>"

    def __del__(self, _warn: Any = warnings.warn) -> None:
        # An __init__ that failed before there was a process has nothing to say.
        if not getattr(self, "_closed", True):
            _warn(f"unclosed transport {self!r}", ResourceWarning, source=self)
            self.close()

    # -- asyncio.SubprocessTransport -------------------------------------------------------------

    def set_protocol(self, protocol: BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> BaseProtocol:
        return cast(BaseProtocol, self._protocol)

    def is_closing(self) -> bool:
        return self._closed

    def get_pid(self) -> int:
        return cast(int, self._pid)

    def get_returncode(self) -> int | None:
        return self._returncode

    def get_pipe_transport(self, fd: int) -> BaseTransport | None:
        pipe = self._pipes.get(fd)
        return None if pipe is None else pipe.pipe

    def send_signal(self, signal: int) -> None:
        """Signal the process; does nothing once it has exited.

        Raises:
            ProcessLookupError: its transport is finished.
        """
        if self._proc is None:
            raise ProcessLookupError
        if self._returncode is not None or self._proc.returncode is not None:
            return
        assert self._watch is not None
        try:
            self._watch.send_signal(signal)
        except ProcessLookupError:  # it exited just now; the loop will hear of it
            pass

    def terminate(self) -> None:
        self.send_signal(SIGTERM)

    def kill(self) -> None:
        self.send_signal(SIGKILL)

    def close(self) -> None:
        """Close the pipes, and kill the process if it still runs."""
        if self._closed:
            return
        self._closed = True
        if self._loop is None:
            return
        if not self._loop.is_closed():
            self._close_pipes()
        if self._proc is None or self._returncode is not None or self._proc.returncode is not None:
            return
        if has_exited(self._proc.pid):  # the loop has not been told yet
            return
        assert self._watch is not None
        try:
            self._watch.send_signal(0)  # Popen would kill whoever has the pid by now
        except ProcessLookupError:
            return
        except PermissionError:  # it runs setuid
            pass
        if self._loop.get_debug():
            logger.warning("Close running child process: kill %r", self)
        try:
            self._proc.kill()
        except (ProcessLookupError, PermissionError):  # exited just now, or runs setuid
            pass

    # -- coming up -------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Connect the pipes, then tell the protocol. On failure the raw pipes are closed too."""
        loop, proc = self._loop, self._proc
        assert loop is not None
        assert proc is not None
        try:
            if proc.stdin is not None:
                _, self._pipes[0] = await loop.connect_write_pipe(
                    partial(WritePipeProtocol, self, 0), proc.stdin
                )
            if proc.stdout is not None:
                _, self._pipes[1] = await loop.connect_read_pipe(
                    partial(ReadPipeProtocol, self, 1), proc.stdout
                )
            if proc.stderr is not None:
                _, self._pipes[2] = await loop.connect_read_pipe(
                    partial(ReadPipeProtocol, self, 2), proc.stderr
                )
        except BaseException:
            self._close_pipes()
            self._close_raw_pipes()
            raise
        loop.call_soon(self._protocol.connection_made, self)
        loop.call_soon(self._release_held)
        await sleep(0)  # behind connection_made

    def _release_held(self) -> None:
        """Make the calls that were held, in their order; each one's exception is its own."""
        while self._held:
            callback, args = self._held.popleft()
            Handle(callback, args, self._loop)._run()
        self._held = None

    def _close_pipes(self) -> None:
        for pipe in self._pipes.values():
            if pipe is not None and pipe.pipe is not None:
                pipe.pipe.close()

    def _close_raw_pipes(self) -> None:
        assert self._proc is not None
        for raw in (self._proc.stdin, self._proc.stdout, self._proc.stderr):
            if raw is not None:
                raw.close()

    # -- what happens ----------------------------------------------------------------------------

    def _call(self, callback: Callable[..., object], *args: Any) -> None:
        if self._held is not None:
            self._held.append((callback, args))
        elif self._loop is not None:
            self._loop.call_soon(callback, *args)

    def _pipe_data_received(self, fd: int, data: bytes) -> None:
        if self._held is None:
            self._protocol.pipe_data_received(fd, data)
        else:
            self._held.append((self._protocol.pipe_data_received, (fd, data)))

    def _pipe_connection_lost(self, fd: int, exc: BaseException | None) -> None:
        try:
            if self._held is None:
                self._protocol.pipe_connection_lost(fd, exc)
            else:
                self._held.append((self._protocol.pipe_connection_lost, (fd, exc)))
        finally:
            self._try_finish()

    def _on_exit(self, returncode: int | None) -> None:
        """The reaper's call; None means that somebody else has read the status."""
        if returncode is None:
            # Popen's own poll() or wait(), called by the user, keeps what it read.
            returncode = None if self._proc is None else self._proc.returncode
        if returncode is None:
            returncode = STATUS_LOST
            logger.warning(
                "child process pid %d exit status already read:  will report returncode 255",
                self._pid,
            )
        self._process_exited(returncode)

    def _process_exited(self, returncode: int) -> None:
        assert self._returncode is None, self._returncode
        assert self._loop is not None
        assert self._proc is not None
        if self._loop.get_debug():
            logger.info("%r exited with return code %r", self, returncode)
        self._returncode = returncode
        if self._proc.returncode is None:
            self._proc.returncode = returncode  # or Popen would wait for it again
        self._call(self._protocol.process_exited)
        self._try_finish()
        waiters, self._exit_waiters = self._exit_waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(returncode)

    async def _wait(self) -> int:
        """The return code, as soon as the process has exited, whatever holds its pipes open."""
        if self._returncode is not None:
            return self._returncode
        assert self._loop is not None
        waiter: Future[int] = self._loop.create_future()
        self._exit_waiters.add(waiter)
        try:
            return await waiter
        finally:
            self._exit_waiters.discard(waiter)

    def _try_finish(self) -> None:
        if self._returncode is None or self._finished:
            return
        if all(pipe is not None and pipe.disconnected for pipe in self._pipes.values()):
            self._finished = True
            self._call(self._call_connection_lost, None)

    def _call_connection_lost(self, exc: BaseException | None) -> None:
        try:
            self._protocol.connection_lost(exc)
        finally:
            self._loop = None
            self._proc = None
            self._protocol = None
            self._watch = None


class WritePipeProtocol(BaseProtocol):
    """The protocol of a child's stdin: passes on what its pipe says."""

    def __init__(self, child: ChildTransport, fd: int) -> None:
        self.child: ChildTransport | None = child
        self.fd = fd
        self.pipe: Any = None
        self.disconnected = False

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} fd={self.fd} pipe={self.pipe!r}>"

    def connection_made(self, transport: BaseTransport) -> None:
        self.pipe = cast("WriteTransport | ReadTransport", transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.disconnected = True
        child, self.child = self.child, None
        if child is not None:
            child._pipe_connection_lost(self.fd, exc)

    def pause_writing(self) -> None:
        if self.child is not None:
            self.child._protocol.pause_writing()

    def resume_writing(self) -> None:
        if self.child is not None:
            self.child._protocol.resume_writing()


class ReadPipeProtocol(WritePipeProtocol, Protocol):
    """The protocol of a child's stdout or stderr."""

    def data_received(self, data: bytes) -> None:
        if self.child is not None:
            self.child._pipe_data_received(self.fd, data)
