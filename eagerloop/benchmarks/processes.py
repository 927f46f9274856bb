"""Child processes of the benchmark: where they run, and how they end."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

PATIENCE = 600.0  # seconds; a child that takes longer hangs


class Failed(Exception):
    """One sample could not be taken; the message is the last line its process wrote."""


@dataclass(frozen=True)
class Cores:
    """Where the measured process runs, and where its load; None: wherever the kernel likes."""

    measured: int | None = None
    load: int | None = None

    @classmethod
    def choose(cls) -> Cores:
        allowed = sorted(os.sched_getaffinity(0))
        return cls(allowed[0], allowed[1]) if len(allowed) > 1 else cls()


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Children started inside run on this core. Only the calling thread moves, and moves back."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def figures_of(
    command: Sequence[str], core: int | None, environment: dict[str, str] | None = None
) -> dict[str, Any]:
    """Run to the end: the JSON object in the last line of stdout. Raises Failed."""
    output, _ = output_of(command, core, environment)
    figures = json.loads(output.splitlines()[-1])
    assert isinstance(figures, dict)
    return figures


def output_of(
    command: Sequence[str], core: int | None, environment: dict[str, str] | None = None
) -> tuple[str, str]:
    """Run to the end: stdout, which has something, and stderr. Raises Failed."""
    with pinned(core):
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
    try:
        output, errors = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise Failed(f"no answer within {PATIENCE:.0f} seconds") from None
    if process.returncode != 0 or not output:
        raise Failed(last_line(errors) or f"exit code {process.returncode}")
    return output, errors


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
