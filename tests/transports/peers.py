"""Peers that are not ours: blocking sockets of the stdlib, each in a thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

SECONDS = 10.0  # no test takes longer


class Peer(threading.Thread):
    """Listens on loopback and gives its first connection to `serve`, in a thread.

    As a context manager it ends with the thread and raises what `serve` raised.
    """

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        super().__init__(daemon=True)
        self.serve = serve
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(SECONDS)
        self.address: tuple[str, int] = self.listener.getsockname()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            with self.listener:
                connection, _ = self.listener.accept()
            with connection:
                connection.settimeout(SECONDS)
                self.serve(connection)
        except BaseException as exc:  # whatever it is, the test is to fail with it
            self.failure = exc

    def __enter__(self) -> Peer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.join(SECONDS)
        assert not self.is_alive(), "the peer still waits for something"
        if self.failure is not None and kind is None:
            raise self.failure


def receive(connection: socket.socket, count: int) -> bytes:
    """Exactly `count` bytes."""
    data = bytearray()
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise EOFError(f"{len(data)} of {count} bytes")
        data += part
    return bytes(data)
