"""What the build made: which modules of this package run compiled.

A build is all or nothing, so one loaded extension module means that all of them are.
"""

from __future__ import annotations

import sys
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from pathlib import Path

ROOT = Path(__file__).parent


def compiled() -> bool:
    """Whether the loaded package is the compiled one."""
    return any(
        isinstance(getattr(module.__spec__, "loader", None), ExtensionFileLoader)
        for name, module in list(sys.modules.items())
        if name.startswith(__name__.partition(".")[0] + ".") and module is not None
    )


def extensions() -> dict[str, Path]:
    """Module name -> library, for each library built for this interpreter."""
    suffix = EXTENSION_SUFFIXES[0]  # the one that names the interpreter's version
    return {
        ".".join(
            (*library.relative_to(ROOT.parent).parent.parts, library.name.removesuffix(suffix))
        ): library
        for library in sorted(ROOT.rglob(f"*{suffix}"))
    }
