"""Waiting until a descriptor is ready, and whose descriptor it is.

The callback that runs on readiness only wakes the waiting coroutine, which then makes its system
call itself. So a task cancelled between readiness and its next step has taken nothing from the
socket: no byte and no connection is lost.
"""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import ref

from ..core.watch import find
from ..transports.socketed import SocketTransport

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable

    from ..core.handle import Handle
    from ..core.watch import Watch
    from ..eventloop import EventLoop

T = TypeVar("T")

# "Not now": the call would block, or a signal came before it had an effect.
NOT_NOW = (BlockingIOError, InterruptedError)
_MAX_DESCRIPTOR = 0x7FFF_FFFF  # a C int


class Watching:
    """A context in which `ready()` gives futures that end once *fd* is readable (or writable).

    On leaving, the registration goes, unless someone else has taken the descriptor over in the
    meantime: it may even be another file by then, if the user closed it.
    """

    __slots__ = ("_fd", "_future", "_handle", "_loop", "_writing")

    def __init__(self, loop: EventLoop, fd: int, *, writing: bool) -> None:
        self._loop = loop
        self._fd = fd
        self._writing = writing
        self._future: Future[None] | None = None
        self._handle: Handle | None = None

    def __enter__(self) -> Watching:
        add = self._loop._add_writer if self._writing else self._loop._add_reader
        self._handle = add(self._fd, self.wake)
        return self

    def __exit__(self, *exc_info: object) -> None:
        handle, self._handle = self._handle, None
        if handle is not None and not handle.cancelled():
            remove = self._loop._remove_writer if self._writing else self._loop._remove_reader
            remove(self._fd)
        self._future = None

    def ready(self) -> Future[None]:
        self._future = self._loop.create_future()
        return self._future

    def wake(self, _: object = None) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(None)


async def retried(
    loop: EventLoop, sock: socket.socket, call: Callable[[socket.socket], T], *, writing: bool
) -> T:
    """call(sock), again whenever the socket is ready until it no longer says "not now"."""
    fd = sock.fileno()
    loop._ensure_fd_no_transport(fd)
    with Watching(loop, fd, writing=writing) as watching:
        while True:
            await watching.ready()
            try:
                return call(sock)
            except NOT_NOW:
                pass  # another process or thread was faster


def descriptor_of(file: Any) -> int:
    """The number behind a descriptor or an object with `fileno()`.

    Raises:
        ValueError: neither, in the words of `selectors`.
    """
    if isinstance(file, int):
        return file
    try:
        return int(file.fileno())
    except (AttributeError, TypeError, ValueError):
        raise ValueError(f"Invalid file object: {file!r}") from None


def watchable(file: Any, *, or_closed: bool = False) -> int:
    """`descriptor_of`, unless that is no descriptor's number.

    Args:
        or_closed: a file that is closed, so that its number is -1, will do.

    Raises:
        ValueError: it is negative, in the words of `selectors`.
    """
    fd = descriptor_of(file)
    if fd < 0 and (isinstance(file, int) or not or_closed):
        raise ValueError(f"Invalid file descriptor: {fd}")
    return fd


def is_possible(fd: int) -> bool:
    """Whether a file can have the number."""
    return 0 <= fd <= _MAX_DESCRIPTOR


class Owners:
    """Descriptor -> the transport that owns it.

    Who is told of a descriptor owns it; so nothing is kept here for a connection that reads or
    waits to write. The others, which are new or have paused, say so by `add`; they are known for as
    long as someone else knows them.
    """

    __slots__ = ("_refs", "_watches")

    def __init__(self, watches: list[Watch | None]) -> None:
        """`watches` are the loop's: with the loop itself there would be a cycle."""
        self._watches = watches
        self._refs: dict[int, ref[Any]] = {}

    def add(self, fd: int, transport: Any) -> None:
        self._refs[fd] = ref(transport)

    def drop(self, fd: int) -> None:
        """Its transport is told from now on."""
        self._refs.pop(fd, None)

    def get(self, fd: int) -> Any:
        owner = self._refs.get(fd)
        transport = None if owner is None else owner()
        if transport is None:
            told = find(self._watches, fd)
            transport = None if told is None else transport_of(told)
        return transport

    def may_have(self, fd: int) -> bool:
        """False: `get` would find nothing; quicker, for calls by the packet."""
        return fd in self._refs or find(self._watches, fd) is not None

    def all(self) -> set[Any]:
        """Every transport of a socket that is not closed."""
        found = {owner() for owner in self._refs.values()}
        found.update(map(transport_of, filter(None, self._watches)))
        return {owner for owner in found if owner is not None and owner._loop is not None}


def transport_of(told: Watch) -> Any:
    """The transport that is told of a descriptor, or None."""
    for entry in (told.reader, told.writer):
        if isinstance(entry, SocketTransport):
            return entry
    return None


def check_free(transports: Owners, file: Any) -> None:
    """Refuse a descriptor that a living transport uses.

    A transport that is closing is done with it, and so is one whose socket was closed behind its
    back: the number may be another file's by now.
    """
    fd = descriptor_of(file)
    transport = transports.get(fd) if is_possible(fd) else None
    if transport is None or not transport._uses(fd):
        return
    raise RuntimeError(f"File descriptor {file!r} is used by transport {transport!r}")


def check_not_tls(sock: Any) -> None:
    """Refuse an `ssl.SSLSocket`, whose calls hide records from the poller."""
    ssl = sys.modules.get("ssl")  # nobody has such a socket if nobody imported it
    if ssl is not None and isinstance(sock, ssl.SSLSocket):
        raise TypeError("Socket cannot be of type SSLSocket")


def check_socket(loop: EventLoop, sock: socket.socket) -> None:
    """What every sock_* call asks of its socket; blocking ones are looked for in debug mode only,
    as in asyncio.
    """
    check_not_tls(sock)
    if loop.get_debug() and sock.gettimeout() != 0:
        raise ValueError("the socket must be non-blocking")
