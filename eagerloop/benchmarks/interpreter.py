"""The Python that takes the samples: this one, or the one behind `--python`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .processes import last_line

SAMPLE = Path(__file__).with_name("sample.py")
OLDEST = (3, 11)
# Settings that would make one loop do more than another; EAGERLOOP_PURE and _POLLER are meant.
DROPPED = frozenset({"PYTHONASYNCIODEBUG", "PYTHONDEVMODE", "PYTHONPATH", "PYTHONWARNINGS"})
ASK_VERSION = "import sys; print(sys.version_info[0], sys.version_info[1], sys.version.split()[0])"


class Unusable(Exception):
    """The Python given cannot take samples; the message says why, in one line."""


@dataclass
class Python:
    """An interpreter, and what it can measure."""

    executable: str
    paths: list[str]  # on its PYTHONPATH, so that eagerloop is found
    version: str = ""
    implementations: dict[str, dict[str, Any]] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in DROPPED}
        inherited["PYTHONHASHSEED"] = "0"
        if self.paths:
            inherited["PYTHONPATH"] = os.pathsep.join(self.paths)
        return inherited

    def command(self, request: dict[str, Any]) -> list[str]:
        """What takes the sample. -P: the benchmark's folder is not where modules are looked for."""
        return [self.executable, "-P", str(SAMPLE), json.dumps(request)]


def examine(executable: str, names: Sequence[str], ours: str) -> Python:
    """Ask the interpreter which of the implementations it has. Raises Unusable.

    Where `ours` is not installed there, the package that runs now is used, as in a clone.
    """
    check_version(executable)
    inherited = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    python = Python(executable, inherited)
    found = probe(python, [*names, ours])
    if "missing" in found["implementations"][ours]:
        python.paths = [str(SAMPLE.parent.parent.parent), *inherited]
        found = probe(python, [*names, ours])
    python.version = found["python"]
    python.implementations = {name: found["implementations"][name] for name in names}
    return python


def check_version(executable: str) -> None:
    try:
        done = subprocess.run(
            [executable, "-c", ASK_VERSION], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:  # not there, or nothing that answers
        raise Unusable(f"{executable} cannot be run: {error}") from None
    words = done.stdout.split()
    if done.returncode != 0 or len(words) != 3:
        raise Unusable(f"{executable} is not a Python")
    if (int(words[0]), int(words[1])) < OLDEST:
        raise Unusable(f"{executable} is Python {words[2]}; eagerloop needs 3.11 or newer")


def probe(python: Python, names: Sequence[str]) -> dict[str, Any]:
    done = subprocess.run(
        python.command({"probe": list(names)}),
        capture_output=True,
        text=True,
        env=python.environment(),
        check=False,
    )
    if done.returncode != 0:
        raise Unusable(f"{python.executable} cannot take samples: {last_line(done.stderr)}")
    content = json.loads(done.stdout)
    assert isinstance(content, dict)
    return content
