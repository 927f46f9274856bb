"""All cases, by name; and the choice of them that a command line makes."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable

from . import callbacks, memory, net, programs, sync, tasks
from .case import Case

GROUPS: dict[str, tuple[Case, ...]] = {
    "tasks": tasks.CASES,
    "callbacks": callbacks.CASES,
    "sync": sync.CASES,
    "memory": memory.CASES,
    "net": net.CASES,
    "programs": programs.CASES,
}
CASES: dict[str, Case] = {case.name: case for group in GROUPS.values() for case in group}


class NoSuchCase(Exception):
    """A word names neither a case, nor a group, nor matches one as a pattern."""


def choose(words: Iterable[str]) -> list[Case]:
    """The cases that the words name, in the catalogue's order; without words the usual ones.

    A word is a case, a group (its usual cases), `all`, or a shell pattern over names.
    """
    chosen: set[str] = set()
    named = list(words)
    for word in named:
        found = matching(word)
        if not found:
            raise NoSuchCase(word)
        chosen.update(found)
    if not named:
        chosen = {case.name for case in CASES.values() if case.usual}
    return [case for case in CASES.values() if case.name in chosen]


def matching(word: str) -> set[str]:
    if word == "all":
        return set(CASES)
    if word in CASES:
        return {word}
    if word in GROUPS:
        return {case.name for case in GROUPS[word] if case.usual}
    return set(fnmatch.filter(CASES, word))
