"""The benchmark's C programs, compiled when they are first needed and kept for the next time."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

SOURCES = Path(__file__).parent / "native"
FLAGS = ("-O2", "-std=gnu11")
LIBRARIES = ("-ldl",)  # in libc itself from glibc 2.34 on


class NoCompiler(Exception):
    """There is no C compiler, or it refused; the message says which, in one line."""


def program(name: str) -> Path:
    """The executable made from `native/<name>.c`. Raises NoCompiler."""
    source = SOURCES / f"{name}.c"
    digest = hashlib.sha256(source.read_bytes() + " ".join(FLAGS).encode()).hexdigest()[:12]
    target = cache() / f"{name}-{digest}"
    if target.exists():
        return target
    compiler = (
        os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    )
    if compiler is None:
        raise NoCompiler("the load generator needs a C compiler, and there is no cc on PATH")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Into a name of its own first: two runs at once must not execute each other's half-written
    # file.
    fresh = target.with_suffix(f".{os.getpid()}")
    command = [*compiler.split(), *FLAGS, "-o", str(fresh), str(source), *LIBRARIES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        first = next(iter(done.stderr.splitlines()), f"exit code {done.returncode}")
        raise NoCompiler(f"compiling {source.name} failed: {first}")
    fresh.rename(target)
    return target


def cache() -> Path:
    """The folder for what is built: of the user, as the XDG rules name it."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "eagerloop"
