"""The list of CPython's tests that are left out, and why (`exclusions.toml`).

An entry is a reason and the patterns it speaks for; `python` and `mode` narrow it. Three reasons
count:

- ``private``: the test examines parts of CPython that no other implementation has;
- ``superseded``: it asserts behaviour that a newer CPython changed, and `covered_by` names our test
  of the newer rule;
- ``platform``: it needs what this kind of system does not offer.

A pattern that names no test is an error, so the list cannot outlive what it speaks of.
"""

from __future__ import annotations

import operator
import re
import sys
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

CLASSES = ("private", "superseded", "platform")
LIST = Path(__file__).with_name("exclusions.toml")

_COMPARISONS: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
}


@dataclass(frozen=True)
class Exclusion:
    """One pattern with its reason."""

    pattern: str
    reason_class: str
    reason: str
    covered_by: str

    def matches(self, name: str) -> bool:
        return fnmatchcase(name, self.pattern)


def load(
    mode: str, path: Path = LIST, version: tuple[int, ...] = sys.version_info[:3]
) -> list[Exclusion]:
    """The exclusions that hold in `mode` for the suite of a Python, by default the running one."""
    found = []
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["exclude"]:
        if entry["class"] not in CLASSES:
            raise ValueError(f"{path.name}: unknown class {entry['class']!r}; use one of {CLASSES}")
        if entry["class"] == "superseded" and not entry.get("covered_by"):
            raise ValueError(f"{path.name}: {entry['tests'][0]}: superseded, but no covered_by")
        if entry.get("mode", mode) == mode and holds(entry.get("python", ""), version):
            for pattern in entry["tests"]:
                found.append(
                    Exclusion(pattern, entry["class"], entry["reason"], entry.get("covered_by", ""))
                )
    return found


def holds(condition: str, version: tuple[int, ...]) -> bool:
    """Whether `version` fulfils a condition such as ``>=3.12, <3.13.1``; an empty one does."""
    for part in filter(None, (text.strip() for text in condition.split(","))):
        match = re.fullmatch(r"(>=|<=|<|>|==)\s*(\d+(?:\.\d+)*)", part)
        if match is None:
            raise ValueError(f"not a version condition: {part!r}; write e.g. '>=3.12, <3.13.1'")
        wanted = tuple(int(digits) for digits in match[2].split("."))
        if not _COMPARISONS[match[1]](version[: len(wanted)], wanted):
            return False
    return True


def find(name: str, exclusions: Iterable[Exclusion]) -> Exclusion | None:
    """The first exclusion that names the test."""
    return next((exclusion for exclusion in exclusions if exclusion.matches(name)), None)


def whole(module: str, exclusions: Iterable[Exclusion]) -> Exclusion | None:
    """The exclusion of a whole module, which then need not be importable."""
    return next((each for each in exclusions if each.pattern == f"{module}.*"), None)
