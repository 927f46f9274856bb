"""Names to addresses.

An address that needs no look-up (a numeric host, or none at all) is answered at once by the C
library's own parser, which reads no file and asks no server when told that host and port are
numbers: so `127.1`, scope ids and odd families come out exactly as `socket.getaddrinfo` gives them,
without a thread. Every other name goes to the loop's executor, or to c-ares where that was asked
for. A look-up that is cancelled lets its caller go at once; the thread finishes on its own and its
answer is dropped.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

from ..log import logger
from .cares import CaresResolver

if TYPE_CHECKING:
    from ..eventloop import EventLoop

    Host = str | bytes | None
    Port = str | bytes | int | None

# family, type, protocol, canonical name, address
AddrInfo = tuple[Any, Any, int, str, Any]

_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
_NUMERIC_NAME = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV


def _may_be_numeric(host: Host) -> bool:
    """A cheap guess that never says no to a number."""
    if host is None:
        return True
    text = host.decode("latin-1") if isinstance(host, bytes) else host
    return ":" in text or text[:1].isdigit()


def answer_at_once(
    host: Host, port: Port, family: int, type: int, proto: int, flags: int
) -> list[AddrInfo] | None:
    """What `socket.getaddrinfo` would say, or None if that takes a look-up (or fails: the look-up
    then tells why).
    """
    if not _may_be_numeric(host):
        return None
    try:
        return list(socket.getaddrinfo(host, port, family, type, proto, flags | _NUMERIC))
    except (OSError, ValueError, OverflowError):
        return None  # not numbers after all


def make_cares(loop: EventLoop, resolver: str | None) -> CaresResolver | None:
    """Who looks names up for *loop*: None is the executor.

    Args:
        resolver: "executor" or "aiodns"; by default EAGERLOOP_RESOLVER, or the executor.

    Raises:
        ValueError: there is no such resolver here.
    """
    resolver = resolver or os.environ.get("EAGERLOOP_RESOLVER") or "executor"
    if resolver == "executor":
        return None
    if resolver != "aiodns":
        raise ValueError(f"resolver must be 'executor' or 'aiodns', not {resolver!r}")
    return CaresResolver(loop)


async def getaddrinfo(
    loop: EventLoop, host: Host, port: Port, family: int, type: int, proto: int, flags: int
) -> list[AddrInfo]:
    answer = answer_at_once(host, port, family, type, proto, flags)
    if answer is not None:
        return answer
    if loop._cares is not None:
        return await loop._cares.getaddrinfo(host, port, family, type, proto, flags)
    if loop.get_debug():
        found: list[tuple[Any, Any, int, str, Any]] = await loop.run_in_executor(
            None, _look_up_and_log, loop, host, port, family, type, proto, flags
        )
    else:
        found = await loop.run_in_executor(
            None, socket.getaddrinfo, host, port, family, type, proto, flags
        )
    return found


async def getnameinfo(loop: EventLoop, sockaddr: Any, flags: int) -> tuple[str, str]:
    if flags & _NUMERIC_NAME == _NUMERIC_NAME:
        return socket.getnameinfo(sockaddr, flags)
    found: tuple[str, str] = await loop.run_in_executor(None, socket.getnameinfo, sockaddr, flags)
    return found


def _look_up_and_log(
    loop: EventLoop, host: Host, port: Port, family: int, type: int, proto: int, flags: int
) -> list[AddrInfo]:
    """`socket.getaddrinfo`, its duration logged: slow name servers are the usual cause of slow
    connects.
    """
    asked = [f"{host!s}:{port!r}"]
    for name, value in (("family", family), ("type", type), ("proto", proto), ("flags", flags)):
        if value:
            asked.append(f"{name}={value!r}")
    text = ", ".join(asked)
    logger.debug("Get address info %s", text)
    started = loop.time()
    found = socket.getaddrinfo(host, port, family, type, proto, flags)
    took = loop.time() - started
    report = logger.info if took >= loop.slow_callback_duration else logger.debug
    report("Getting address info %s took %.3fms: %r", text, took * 1e3, found)
    return list(found)


def _numeric_port(port: Port) -> int | None:
    """The port as a number, None for a service's name."""
    if port is None or port in ("", b""):
        return 0
    try:
        return int(port)
    except ValueError:
        return None


def numeric_address(
    host: Host, port: Port, family: int, type: int, proto: int, flowinfo: int = 0, scope_id: int = 0
) -> AddrInfo | None:
    """The one address that a numeric host and port stand for, None if either is a name.

    The port is not checked here: `connect` and `bind` name a number out of range, while the C
    library would fold it into 16 bits.
    """
    number = _numeric_port(port)
    if host is None or number is None:
        return None
    found = answer_at_once(host, None, family, type, proto, 0)
    if not found:
        return None
    family, type, proto, name, address = found[0]
    if family == socket.AF_INET6:
        return (
            family,
            type,
            proto,
            name,
            (
                address[0],
                number,
                flowinfo or address[2],
                scope_id or address[3],
            ),
        )
    return family, type, proto, name, (address[0], number)


async def ensure_resolved(
    loop: EventLoop,
    address: Any,
    *,
    family: int = 0,
    type: int = socket.SOCK_STREAM,
    proto: int = 0,
    flags: int = 0,
) -> list[AddrInfo]:
    """The addresses of (host, port[, flow info, scope id]).

    Raises:
        OSError: the name has none.
        OverflowError: the port is a number beyond 65535.
    """
    host, port = address[:2]
    literal = numeric_address(host, port, family, type, proto, *address[2:])
    if literal is not None:
        return [literal]
    if isinstance(port, int) and not 0 <= port <= 65535:
        raise OverflowError(f"port must be 0-65535, got {port}")
    found = await loop.getaddrinfo(host, port, family=family, type=type, proto=proto, flags=flags)
    if not found:
        raise OSError(f"getaddrinfo({host!r}) returned empty list")
    return found
