"""Child processes with streams for pipes: `create_subprocess_exec`, `create_subprocess_shell`."""

from __future__ import annotations

from asyncio.events import get_running_loop
from asyncio.protocols import SubprocessProtocol
from functools import partial
from typing import TYPE_CHECKING, Any

from ..log import logger
from ..tasks.gathering import gather
from .protocol import FlowControlMixin
from .reader import _DEFAULT_LIMIT, StreamReader
from .writer import StreamWriter

if TYPE_CHECKING:
    from asyncio.events import AbstractEventLoop
    from asyncio.futures import Future

    from ..process.child import ChildTransport

_CHUNK_BYTES = 256 * 1024  # asked of a stream at a time by communicate()


class SubprocessStreamProtocol(FlowControlMixin, SubprocessProtocol):
    """Feeds a child's pipes into stream readers, and its stdin's flow control to a writer."""

    def __init__(self, limit: int, loop: AbstractEventLoop) -> None:
        super().__init__(loop)
        self._limit = limit
        self.stdin: StreamWriter | None = None
        self.stdout: StreamReader | None = None
        self.stderr: StreamReader | None = None
        self._transport: ChildTransport | None = None
        self._process_exited = False
        self._open_fds: set[int] = set()  # of stdout and stderr: not yet at their end
        self._stdin_closed: Future[None] = loop.create_future()

    def __repr__(self) -> str:
        info = [self.__class__.__name__]
        for name in ("stdin", "stdout", "stderr"):
            stream = getattr(self, name)
            if stream is not None:
                info.append(f"{name}={stream!r}")
        return f"<{' '.join(info)}>"

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.stdout = self._open_reader(1)
        self.stderr = self._open_reader(2)
        stdin = transport.get_pipe_transport(0)
        if stdin is not None:
            self.stdin = StreamWriter(stdin, protocol=self, reader=None, loop=self._loop)

    def _open_reader(self, fd: int) -> StreamReader | None:
        assert self._transport is not None
        pipe = self._transport.get_pipe_transport(fd)
        if pipe is None:
            return None
        reader = StreamReader(limit=self._limit, loop=self._loop)
        reader.set_transport(pipe)
        self._open_fds.add(fd)
        return reader

    def _reader(self, fd: int) -> StreamReader | None:
        return self.stdout if fd == 1 else self.stderr if fd == 2 else None

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        reader = self._reader(fd)
        if reader is not None:
            reader.feed_data(data)

    def pipe_connection_lost(self, fd: int, exc: BaseException | None) -> None:
        if fd == 0:
            self._stdin_lost(exc)
            return
        reader = self._reader(fd)
        if reader is not None:
            if exc is None:
                reader.feed_eof()
            else:
                reader.set_exception(exc)
        self._open_fds.discard(fd)
        self._maybe_close_transport()

    def _stdin_lost(self, exc: BaseException | None) -> None:
        if self.stdin is not None:
            self.stdin.close()
        self.connection_lost(exc)
        if self._stdin_closed.done():  # cancelled by whoever waited for it
            return
        if exc is None:
            self._stdin_closed.set_result(None)
        else:
            self._stdin_closed.set_exception(exc)
            self._stdin_closed._log_traceback = False  # nobody has to call wait_closed()

    def process_exited(self) -> None:
        self._process_exited = True
        self._maybe_close_transport()

    def _maybe_close_transport(self) -> None:
        if self._process_exited and not self._open_fds and self._transport is not None:
            self._transport.close()
            self._transport = None

    def _get_close_waiter(self, stream: object) -> Future[None] | None:
        return self._stdin_closed if stream is self.stdin else None


class Process:
    """A child process, with a stream for each pipe that was asked for.

    Attributes:
        pid: the number of the process.
        stdin: a StreamWriter, or None if it is no pipe.
        stdout: a StreamReader, or None if it is no pipe.
        stderr: a StreamReader, or None if it is no pipe.
    """

    def __init__(
        self, transport: Any, protocol: SubprocessStreamProtocol, loop: AbstractEventLoop
    ) -> None:
        self._transport: ChildTransport = transport
        self._protocol = protocol
        self._loop = loop
        self.stdin = protocol.stdin
        self.stdout = protocol.stdout
        self.stderr = protocol.stderr
        self.pid = transport.get_pid()
        self._communicating = False  # between the start of communicate() and its successful end
        self._collected: dict[int, list[bytes]] = {}  # read by a communicate() not yet finished

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} {self.pid}>"

    @property
    def returncode(self) -> int | None:
        """The exit code, the negative number of the signal that killed it, or None: it runs."""
        return self._transport.get_returncode()

    async def wait(self) -> int:
        """Wait until the process has exited, even if its pipes stay open; return its code."""
        return await self._transport._wait()

    def send_signal(self, signal: int) -> None:
        """Send a signal to the process; does nothing once it has exited."""
        self._transport.send_signal(signal)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._transport.terminate()

    def kill(self) -> None:
        """Send SIGKILL."""
        self._transport.kill()

    async def communicate(
        self, input: bytes | bytearray | memoryview | None = None
    ) -> tuple[bytes, bytes]:
        """Send `input`, read stdout and stderr to their ends, wait for the exit.

        Cancelled (by a timeout, say), it keeps what it has read and what is still to be sent; call
        it again without input to go on, and the whole output is returned. For what is no pipe, None is.

        Raises:
            ValueError: input was passed while an earlier call has not been completed.
        """
        if self._communicating and input is not None:
            raise ValueError("Cannot send input after starting communication")
        self._communicating = True
        jobs = [self._collect(fd) for fd in (1, 2) if self._protocol._reader(fd) is not None]
        if self.stdin is not None:
            jobs.append(self._feed_stdin(input))
        await gather(*jobs)
        await self.wait()
        self._communicating = False
        return self._take(1), self._take(2)  # type: ignore[return-value]  # declared as asyncio's is

    async def _feed_stdin(self, input: bytes | bytearray | memoryview | None) -> None:
        assert self.stdin is not None
        debug = self._loop.get_debug()
        try:
            if input is not None:
                self.stdin.write(input)
                if debug:
                    logger.debug("%r communicate: feed stdin (%s bytes)", self, len(input))
            await self.stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as exc:
            # The child stopped reading: what it wrote is still wanted.
            if debug:
                logger.debug("%r communicate: stdin got %r", self, exc)
        if debug:
            logger.debug("%r communicate: close stdin", self)
        self.stdin.close()

    async def _collect(self, fd: int) -> None:
        """Read a stream to its end; each chunk is kept as soon as it is read."""
        stream = self._protocol._reader(fd)
        assert stream is not None
        chunks = self._collected.setdefault(fd, [])
        debug = self._loop.get_debug()
        if debug:
            logger.debug("%r communicate: read std%s", self, "out" if fd == 1 else "err")
        while chunk := await stream.read(_CHUNK_BYTES):
            chunks.append(chunk)
        if debug:
            logger.debug("%r communicate: close std%s", self, "out" if fd == 1 else "err")
        pipe = self._transport.get_pipe_transport(fd)
        if pipe is not None:
            pipe.close()

    def _take(self, fd: int) -> bytes | None:
        chunks = self._collected.pop(fd, None)
        return None if chunks is None else b"".join(chunks)


async def create_subprocess_shell(
    cmd: str | bytes,
    stdin: Any = None,
    stdout: Any = None,
    stderr: Any = None,
    limit: int = _DEFAULT_LIMIT,
    **kwds: Any,
) -> Process:
    """Run a command line in the shell; as `create_subprocess_exec`."""
    stdio = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
    return await _start("subprocess_shell", limit, cmd, **stdio, **kwds)


async def create_subprocess_exec(
    program: Any,
    *args: Any,
    stdin: Any = None,
    stdout: Any = None,
    stderr: Any = None,
    limit: int = _DEFAULT_LIMIT,
    **kwds: Any,
) -> Process:
    """Run a program with arguments.

    Args:
        program: a path, or a name that is looked for in PATH.
        stdin: PIPE, DEVNULL, a file or descriptor, or None to share the parent's; `stdout` and
            `stderr` likewise, and STDOUT for `stderr`.
        limit: of what a stream reader buffers, in bytes; 64 KiB by default.
        kwds: as for `subprocess.Popen`.

    Raises:
        OSError: the program cannot be started.
        ValueError: an option that has no meaning for bytes, such as `text`.
    """
    stdio = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
    return await _start("subprocess_exec", limit, program, *args, **stdio, **kwds)


async def _start(method: str, limit: int, *command: Any, **options: Any) -> Process:
    loop = get_running_loop()
    transport, protocol = await getattr(loop, method)(
        partial(SubprocessStreamProtocol, limit=limit, loop=loop), *command, **options
    )
    return Process(transport, protocol, loop)
