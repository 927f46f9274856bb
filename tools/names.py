"""The public names of an asyncio and what they accept; records those of the newest CPython.

    python3.15 -m tools.names > tests/newest_names.json

A signature is recorded as it would be written in a `def`, without annotations; a default that is no
constant is "...". A class is recorded with its constructor ("") and its public methods. What has no
signature to read (a constant, an exception's constructor) is null.
"""

from __future__ import annotations

import importlib
import inspect
import json
import platform
import sys
from types import ModuleType
from typing import Any

SUBMODULES = (
    "base_events",
    "coroutines",
    "events",
    "exceptions",
    "futures",
    "graph",
    "locks",
    "protocols",
    "queues",
    "runners",
    "staggered",
    "streams",
    "subprocess",
    "taskgroups",
    "tasks",
    "threads",
    "timeouts",
    "transports",
    "unix_events",
)
CONSTANTS = (bool, int, float, str, bytes, type(None))


def signature(thing: Any) -> str | None:
    """The parameters of a callable; None if it does not tell them."""
    try:
        found = inspect.signature(thing)
    except (ValueError, TypeError):
        return None
    bare = [
        parameter.replace(annotation=parameter.empty, default=default(parameter.default))
        for parameter in found.parameters.values()
    ]
    return str(inspect.Signature(bare))[1:-1].replace("Ellipsis", "...")


def default(value: object) -> object:
    return value if type(value) in CONSTANTS or value is inspect.Parameter.empty else ...


def describe(thing: Any) -> Any:
    """A signature for a function, {method: signature} for a class, None for anything else."""
    if inspect.isclass(thing) and issubclass(thing, BaseException):
        return None
    if not inspect.isclass(thing):
        return signature(thing) if callable(thing) else None
    members: dict[str, str | None] = {"": signature(thing)}
    for name in dir(thing):
        member = inspect.getattr_static(thing, name)
        if not name.startswith("_") and not inspect.isclass(member):
            value = getattr(thing, name)
            members[name] = signature(value) if callable(value) else None
    return members


def public(module: ModuleType) -> list[str]:
    return sorted(set(module.__all__))


def record(package: str) -> dict[str, Any]:
    """The whole surface of an asyncio."""
    top = importlib.import_module(package)
    modules = {name: importlib.import_module(f"{package}.{name}") for name in SUBMODULES}
    return {
        "python": platform.python_version(),
        "names": public(top),
        "modules": {
            name: {each: describe(getattr(module, each)) for each in public(module)}
            for name, module in modules.items()
            if hasattr(module, "__all__")
        },
    }


if __name__ == "__main__":
    json.dump(record("asyncio"), sys.stdout, indent=1, sort_keys=True)
    print()
