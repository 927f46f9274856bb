"""Look-ups by c-ares instead of threads, where `aiodns` is installed and was asked for.

c-ares reads /etc/resolv.conf and /etc/hosts itself and knows nothing of nsswitch: names that only
another source knows (mDNS, LDAP) are not found. That is why it has to be asked for.
"""

from __future__ import annotations

import importlib
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from .resolve import AddrInfo, Host, Port

# ARES_ENODATA and ARES_ENOTFOUND: the servers have answered; anything else may pass.
_NO_SUCH_NAME = frozenset({1, 4})


class CaresResolver:
    """One c-ares channel for a loop.

    Raises:
        ValueError: aiodns is not installed.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        try:
            aiodns: Any = importlib.import_module("aiodns")
        except ImportError as exc:
            raise ValueError(
                "resolver 'aiodns' needs the package aiodns: pip install aiodns"
            ) from exc
        self._error: type[Exception] = aiodns.error.DNSError
        self._channel = aiodns.DNSResolver(loop=loop)

    async def getaddrinfo(
        self, host: Host, port: Port, family: int, type: int, proto: int, flags: int
    ) -> list[AddrInfo]:
        """As `socket.getaddrinfo`.

        Raises:
            socket.gaierror: the name or service is unknown, or nobody answers.
        """
        assert host is not None  # answered without a look-up
        name = host.decode("ascii") if isinstance(host, bytes) else host.encode("idna").decode()
        try:
            found = await self._channel.getaddrinfo(name, family=family, type=type, flags=flags)
        except self._error as exc:
            raise _gaierror(exc) from exc
        infos: list[AddrInfo] = []
        for node in found.nodes:
            # c-ares leaves types and protocols out, and gives a service any protocol: the C library completes them
            numeric = node.addr[0].decode("ascii")
            infos += socket.getaddrinfo(
                numeric, port, family, type, proto, flags | socket.AI_NUMERICHOST
            )
        return infos

    def close(self) -> None:
        """Let go of the channel: c-ares's own thread frees what it has."""
        close = getattr(self._channel, "close", None)  # since aiodns 3.5
        if close is not None:
            ending = close()  # a coroutine that waits for nothing
            try:
                ending.send(None)
            except StopIteration:
                pass


def _gaierror(exc: Exception) -> socket.gaierror:
    if exc.args and exc.args[0] in _NO_SUCH_NAME:
        return socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
