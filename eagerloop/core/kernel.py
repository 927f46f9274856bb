"""`kernel.h` in Python: the clock, epoll and sockets, for the interpreted mode; `runtime.py` offers it."""

from __future__ import annotations

import itertools
import mmap
import os
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket


def check_signals() -> None:
    """The interpreter runs signal handlers between bytecodes by itself."""


def descend() -> None:
    """It counts its calls, too."""


ascend = descend


monotonic = time.monotonic
thread_id = threading.get_ident
next_number = itertools.count(1).__next__


def epoll_handle(owner: Any) -> Any:
    return owner


def epoll_events(size: int) -> list[Any]:
    return []


def epoll_free(events: list[Any]) -> None:
    """The list goes by itself."""


def epoll_wait(epfd: Any, events: list[Any], size: int, timeout: float) -> int:
    try:
        events[:] = epfd.poll(timeout if timeout < 86400.0 else 86400.0, size)
    except InterruptedError:  # a signal handler raised nothing: the turn looks again
        events.clear()
    return len(events)


def epoll_control(epfd: Any, operation: int, fd: int, bits: int) -> None:
    if operation == 1:
        epfd.register(fd, bits)
    elif operation == 3:
        epfd.modify(fd, bits)
    else:
        epfd.unregister(fd)


def epoll_arm(epfd: Any, fd: int, bits: int) -> None:
    bits |= 1 << 30  # EPOLLONESHOT
    try:
        epfd.modify(fd, bits)
    except FileNotFoundError:  # not registered
        epfd.register(fd, bits)


def event_fd(events: list[Any], i: int) -> int:
    fd: int = events[i][0]
    return fd


def event_bits(events: list[Any], i: int) -> int:
    bits: int = events[i][1]
    return bits


WOULD_BLOCK = -2
FAILED = -1000
SCRATCH_BYTES = 262144
PIECES = 64


def sock_recv(sock: socket.socket, fd: int, last: int) -> bytes | Exception | None:
    try:
        return sock.recv(SCRATCH_BYTES)
    except BlockingIOError:
        return None
    except Exception as exc:  # the caller asks
        return exc


def sock_recv_most(sock: socket.socket, fd: int, most: int) -> bytes | None:
    try:
        return sock.recv(most)
    except BlockingIOError:
        return None


def sock_recv_into(sock: socket.socket, fd: int, buffer: Any) -> int:
    try:
        return sock.recv_into(buffer)
    except BlockingIOError:
        return WOULD_BLOCK


def sock_send(sock: socket.socket, fd: int, data: Any) -> int:
    try:
        return sock.send(data)
    except OSError as exc:
        return _failed(exc)


def sock_sendmsg(sock: socket.socket, fd: int, pieces: list[Any], first: int, offset: int) -> int:
    views = [memoryview(piece) for piece in pieces[first : first + PIECES]]
    views[0] = views[0][offset:]
    try:
        return sock.sendmsg(views)
    except OSError as exc:
        return _failed(exc)


def _failed(exc: OSError) -> int:
    return WOULD_BLOCK if isinstance(exc, BlockingIOError) else FAILED - (exc.errno or 0)


def sock_error(outcome: int) -> OSError:
    number = FAILED - outcome
    return OSError(number, os.strerror(number))


DATAGRAM_BYTES = 262144


class Peer:
    """Who sent the last datagram, and a buffer to receive into, of which only what is used takes memory."""

    def __init__(self) -> None:
        self.buffer = memoryview(mmap.mmap(-1, DATAGRAM_BYTES))
        self.name: Any = None


def peer_new(family: int) -> Peer:
    return Peer()


def peer_free(peer: Peer) -> None:
    """Only C has to."""


def sock_recvfrom(sock: socket.socket, fd: int, peer: Peer) -> bytes | None:
    try:
        count, peer.name = sock.recvfrom_into(peer.buffer)
    except BlockingIOError:
        return None
    return bytes(peer.buffer[:count])


def peer_sender(peer: Peer) -> Any:
    return peer.name


def sock_sendto(sock: socket.socket, fd: int, data: Any, name: Any, peer: Peer) -> int:
    try:
        sock.sendto(data, name)
    except BlockingIOError:
        return WOULD_BLOCK
    return 0
