"""The command in a process of its own, as a shell would call it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

ROOT = Path(__file__).resolve().parents[2]
USAGE = 2  # the exit code of a wrong call


class Command(Protocol):
    def __call__(
        self, *arguments: str, stdin: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The folder the command is called in."""
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)


@pytest.fixture
def eagerloop(folder: Path) -> Command:
    """eagerloop("run", "app.py") in `folder`; keywords are environment variables."""

    def call(
        *arguments: str, stdin: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "eagerloop", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            timeout=120,
            check=False,
        )

    return call


def assert_refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """One clear line on stderr with these words, exit code 2, nothing else."""
    assert done.returncode == USAGE
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("eagerloop")
    for word in words:
        assert word in done.stderr
