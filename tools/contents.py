"""Checks what is in a wheel: sources, stubs and libraries of every compiled file, nothing else."""

from __future__ import annotations

import sys
import zipfile
from pathlib import PurePosixPath

from .pairs import PACKAGE, ROOT, pairs


def problems(names: list[str]) -> list[str]:
    """One line for each file too many or too few."""
    files = {name for name in names if not PurePosixPath(name).parts[0].endswith(".dist-info")}
    patterns = ("*.py", "*.pyi", "py.typed", "native/*.c")
    kept = [path for pattern in patterns for path in PACKAGE.rglob(pattern)]
    expected = {str(path.relative_to(ROOT)) for path in kept}
    expected |= {str(pair.library.relative_to(ROOT)) for pair in pairs()}
    return [
        *(f"{name} is missing" for name in sorted(expected - files)),
        *(f"{name} does not belong there" for name in sorted(files - expected)),
    ]


if __name__ == "__main__":
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        lines = problems(wheel.namelist())
    print(*lines, sep="\n", end="\n" if lines else "")
    sys.exit(bool(lines))
