"""The example applications as servers, on asyncio and on eagerloop, and a plain client."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
APPS = ("web_aiohttp", "web_starlette")
PATIENCE = 60.0  # seconds
# What a loop or the interpreter says of a leak; never the fault of the program.
TROUBLE = re.compile(
    r"Warning|never (retrieved|awaited)|was destroyed|Exception ignored|xception in callback"
)


class Server:
    """One application on one loop, in a process of its own."""

    def __init__(self, app: str, loop: str) -> None:
        self.port = free_port()
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [
                sys.executable,
                HERE / "serve.py",
                loop,
                ROOT / "examples" / f"{app}.py",
                str(self.port),
            ],
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.wait()

    def wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.connect().close()
            except ConnectionRefusedError:
                time.sleep(0.02)
            else:
                return
        self.errors.seek(0)
        raise AssertionError(f"the server does not answer: {self.errors.read()}")

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def ask(self, request: bytes) -> bytes:
        """All bytes of the answer to a request that asks for the connection to be closed."""
        with self.connect() as connection:
            connection.sendall(request)
            return until_closed(connection)

    def open_sockets(self) -> int:
        folder = f"/proc/{self.process.pid}/fd"
        count = 0
        for name in os.listdir(folder):
            try:
                count += os.readlink(f"{folder}/{name}").startswith("socket:")
            except FileNotFoundError:
                continue  # closed meanwhile
        return count

    def stop(self) -> tuple[list[str], str]:
        """End it; return the descriptors it leaked and what it wrote to stderr."""
        self.process.send_signal(signal.SIGTERM)
        output, _ = self.process.communicate(timeout=PATIENCE)
        self.errors.seek(0)
        written = self.errors.read()
        self.errors.close()
        if self.process.returncode != 0 or not output:
            raise AssertionError(f"exit code {self.process.returncode}: {written}")
        return json.loads(output.splitlines()[-1])["descriptors"], written


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def until_closed(connection: socket.socket) -> bytes:
    pieces = []
    while piece := connection.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


def one_answer(connection: socket.socket) -> bytes:
    """Head and body of the next answer, which has a Content-Length."""
    got = b""
    while b"\r\n\r\n" not in got:
        piece = connection.recv(1 << 16)
        assert piece, f"closed after {got!r}"
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    assert length is not None, head
    while len(body) < int(length[1]):
        piece = connection.recv(1 << 16)
        assert piece, f"closed after {len(body)} bytes of the body"
        body += piece
    assert len(body) == int(length[1])
    return head + b"\r\n\r\n" + body


def without_date(answer: bytes) -> bytes:
    """The answer, but for the one header that no two answers share."""
    return re.sub(rb"(?i)(\r\ndate: )[^\r]*", rb"\1", answer)


@pytest.fixture
def unused_port() -> int:
    return free_port()


@pytest.fixture(scope="module", params=APPS)
def app(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    pytest.importorskip(name.removeprefix("web_"), reason=f"{name}.py needs it")
    return name


@pytest.fixture(scope="module")
def reference(app: str) -> Iterator[Server]:
    """The application on asyncio: what it answers is right."""
    server = Server(app, "asyncio")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, app: str) -> Iterator[Server]:
    """The application on eagerloop; at the end nothing may be left of it."""
    server = Server(app, "eagerloop")
    yield server
    leaked, written = server.stop()
    assert leaked == []
    assert TROUBLE.findall(written) == []
    if request.module.QUIET:
        assert written == ""


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Room for a thousand connections in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2500:
        pytest.skip(f"a thousand connections need more descriptors than {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2500), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
