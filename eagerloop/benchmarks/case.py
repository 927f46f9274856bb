"""What a benchmark case is, and the three kinds there are."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .implementations import Implementation

    # Does about n operations on the implementation and returns how many it did exactly.
    Body = Callable[[Implementation, int], Coroutine[Any, Any, int]]


# The environment variable with the PEM file, key and certificate, of the servers over TLS.
CERTIFICATE = "EAGERLOOP_BENCH_CERTIFICATE"


@dataclass(frozen=True)
class Case:
    """What every case says of itself."""

    name: str
    about: str  # one line: what one operation is
    usual: bool = True  # part of a run that names no case


@dataclass(frozen=True)
class TaskCase(Case):
    """Work inside one process: CPU time per operation of `body`."""

    body: Body | None = None
    operations: int = 100_000  # of one sample
    eager: bool = False  # eagerloop runs it with eager tasks; a peer as its own name says


@dataclass(frozen=True)
class MemoryCase(TaskCase):
    """`body` leaves n things alive until it is told to go on: resident bytes of each."""


@dataclass(frozen=True)
class NetCase(Case):
    """A server under load from another process: the server's CPU time per request."""

    server: str = "protocol"  # a name in servers.py
    family: str = "tcp"  # tcp | unix | udp | tls | http
    connections: int = 1
    size: int = 64  # bytes of a request
    reply: int = 0  # bytes of its reply; 0: as many as the request's
    depth: int = 1  # requests in flight on one connection
    framing: str = "raw"  # raw | line | sized
    idle: int = 0  # connections that stay open beside these and say nothing


@dataclass(frozen=True)
class IdleCase(NetCase):
    """Connections that have said one thing and stay: the server's resident bytes for each."""
