"""One process, one sample: run by its path, with a JSON request as its argument.

Run so, nothing imports eagerloop unless the request names it: this package is loaded under a name
of its own. A task or memory case prints one JSON object and ends. A network case prints the
server's address and serves until it is killed.

The request: {"implementation": ..., "case": ..., "operations": n, "warm_up": n, "collect": bool}.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import resource
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .case import Case, NetCase, TaskCase
    from .implementations import Implementation

PACKAGE = "eagerloop_benchmarks"


def main() -> None:
    request = json.loads(sys.argv[1])
    load_package()
    implementations = importlib.import_module(f"{PACKAGE}.implementations")
    if "probe" in request:
        print(json.dumps(probe(implementations, request["probe"])))
        return
    case = importlib.import_module(f"{PACKAGE}.catalogue").CASES[request["case"]]
    try:
        on = implementations.load(request["implementation"])
    except implementations.Unavailable as error:
        sys.exit(str(error))
    if not request.get("collect", True):
        gc.disable()
    if "operations_before" in request:
        # For counting instructions: a child does fewer operations, from the same start, and ends.
        child = os.fork()
        if child == 0:
            request["operations"] = request["operations_before"]
        else:
            os.waitpid(child, 0)
    on.run(run(on, case, request))


def load_package() -> None:
    """Make this folder importable as `eagerloop_benchmarks`, without eagerloop around it."""
    folder = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)


def probe(implementations: Any, names: list[str]) -> dict[str, Any]:
    """Which of the names are here: version and `compiled` of each, or why it is missing."""
    found: dict[str, Any] = {}
    for name in names:
        try:
            on = implementations.load(name)
        except implementations.Unavailable as error:
            found[name] = {"missing": str(error)}
        else:
            found[name] = {"version": on.version, "compiled": on.compiled}
    return {"python": sys.version, "implementations": found}


async def run(on: Implementation, case: Case, request: dict[str, Any]) -> None:
    if hasattr(case, "server"):
        await serve(on, case)  # type: ignore[arg-type]
    else:
        idle = idle_socket(on)
        print(json.dumps(await measure(on, case, request)), flush=True)  # type: ignore[arg-type]
        on.aio.get_running_loop().remove_reader(idle.fileno())
        if is_memory(case):
            os._exit(0)  # a million tasks are not unwound


def is_memory(case: Case) -> bool:
    return type(case).__name__ == "MemoryCase"


def idle_socket(on: Implementation) -> socket.socket:
    """A loop that serves has sockets registered; one without would not poll, and flatter itself."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    KEPT.extend((ours, theirs))
    on.aio.get_running_loop().add_reader(ours.fileno(), print, "the idle socket became readable")
    return ours


async def measure(on: Implementation, case: TaskCase, request: dict[str, Any]) -> dict[str, Any]:
    body = case.body
    assert body is not None
    operations = request.get("operations") or case.operations
    warm_up = request.get("warm_up", max(100, operations // 20))
    memory = is_memory(case)
    if warm_up and not memory:
        await body(on, warm_up)
    if gc.isenabled():
        gc.collect()
    resident = resident_bytes()
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    done = await body(on, operations)
    cpu, wall = time.process_time_ns() - cpu, time.perf_counter_ns() - wall
    result: dict[str, Any] = {"operations": done, "cpu_ns": cpu, "wall_ns": wall}
    if memory:
        result["bytes"] = (resident_bytes() - resident) / done
    result["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return result


async def serve(on: Implementation, case: NetCase) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    servers = importlib.import_module(f"{PACKAGE}.servers").SERVERS
    address = await servers[case.server](on, case)
    gc.collect()
    print(address, flush=True)
    await on.aio.Event().wait()


def resident_bytes() -> int:
    """Of this process, from /proc where there is one; elsewhere the peak, which only grows."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


KEPT: list[object] = []

if __name__ == "__main__":
    main()
