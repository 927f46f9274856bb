"""Exchanges the modules themselves: `import asyncio`, and of its submodules, gives eagerloop's.

A module that was imported before may have kept the stdlib's asyncio, or something out of it, under
a name of its own. Nothing can change that afterwards, so it is an error that names those modules.
The standard library's own asyncio does not count (eagerloop has it imported), nor does eagerloop.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ("Exchange", "holders")

_PACKAGE = "asyncio"


class Exchange:
    """The exchange of asyncio's modules in `sys.modules` for ours."""

    def __init__(self, ours: Mapping[str, ModuleType]) -> None:
        """Args:
        ours: by asyncio's names ("asyncio", "asyncio.tasks", ...).
        """
        self._ours = dict(ours)
        self._theirs: dict[str, ModuleType] = {}
        self._guard = _Guard()

    @property
    def done(self) -> bool:
        """Whether the modules are exchanged at the moment."""
        return bool(self._theirs)

    def do(self) -> None:
        """Exchange them.

        Raises:
            RuntimeError: modules hold the stdlib's asyncio already.
        """
        if self.done:
            return
        theirs = stdlib_modules()
        late = holders(theirs.values(), stale_objects(theirs, self._ours))
        if late:
            raise RuntimeError(
                f"asyncio cannot be replaced: {len(late)} modules that are already imported hold "
                f"the stdlib's ({', '.join(late)}); call eagerloop.install(replace=True) before "
                "they are imported, or start the program with `eagerloop run --replace`"
            )
        self._theirs = theirs
        for name in theirs:
            del sys.modules[name]
        sys.modules.update(self._ours)
        sys.meta_path.insert(0, self._guard)

    def undo(self) -> None:
        """Put the stdlib's modules back."""
        if self.done:
            for name in self._ours:
                sys.modules.pop(name, None)
            sys.modules.update(self._theirs)
            self._theirs = {}
            sys.meta_path.remove(self._guard)


class _Guard(MetaPathFinder):
    """Refuses what is no submodule of asyncio here.

    With eagerloop under asyncio's name, the path of eagerloop would be searched for it, and a file
    of ours that is loaded already would be loaded a second time.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.startswith(f"{_PACKAGE}."):
            raise ModuleNotFoundError(f"No module named {fullname!r} in eagerloop", name=fullname)
        return None


def stdlib_modules() -> dict[str, ModuleType]:
    """The stdlib's asyncio and those of its submodules that are imported, by name."""
    return {
        name: module
        for name, module in list(sys.modules.items())
        if name == _PACKAGE or name.startswith(f"{_PACKAGE}.")
    }


def stale_objects(theirs: Mapping[str, ModuleType], ours: Mapping[str, ModuleType]) -> list[Any]:
    """What of the stdlib's public names is another object here."""
    stale = []
    for name, module in theirs.items():
        namesake = ours.get(name)
        if namesake is None:
            continue
        for public in getattr(module, "__all__", ()):
            there = module.__dict__.get(public)
            here = namesake.__dict__.get(public, there)
            if here is not there and (isinstance(there, type) or callable(there)):
                stale.append(there)
    return stale


def holders(modules: Any, objects: Sequence[Any]) -> list[str]:
    """The names of the imported modules that have one of these modules or objects among their
    globals.

    Only identities are compared: looking at the attributes of what other modules keep may run their
    code.
    """
    own = set(map(id, modules))
    wanted = own | set(map(id, objects))
    found = []
    for name, module in list(sys.modules.items()):
        if id(module) in own or name.partition(".")[0] in ("eagerloop", "_asyncio"):
            continue
        content = getattr(module, "__dict__", {})
        if any(id(value) in wanted for value in list(content.values())):
            found.append(name)
    return sorted(found)
