"""The list of uvloop's tests that fail here, and why (`listed.toml`).

Two kinds of reason count:

- ``own``: it examines what only uvloop has, its C library, its attributes or its names;
- ``asyncio``: uvloop differs there from asyncio, and eagerloop does what asyncio does; `see` names
  the test, the page or asyncio's rule that says so.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tests.conformance.exclusions import holds

KINDS = ("own", "asyncio")
LIST = Path(__file__).with_name("listed.toml")


@dataclass(frozen=True)
class Entry:
    """A pattern of tests, and why they fail."""

    pattern: str
    kind: str
    reason: str


def load(path: Path = LIST, version: tuple[int, ...] = sys.version_info[:3]) -> list[Entry]:
    """The entries that hold for a Python, by default the running one."""
    found = []
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["listed"]:
        if entry["kind"] not in KINDS:
            raise ValueError(f"{path.name}: unknown kind {entry['kind']!r}; use one of {KINDS}")
        if entry["kind"] == "asyncio" and not entry.get("see"):
            raise ValueError(f"{path.name}: {entry['tests'][0]}: asyncio's rule, but no see")
        if holds(entry.get("python", ""), version):
            reason = entry["reason"] + (f" (see {entry['see']})" if "see" in entry else "")
            found += [Entry(pattern, entry["kind"], reason) for pattern in entry["tests"]]
    return found


def find(name: str, entries: Iterable[Entry]) -> Entry | None:
    """The first entry that speaks of the test."""
    return next((entry for entry in entries if fnmatchcase(name, entry.pattern)), None)
