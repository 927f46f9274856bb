"""The loop's sock_* methods: try first, wait only if the kernel says "not now"."""

from __future__ import annotations

import errno
import socket
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ..tasks import sleep
from .readiness import NOT_NOW, check_socket, retried
from .resolve import ensure_resolved
from .sockops import accept, call, receive, receive_into, send_all

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

    from ..eventloop import EventLoop

T = TypeVar("T")
Later = Coroutine[Any, Any, T]

# A Unix socket's connect() into a full backlog fails and leaves nothing to wait for: seconds
# between attempts.
_BACKLOG_RETRY_MIN = 0.001
_BACKLOG_RETRY_MAX = 0.1


class SocketCalls:
    """The loop's methods for sockets themselves, which are non-blocking ones without a transport.

    Each raises what the system call raises, TypeError for an `ssl.SSLSocket`, RuntimeError where
    it would have to wait for a socket that a transport uses, and ValueError in debug mode if the
    socket blocks.
    """

    __slots__ = ()

    def sock_recv(self: Any, sock: socket.socket, n: int) -> Later[bytes]:
        """Receive at most `n` bytes, as soon as there are some; b"" is the peer's end."""
        return receive(self, sock, n)

    def sock_recv_into(self: Any, sock: socket.socket, buf: WriteableBuffer) -> Later[int]:
        """`sock_recv` into `buf`; gives the number of bytes."""
        return receive_into(self, sock, buf)

    def sock_recvfrom(self: Any, sock: socket.socket, bufsize: int) -> Later[tuple[bytes, Any]]:
        """Receive a datagram of at most `bufsize` bytes: (bytes, address)."""
        return call(self, sock, False, "recvfrom", (bufsize,))

    def sock_recvfrom_into(
        self: Any, sock: socket.socket, buf: WriteableBuffer, nbytes: int = 0
    ) -> Later[tuple[int, Any]]:
        """`sock_recvfrom` into `buf`, at most `nbytes` or all of it: (number of bytes, address)."""
        return call(self, sock, False, "recvfrom_into", (buf, nbytes))

    def sock_sendall(self: Any, sock: socket.socket, data: ReadableBuffer) -> Later[None]:
        """Send all of `data`; how much has gone when an error comes cannot be told."""
        return send_all(self, sock, data)

    def sock_sendto(
        self: Any, sock: socket.socket, data: ReadableBuffer, address: Any
    ) -> Later[int]:
        """Send a datagram; gives the number of bytes."""
        return call(self, sock, True, "sendto", (data, address))

    def sock_connect(self: Any, sock: socket.socket, address: Any) -> Later[None]:
        """Connect to `address`, whose host is looked up if it is a name."""
        return connect(self, sock, address)

    def sock_accept(self: Any, sock: socket.socket) -> Later[tuple[socket.socket, Any]]:
        """Accept a connection: (a non-blocking socket, the peer's address)."""
        return accept(self, sock)


async def connect(loop: EventLoop, sock: socket.socket, address: Any) -> None:
    check_socket(loop, sock)
    if sock.family in (socket.AF_INET, socket.AF_INET6):
        infos = await ensure_resolved(
            loop, address, family=sock.family, type=sock.type, proto=sock.proto
        )
        address = infos[0][4]
    pause = _BACKLOG_RETRY_MIN
    while True:
        try:
            sock.connect(address)
            return
        except NOT_NOW as exc:
            if sock.family != socket.AF_UNIX or exc.errno != errno.EAGAIN:
                break  # under way: writability tells the end
        await sleep(pause)
        pause = min(2 * pause, _BACKLOG_RETRY_MAX)
    await retried(loop, sock, partial(_check_connected, address), writing=True)


def _check_connected(address: Any, sock: socket.socket) -> None:
    err = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if err:
        raise OSError(err, f"Connect call failed {address}")
