"""Coverage-guided fuzzing of what parses or buffers, each part against its plain model.

    python -m tests.fuzz [--seconds 60] [TARGET ...]     all of them, one after another
    python -m tests.fuzz --input FILE TARGET             once more what a run has found

The models are the suite's own hypothesis tests and state machines. There hypothesis chooses the
steps at random; here atheris (libFuzzer) looks at which lines of eagerloop ran, and goes on from
the inputs that reached new ones. Sources are instrumented, so the package is interpreted. Inputs
that found something new are kept in build/fuzz/TARGET for the next run, failures beside them.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, get_state_machine_test

# what is fuzzed -> the model, and the packages whose lines guide
TARGETS = {
    "reader": ("tests.streams.test_reading:ReaderMachine", ["eagerloop.streams"]),
    "bytequeue": (
        "tests.streams.test_bytequeue:test_is_a_bytes_object_that_grows_and_shrinks",
        ["eagerloop.streams"],
    ),
    "outbox": (
        "tests.transports.test_outbox:test_what_comes_out_is_what_went_in",
        ["eagerloop.transports"],
    ),
    "outgoing": ("tests.promises.test_outgoing_model:OutgoingMachine", ["eagerloop.transports"]),
    "records": (
        "tests.transports.test_tlsrecords:test_the_boundary_in_any_fragmentation",
        ["eagerloop.transports"],
    ),
    "backlog": (
        "tests.transports.test_tlsbacklog:test_what_goes_in_comes_out_in_order",
        ["eagerloop.transports"],
    ),
    "tls": ("tests.promises.test_tls_model:TLSMachine", ["eagerloop.transports"]),
}
LONGEST_INPUT = 4096  # bytes


def find_sources() -> None:
    """Have the finder of EAGERLOOP_PURE in place before atheris's, which goes in front and asks it."""
    spec = importlib.util.spec_from_file_location("eagerloop._pure", "eagerloop/_pure.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules[spec.name] = found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)


def model(target: str) -> Callable[[bytes], object]:
    """Runs one input; an exception is a finding."""
    place, packages = TARGETS[target]
    module, _, name = place.partition(":")
    find_sources()
    with atheris.instrument_imports(include=packages):
        found: Any = getattr(importlib.import_module(module), name)
    if isinstance(found, type) and issubclass(found, RuleBasedStateMachine):
        found = get_state_machine_test(found, settings=settings(deadline=None, database=None))
    run: Callable[[bytes], object] = found.hypothesis.fuzz_one_input
    return run


def fuzz(target: str, seconds: int, found_in: str | None) -> None:
    """Does not return: libFuzzer ends the process."""
    folder = Path("build", "fuzz", target)
    folder.mkdir(parents=True, exist_ok=True)
    run = model(target)
    where = [found_in] if found_in else [str(folder), f"-max_total_time={seconds}"]
    options = [
        f"-max_len={LONGEST_INPUT}",
        f"-artifact_prefix=build/fuzz/{target}-",
        "-len_control=0",
    ]
    atheris.Setup([sys.argv[0], *where, *options], run)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--input", help="a file that a run has kept")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    chosen = parser.parse_args()
    unknown = set(chosen.targets) - set(TARGETS)
    if unknown:
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if chosen.here:
        fuzz(chosen.targets[0], chosen.seconds, chosen.input)

    failed = []
    for target in chosen.targets or TARGETS:
        command = [sys.executable, "-m", "tests.fuzz", "--here", f"--seconds={chosen.seconds}"]
        command += [target] if chosen.input is None else [target, f"--input={chosen.input}"]
        print(f"=== {target}", flush=True)
        if subprocess.run(command, env=os.environ | {"EAGERLOOP_PURE": "1"}).returncode != 0:
            failed.append(target)
    print(f"found something: {', '.join(failed)}" if failed else "nothing found")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
