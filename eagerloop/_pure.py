"""EAGERLOOP_PURE=1: import the package's sources even where compiled modules lie beside them.

The interpreter prefers an extension module to the `.py` next to it. A finder in front of the
standard ones, for this package's names only, that knows nothing but sources turns that round.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from types import ModuleType

PACKAGE = __name__.partition(".")[0] + "."


class SourceFinder:
    """A meta path finder that sees this package's `.py` files and nothing else."""

    @staticmethod
    def find_spec(
        fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(PACKAGE):
            return None
        for folder in path or ():
            finder = FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES))
            if (spec := finder.find_spec(fullname)) is not None:
                return spec
        return None


def wanted() -> bool:
    """Whether the environment asks for the interpreted package."""
    return os.environ.get("EAGERLOOP_PURE", "") not in ("", "0")


if wanted() and SourceFinder not in sys.meta_path:
    sys.meta_path.insert(0, SourceFinder)
