"""Imports point down only: prints each import and cimport that does not, and fails.

A unit is a room (a folder of the package) or a module at its top. A unit may import from the rows
below its own, never from its own row's neighbours; inside a room anything goes. What only a type
checker sees (`if TYPE_CHECKING:`) has no direction.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from .pairs import PACKAGE, ROOT, cimported

ROWS = (
    {"__main__"},
    {"cli"},
    {"benchmarks"},
    {"__init__"},
    {"install"},
    {"replace", "runners"},
    {"events", "proactor_events", "selector_events", "subprocess", "unix_events"},
    {"policy"},
    {"eventloop"},
    {"base_events"},
    {"executor", "net", "process", "streams"},
    {"transports"},
    {"staggered", "tasks"},
    {"sync"},
    {"poll"},
    {"core"},
    {"coroutines", "format_helpers", "mixins", "trsock"},
    {"_build", "_cython", "_pure", "_python", "constants", "exceptions", "log"},
)
# Modules with asyncio's names for what rooms define: one step above that room.
FACADES = {
    "base_futures": "core",
    "base_subprocess": "process",
    "base_tasks": "core",
    "futures": "tasks",
    "graph": "core",
    "locks": "sync",
    "protocols": "core",
    "queues": "sync",
    "sslproto": "transports",
    "taskgroups": "tasks",
    "threads": "tasks",
    "timeouts": "tasks",
}
HEIGHT = {unit: float(height) for height, row in enumerate(reversed(ROWS)) for unit in row}
HEIGHT |= {facade: HEIGHT[room] + 0.5 for facade, room in FACADES.items()}


def unit(path: Path) -> str:
    """The room or the top module that `path` belongs to."""
    return path.relative_to(PACKAGE).parts[0].partition(".")[0]


def at_run_time(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports that happen: all but those under `if TYPE_CHECKING:`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for branch in node.orelse:
                yield from at_run_time(ast.Module([branch], []))
        else:
            yield from at_run_time(node)


def imported(source: Path) -> Iterator[tuple[int, str]]:
    """(line, unit) of each import from this package."""
    package = [PACKAGE.name, *source.relative_to(PACKAGE).parent.parts]
    for node in at_run_time(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            modules = [alias.name.split(".") for alias in node.names]
        else:
            base = package[: len(package) - node.level + 1] if node.level else []
            base = base + (node.module.split(".") if node.module else [])
            modules = [[*base, alias.name] for alias in node.names]
        for module in modules:
            if module[0] == PACKAGE.name:
                name = module[1] if len(module) > 1 else ""
                inside = (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").exists()
                yield node.lineno, name if name and inside else "__init__"


def problems() -> list[str]:
    """One line for each file without a row, and for each import that points up or sideways."""
    found = []
    for path in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.pxd")]):
        here, place = unit(path), path.relative_to(ROOT)
        if here not in HEIGHT:
            found.append(f"{place}: {here} is in no row of tools/layers.py")
            continue
        if path.suffix == ".py":
            wanted = list(imported(path))
        else:
            wanted = [(1, unit(layout)) for layout in cimported(path)]
        found += [
            f"{place}:{line}: {here} imports {there}, which is not below it"
            for line, there in sorted(set(wanted))
            if there != here and HEIGHT.get(there, len(ROWS)) >= HEIGHT[here]
        ]
    return found


if __name__ == "__main__":
    lines = problems()
    print(*lines, sep="\n", end="\n" if lines else "")
    sys.exit(bool(lines))
