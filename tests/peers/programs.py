"""The programs that the tests talk with, as tools/peers.sh or the system provides them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 40.0  # seconds a program may take to start, or to end
NOBODY = 65534


def _unpacked() -> Path:
    """Where tools/peers.sh unpacks what this distribution did not have installed."""
    release: dict[str, str] = {}
    if os.path.exists("/etc/os-release"):
        for line in Path("/etc/os-release").read_text().splitlines():
            name, _, value = line.partition("=")
            release[name] = value.strip('"')
    codename = release.get("VERSION_CODENAME", "")
    return ROOT / "build" / "peers" / f"{release.get('ID', 'linux')}-{codename}"


UNPACKED = _unpacked()


def find(name: str) -> str:
    """The path of a program; the test skips where there is none."""
    places = [*os.get_exec_path(), "/usr/sbin", "/usr/local/sbin"]
    for root in (Path("/"), UNPACKED):
        places += [str(root / "usr/bin"), str(root / "usr/sbin")]
        places += [str(path) for path in root.glob("usr/lib/postgresql/*/bin")]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        pytest.skip(f"there is no {name}: `make test` fetches it where apt-get works")
    return found


def environment(program: str) -> dict[str, str]:
    """The environment of a program: an unpacked one has its libraries beside it. What is preloaded
    into us (`make sanitize`) is not for others, and makes them several times slower.
    """
    variables = {**os.environ, "LC_ALL": "C"}
    variables.pop("LD_PRELOAD", None)
    if Path(program).is_relative_to(UNPACKED):
        folders = [*UNPACKED.glob("usr/lib/*-linux-*"), *UNPACKED.glob("lib/*-linux-*")]
        variables["LD_LIBRARY_PATH"] = os.pathsep.join(map(str, folders))
    return variables


def unprivileged(program: str) -> list[str]:
    """What runs before a program that refuses root; it may still read what root may."""
    if os.geteuid() != 0:
        return []
    command = [find("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if Path(program).is_relative_to(UNPACKED):
        command += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return command


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


class Program:
    """A server process that listens on `port`; a context manager, in which it is ready.

    Args:
        command: the program's path first.
        port: on 127.0.0.1, where it is expected to listen.
        log: a file for what it says.
        prefix: what starts it, see `unprivileged`.
        stop: the signal that ends it.
        ready: what it says when it is, if listening is not enough.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        port: int,
        log: Path,
        *,
        prefix: Sequence[str] = (),
        stop: int = signal.SIGTERM,
        ready: bytes = b"",
    ) -> None:
        self.program = str(command[0])
        self.port = port
        self._log = log
        self._stop = stop
        self._ready = ready
        with open(log, "wb") as file:
            self.process = subprocess.Popen(
                [*prefix, *command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd=log.parent,
                env=environment(self.program),
            )

    def __enter__(self) -> Program:
        deadline = time.monotonic() + PATIENCE
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.close()
                pytest.fail(f"{self.program} did not start:\n{self._log.read_text()}")
            time.sleep(0.02)
        return self

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:  # not yet
            return False
        return self._ready in self._log.read_bytes()

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(self._stop)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
