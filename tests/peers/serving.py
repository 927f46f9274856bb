"""The server that curl and openssl's s_client are set upon: HTTP/1.1 by hand, on plain transports."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from .programs import environment

LINE = 64 * 1024  # bytes: the limit of a request's head


class Http(asyncio.Protocol):
    """Answers GET /bytes/N with N bytes, POST with the SHA-256 of the body; keeps the connection."""

    def __init__(self, ends: list[BaseException | None]) -> None:
        self.ends = ends  # what connection_lost said, over all connections
        self.transport: Any = None
        self.data = bytearray()
        self.head: list[bytes] = []
        self.left = 0  # bytes of the body that are yet to come
        self.digest = hashlib.sha256()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, exc: BaseException | None) -> None:
        self.ends.append(exc)

    def data_received(self, data: bytes) -> None:
        self.data += data
        while self.step():
            pass

    def step(self) -> bool:
        if self.left:
            part = bytes(self.data[: self.left])
            del self.data[: self.left]
            self.digest.update(part)
            self.left -= len(part)
            if self.left:
                return False
            self.answer(self.digest.hexdigest().encode())
            return True
        head, found, _ = self.data.partition(b"\r\n\r\n")
        if not found:
            if self.data and not self.data[:1].isalpha():
                self.answer(b"what?", b"400 Bad Request", close=True)
            elif len(self.data) > LINE:
                self.answer(b"too long", b"431 Request Header Fields Too Large", close=True)
            return False
        del self.data[: len(head) + 4]
        self.head = bytes(head).split(b"\r\n")
        fields = {}
        for line in self.head[1:]:
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = value.strip()
        method, *rest = self.head[0].split(b" ")
        if method == b"POST":
            if fields.get(b"expect") == b"100-continue":
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.left = int(fields[b"content-length"])
            self.digest = hashlib.sha256()
            return self.left > 0
        if method == b"GET" and len(rest) == 2:
            close = fields.get(b"connection") == b"close"
            if rest[0].startswith(b"/bytes/"):
                self.answer(b"x" * int(rest[0][7:]), close=close)
            else:
                self.answer(self.who(), close=close)
            return True
        self.answer(b"what?", b"400 Bad Request", close=True)
        return False

    def who(self) -> bytes:
        """What TLS knows of this connection."""
        tls = self.transport.get_extra_info("ssl_object")
        if tls is None:
            return b"plain"
        peer = self.transport.get_extra_info("peercert") or {}
        subject = dict(pair for entry in peer.get("subject", ()) for pair in entry)
        known = [tls.version(), tls.selected_alpn_protocol(), subject.get("commonName")]
        known.append("again" if tls.session_reused else "new")
        return " ".join(map(str, known)).encode()

    def answer(self, body: bytes, status: bytes = b"200 OK", *, close: bool = False) -> None:
        ending = b"close" if close else b"keep-alive"
        self.transport.write(
            b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: %s\r\n\r\n"
            % (status, len(body), ending)
        )
        self.transport.write(body)
        if close:
            self.transport.close()


async def said(*command: Any, feed: bytes | None = None, seconds: float = 30) -> tuple[int, bytes]:
    """Runs a program on this loop: its status, and what it wrote to either output."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        stdin=asyncio.subprocess.DEVNULL if feed is None else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment(str(command[0])),
    )
    try:
        async with asyncio.timeout(seconds):
            output, _ = await process.communicate(feed)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return process.returncode, output
