"""A server in one process and the C load generator in another: the samples of network cases."""

from __future__ import annotations

import os
import resource
import selectors
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from . import web
from .build import NoCompiler, program
from .case import CERTIFICATE, IdleCase, NetCase
from .implementations import LIMIT
from .interpreter import Python
from .processes import Cores, Failed, figures_of, last_line, pinned

LIMITED = frozenset(
    {"protocol", "buffered", "lines", "exact", "socket"}
)  # all of them plain echoes
WARM_UP = 0.3  # seconds
WINDOW = 1.0  # seconds
START = 60.0  # seconds that a server may take to listen; under valgrind it needs some
SETTLE = 0.2  # seconds before memory is read


@dataclass(frozen=True)
class Served:
    """A server that runs."""

    pid: int
    address: str  # the family and where: "tcp 127.0.0.1:5000", "unix /tmp/..."
    folder: str  # for files of its lifetime


def has_limit(case: NetCase) -> bool:
    """Whether the plain C server answers this case as the others do."""
    return (
        case.server in LIMITED and case.family in ("tcp", "unix") and not isinstance(case, IdleCase)
    )


def load(python: Python, cores: Cores, case: NetCase, name: str, scale: float) -> dict[str, Any]:
    """Load one server of the implementation and return its figures. Raises Failed."""
    with served(python, cores, case, name) as server:
        if isinstance(case, IdleCase):
            return hold(cores, case, server)
        seconds = max(0.2, WINDOW * scale)
        window = ["--warmup", str(WARM_UP), "--seconds", str(seconds)]
        if case.idle:
            with held(cores, replace(case, connections=case.idle), server):
                figures = drive(cores, case, server, window)
        else:
            figures = drive(cores, case, server, window)
    if figures["operations"] == 0:
        raise Failed(f"no request was answered in {seconds} seconds")
    return figures


def drive(cores: Cores, case: NetCase, server: Served, arguments: Sequence[str]) -> dict[str, Any]:
    command = [*generator(), *options(case, server), "--pid", str(server.pid), *arguments]
    return figures_of(command, cores.load)


def hold(cores: Cores, case: IdleCase, server: Served) -> dict[str, Any]:
    """Resident bytes of the server for each connection that is open and says nothing."""
    # What the first requests allocate for good is no connection's cost. A few connections only:
    # what many would leave behind for the next ones to use would hide these.
    drive(cores, replace(case, connections=5), server, ["--requests", "100"])
    time.sleep(SETTLE)
    before = resident_bytes(server.pid)
    with held(cores, case, server):
        time.sleep(SETTLE)
        after = resident_bytes(server.pid)
    return {"operations": case.connections, "bytes": (after - before) / case.connections}


@contextmanager
def held(cores: Cores, case: NetCase, server: Served) -> Iterator[None]:
    """The case's connections: each says one thing, and stays."""
    check_descriptors(case.connections)
    with (
        pinned(cores.load),
        subprocess.Popen(
            [*generator(), *options(case, server), "--hold"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        if not process.stdout.readline():
            raise Failed(last_line(process.stderr.read()))
        yield


def generator() -> list[str]:
    try:
        return [str(program("load"))]
    except NoCompiler as error:
        raise Failed(str(error)) from None


def options(case: NetCase, server: Served) -> list[str]:
    """The load generator's arguments for this case."""
    family, where = server.address.split(maxsplit=1)
    values: dict[str, object] = {
        "connections": case.connections,
        "size": case.size,
        "reply": case.reply or case.size,
        "depth": case.depth,
        "framing": case.framing,
    }
    if family == "http":
        family = "tcp"
        values["file"] = web.write_request(server.folder)
        values["reply"] = len(web.first_answer(int(where.rpartition(":")[2])))
    words = [word for name, value in values.items() for word in (f"--{name}", str(value))]
    return [f"--{family}", where, *words]


@contextmanager
def served(
    python: Python,
    cores: Cores,
    case: NetCase,
    name: str,
    prefix: Sequence[str] = (),
    report: list[str] | None = None,
    **request: Any,
) -> Iterator[Served]:
    """The implementation's server while it runs. Raises Failed.

    `prefix` goes before the command (a profiler); `report` gets what it wrote to stderr in the end.
    """
    with (
        tempfile.TemporaryDirectory(prefix="eagerloop-bench-") as folder,
        tempfile.TemporaryFile("w+") as errors,
    ):
        if name == LIMIT:
            command = [str(program("echo")), case.family, os.path.join(folder, "socket")]
        else:
            command = python.command({"implementation": name, "case": case.name, **request})
        environment = {**python.environment(), "TMPDIR": folder}
        if case.family == "tls":
            environment[CERTIFICATE] = certificate(folder)
        with pinned(cores.measured):
            process = subprocess.Popen(
                [*prefix, *command],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=environment,
            )
        try:
            address = first_line(process)
            if not address:
                errors.seek(0)
                raise Failed(last_line(errors.read()) or "the server did not start")
            yield Served(process.pid, address, folder)
        finally:
            stop(process)
            if report is not None:
                errors.seek(0)
                report.append(errors.read())


def certificate(folder: str) -> str:
    """A PEM file with a fresh key and its self-signed certificate. Raises Failed."""
    path = os.path.join(folder, "certificate.pem")
    words = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=bench"
    )
    try:
        done = subprocess.run(
            ["openssl", *words.split(), "-keyout", path, "-out", path + ".crt"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:  # the command is not installed
        raise Failed("a case over TLS needs the openssl command for its certificate") from None
    if done.returncode != 0:
        raise Failed(f"openssl: {last_line(done.stderr)}")
    with open(path, "a", encoding="ascii") as both, open(path + ".crt", encoding="ascii") as made:
        both.write(made.read())
    return path


def first_line(process: subprocess.Popen[str]) -> str:
    """The line a server prints when it listens; "" when it ended or took too long."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(START):
            return ""
    return process.stdout.readline().strip()


def stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:  # it does not heed SIGTERM
        process.kill()
        process.wait()
    assert process.stdout is not None
    process.stdout.close()


def resident_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def check_descriptors(connections: int) -> None:
    """Refuse beforehand what would end in an error of one side or the other."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < connections + 64:
        raise Failed(f"{connections} connections need as many descriptors; the limit is {hard}")
