"""The socket that `transport.get_extra_info("socket")` gives: to look at and to set options, not to
do I/O with.
"""

from __future__ import annotations

import socket
from asyncio.trsock import TransportSocket as _TransportSocket
from typing import Any, NoReturn


class TransportSocket:
    """A transport's socket without the operations that would disturb the transport."""

    __slots__ = ("_sock",)

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    @property  # type: ignore[misc]  # for isinstance(sock, asyncio.trsock.TransportSocket)
    def __class__(self) -> type:
        return _TransportSocket

    @property
    def family(self) -> int:
        return self._sock.family

    @property
    def type(self) -> int:
        return self._sock.type

    @property
    def proto(self) -> int:
        return self._sock.proto

    def __repr__(self) -> str:
        parts = [
            f"<asyncio.TransportSocket fd={self.fileno()}",
            f"family={self.family!s}",
            f"type={self.type!s}",
            f"proto={self.proto}",
        ]
        if self.fileno() != -1:
            for label, ask in (("laddr", self.getsockname), ("raddr", self.getpeername)):
                try:
                    address = ask()
                except OSError:
                    # not bound, or not connected (any more)
                    continue
                if address:
                    parts.append(f"{label}={address}")
        return ", ".join(parts) + ">"

    def __getstate__(self) -> NoReturn:
        raise TypeError("Cannot serialize asyncio.TransportSocket object")

    def fileno(self) -> int:
        return self._sock.fileno()

    def dup(self) -> socket.socket:
        return self._sock.dup()

    def get_inheritable(self) -> bool:
        return self._sock.get_inheritable()

    def shutdown(self, how: int) -> None:
        self._sock.shutdown(how)

    def getsockopt(self, *args: Any, **kwargs: Any) -> Any:
        return self._sock.getsockopt(*args, **kwargs)

    def setsockopt(self, *args: Any, **kwargs: Any) -> None:
        self._sock.setsockopt(*args, **kwargs)

    def getpeername(self) -> Any:
        return self._sock.getpeername()

    def getsockname(self) -> Any:
        return self._sock.getsockname()

    def settimeout(self, value: float | None) -> None:
        if value != 0:
            raise ValueError("settimeout(): only 0 timeout is allowed on transport sockets")

    def gettimeout(self) -> float:
        return 0

    def setblocking(self, flag: bool) -> None:
        if flag:
            raise ValueError("setblocking(): transport sockets cannot be blocking")
