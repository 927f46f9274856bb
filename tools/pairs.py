"""The compiled files: each `.py` with its `.pxd`, its library and what that is made from."""

from __future__ import annotations

import re
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "eagerloop"
HEADERS = "core/*.h"  # the only C
TWIN = Path("core", "runtime.py")  # the interpreter's runtime.h: has a .pxd, is never compiled
CIMPORT = re.compile(r"^from\s+(\.+)([\w.]*)\s+cimport\s+\(?([^#\n]+)", re.MULTILINE)


@dataclass(frozen=True)
class Pair:
    source: Path

    @property
    def layout(self) -> Path:
        return self.source.with_suffix(".pxd")

    @property
    def library(self) -> Path:
        """Where an in-place build for this interpreter puts the extension module."""
        return self.source.with_suffix(sysconfig.get_config_var("EXT_SUFFIX"))

    @property
    def name(self) -> str:
        return ".".join(self.source.relative_to(ROOT).with_suffix("").parts)


def pairs() -> list[Pair]:
    found = (layout.with_suffix(".py") for layout in sorted(PACKAGE.rglob("*.pxd")))
    return [Pair(source) for source in found if source != PACKAGE / TWIN and source.exists()]


def cimported(layout: Path) -> set[Path]:
    """The layouts that `layout` cimports, directly: `from . cimport a, b`, `from .a cimport B`."""
    found = set()
    for dots, module, names in CIMPORT.findall(layout.read_text()):
        folder = layout.parents[len(dots) - 1].joinpath(*filter(None, module.split(".")))
        candidates = [folder.with_suffix(".pxd")] if module else []
        candidates += [
            folder / f"{name.split()[0]}.pxd" for name in names.split(",") if name.strip(" )\\")
        ]
        found |= {candidate for candidate in candidates if candidate.exists()}
    return found


def ingredients(pair: Pair) -> set[Path]:
    """Every file whose change must recompile `pair`."""
    found, left = {pair.source, pair.layout, *PACKAGE.glob(HEADERS)}, [pair.layout]
    while left:
        new = cimported(left.pop()) - found
        found |= new
        left += new
    return {path for path in found if path.exists()}


def stale() -> list[str]:
    """One line for each library that is older than a file it is made from."""
    lines = []
    for pair in pairs():
        if pair.library.exists():
            built = pair.library.stat().st_mtime_ns
            newer = sorted(p for p in ingredients(pair) if p.stat().st_mtime_ns > built)
            if newer:
                names = ", ".join(str(path.relative_to(ROOT)) for path in newer)
                lines.append(f"{pair.library.relative_to(ROOT)} is older than {names}")
    return lines


def half_built() -> list[str]:
    """The modules without a library where others have one: such a package cannot be imported."""
    found = pairs()
    missing = [pair.name for pair in found if not pair.library.exists()]
    return missing if len(missing) < len(found) else []
