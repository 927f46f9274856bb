"""HTTP servers under load: a server process on one core, wrk or our own generator on another.

The server's CPU time is read from the kernel at both ends of the load, so that it is the server's
alone. Our own generator sends one fixed request and counts the bytes of its reply, whose length
never changes: as fast as wrk, and built wherever there is a C compiler.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .build import NoCompiler, program
from .processes import Cores, pinned

CONNECTIONS = 100
WARM_UP = 0.5  # seconds
START = 30.0  # seconds that a server may take to answer
REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
TICK = os.sysconf("SC_CLK_TCK")


class LoadFailed(Exception):
    """A server or its load did not work; the message is one line."""


@dataclass(frozen=True)
class Figures:
    requests_per_second: float
    cpu_us_per_request: float  # of the server, user and system
    p50_ms: float
    p99_ms: float


class Server:
    """A server process while it is entered: its command, and the port it is going to listen on."""

    def __init__(self, arguments: Sequence[str], port: int, folder: Path, cores: Cores) -> None:
        self.arguments = arguments
        self.port = port
        self.folder = folder
        self.cores = cores
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed on leaving)

    def __enter__(self) -> Server:
        with pinned(self.cores.measured):
            self.process = subprocess.Popen(
                self.arguments,
                cwd=self.folder,
                stdout=subprocess.DEVNULL,
                stderr=self.errors,
            )
        try:
            self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait(self) -> None:
        deadline = time.monotonic() + START
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                answer = first_answer(self.port)
            except OSError:  # it does not listen yet
                time.sleep(0.05)
                continue
            if answer.startswith(b"HTTP/1.1 200 OK"):
                return
        self.errors.seek(0)
        lines = self.errors.read().strip().splitlines()
        raise LoadFailed(lines[-1] if lines else "the server did not answer")

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def first_answer(port: int) -> bytes:
    """The whole reply to REQUEST, head and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    head = b"".join(f"{name}: {value}\r\n".encode() for name, value in response.getheaders())
    status = f"HTTP/1.1 {response.status} {response.reason}\r\n".encode()
    return status + head + b"\r\n" + body


def write_request(folder: str) -> str:
    """REQUEST in a file, for the load generator's `--file`."""
    path = os.path.join(folder, "request")
    with open(path, "wb") as file:
        file.write(REQUEST)
    return path


class Load(Protocol):
    name: str

    def drive(self, server: Server, seconds: float, cores: Cores) -> Figures: ...


class Wrk:
    """Debian's wrk: one thread, a hundred connections."""

    name = "wrk"

    def __init__(self, path: str) -> None:
        self.path = path

    def drive(self, server: Server, seconds: float, cores: Cores) -> Figures:
        self.run(server, WARM_UP, cores)
        before = server.cpu_seconds()
        report = self.run(server, seconds, cores)
        cpu = server.cpu_seconds() - before
        total = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", report)
        middle, tail = (re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", report) for share in (50, 99))
        if total is None or middle is None or tail is None or int(total[1]) == 0:
            raise LoadFailed("wrk reported no requests")
        if "Non-2xx" in report or "Socket errors" in report:
            raise LoadFailed(
                next(
                    line.strip()
                    for line in report.splitlines()
                    if "rrors" in line or "Non-2xx" in line
                )
            )
        requests = int(total[1])
        return Figures(
            requests / in_ms(total[2], total[3]) * 1000,
            cpu / requests * 1e6,
            in_ms(middle[1], middle[2]),
            in_ms(tail[1], tail[2]),
        )

    def run(self, server: Server, seconds: float, cores: Cores) -> str:
        whole = max(1, round(seconds))  # wrk counts in whole seconds
        arguments = ["-t1", f"-c{CONNECTIONS}", f"-d{whole}s", "--latency"]
        return output_of([self.path, *arguments, f"http://127.0.0.1:{server.port}/"], cores)


class OwnLoad:
    """The benchmark's generator, with one fixed request and the length of its reply."""

    name = "eagerloop's own generator"

    def __init__(self, path: str) -> None:
        self.path = path

    def drive(self, server: Server, seconds: float, cores: Cores) -> Figures:
        with tempfile.TemporaryDirectory() as folder:
            options = {
                "--tcp": f"127.0.0.1:{server.port}",
                "--file": write_request(folder),
                "--reply": len(first_answer(server.port)),
                "--connections": CONNECTIONS,
                "--warmup": WARM_UP,
                "--seconds": seconds,
                "--pid": server.process.pid,
            }
            words = [str(word) for pair in options.items() for word in pair]
            found = json.loads(output_of([self.path, *words], cores))
        return Figures(
            found["operations"] / found["wall_ns"] * 1e9,
            found["cpu_ns"] / found["operations"] / 1000,
            found["p50_ns"] / 1e6,
            found["p99_ns"] / 1e6,
        )


def output_of(arguments: Sequence[str], cores: Cores) -> str:
    with pinned(cores.load):
        process = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    output, errors = process.communicate()
    if process.returncode != 0:
        lines = errors.strip().splitlines()
        raise LoadFailed(lines[-1] if lines else f"exit code {process.returncode}")
    return output


def in_ms(number: str, unit: str) -> float:
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}[unit]


def choose_load() -> Load:
    """wrk where it is installed, else our own generator. Raises LoadFailed without a compiler."""
    found = shutil.which("wrk")
    if found is not None:
        return Wrk(found)
    try:
        return OwnLoad(str(program("load")))
    except NoCompiler as error:
        raise LoadFailed(f"neither wrk nor a C compiler is here: {error}") from None
