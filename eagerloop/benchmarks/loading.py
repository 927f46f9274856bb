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
from dataclasses import replace
from typing import Any

from .build import NoCompiler, program
from .case import IdleCase, NetCase
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


def has_limit(case: NetCase) -> bool:
    """Whether the plain C server answers this case as the others do."""
    return case.server in LIMITED and not isinstance(case, IdleCase)


def load(python: Python, cores: Cores, case: NetCase, name: str, scale: float) -> dict[str, Any]:
    """Load one server of the implementation and return its figures. Raises Failed."""
    with served(python, cores, case, name) as (pid, address):
        if isinstance(case, IdleCase):
            return hold(cores, case, pid, address)
        seconds = max(0.2, WINDOW * scale)
        window = ["--warmup", str(WARM_UP), "--seconds", str(seconds)]
        figures = drive(cores, case, pid, address, window)
    if figures["operations"] == 0:
        raise Failed(f"no request was answered in {seconds} seconds")
    return figures


def drive(
    cores: Cores, case: NetCase, pid: int, address: str, arguments: Sequence[str]
) -> dict[str, Any]:
    command = [*generator(), *options(case, address), "--pid", str(pid), *arguments]
    return figures_of(command, cores.load)[0]


def hold(cores: Cores, case: IdleCase, pid: int, address: str) -> dict[str, Any]:
    """Resident bytes of the server for each connection that is open and says nothing."""
    check_descriptors(case.connections)
    # What the first requests allocate for good is no connection's cost. A few connections only:
    # what many would leave behind for the next ones to use would hide these.
    drive(cores, replace(case, connections=5), pid, address, ["--requests", "100"])
    time.sleep(SETTLE)
    before = resident_bytes(pid)
    with (
        pinned(cores.load),
        subprocess.Popen(
            [*generator(), *options(case, address), "--hold"],
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
        time.sleep(SETTLE)
        after = resident_bytes(pid)
    return {"operations": case.connections, "bytes": (after - before) / case.connections}


def generator() -> list[str]:
    try:
        return [str(program("load"))]
    except NoCompiler as error:
        raise Failed(str(error)) from None


def options(case: NetCase, address: str) -> list[str]:
    """The load generator's arguments for this case."""
    family, where = address.split(maxsplit=1)
    values = {
        "connections": case.connections,
        "size": case.size,
        "reply": case.reply or case.size,
        "depth": case.depth,
        "framing": case.framing,
    }
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
) -> Iterator[tuple[int, str]]:
    """The implementation's server while it runs: its process and address. Raises Failed.

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
        with pinned(cores.measured):
            process = subprocess.Popen(
                [*prefix, *command],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**python.environment(), "TMPDIR": folder},
            )
        try:
            address = first_line(process)
            if not address:
                errors.seek(0)
                raise Failed(last_line(errors.read()) or "the server did not start")
            yield process.pid, address
        finally:
            stop(process)
            if report is not None:
                errors.seek(0)
                report.append(errors.read())


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
