"""Aims CPython's suite, which names asyncio and its submodules, at another implementation.

- *loop*: the stdlib's package with the other implementation's loop wherever asyncio would make one.
- *package*: the other implementation under asyncio's names in `sys.modules`, before anything
  imports asyncio.

The target ``stdlib`` is the check of the runner itself: a renamed copy of the stdlib's package
(package), or the stdlib's own loop (loop), must give the stdlib's own results.
"""

from __future__ import annotations

import functools
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import pkgutil
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

COPY = "renamed_asyncio"


def at(target: str, mode: str, *, substitute: bool) -> None:
    """Aims the process; `substitute` also replaces the suite's TestLoop by one over the target's
    loop.
    """
    if mode == "package":
        _aim_package(_renamed_copy() if target == "stdlib" else target)
    else:
        _aim_loop(target)
    lend_names()
    if substitute:
        # imported only now: both import asyncio
        utils: Any = importlib.import_module("test.test_asyncio.utils")
        testloop = importlib.import_module("tests.conformance.testloop")
        utils.TestLoop = testloop.make(_loop_class("stdlib" if mode == "package" else target))


def take_suite(folder: str) -> None:
    """Makes `test.test_asyncio` the suite in `folder`, which may be another Python's."""
    name = "test.test_asyncio"
    spec = importlib.util.spec_from_file_location(
        name, f"{folder}/__init__.py", submodule_search_locations=[folder]
    )
    assert spec is not None
    # imported by name later on, not now: it imports asyncio
    sys.meta_path.insert(0, _Elsewhere(spec))


def lend_names() -> None:
    """Gives an older Python's asyncio the names under which a newer suite looks for policies."""
    package: Any = importlib.import_module("asyncio")
    for module, new, old in (
        (package.events, "_AbstractEventLoopPolicy", "AbstractEventLoopPolicy"),
        (package.events, "_get_event_loop_policy", "get_event_loop_policy"),
        (package.events, "_set_event_loop_policy", "set_event_loop_policy"),
        (package.unix_events, "_DefaultEventLoopPolicy", "DefaultEventLoopPolicy"),
    ):
        if not hasattr(module, new):
            setattr(module, new, getattr(module, old))


class _Elsewhere(importlib.abc.MetaPathFinder):
    """Finds one package where it was told."""

    def __init__(self, spec: importlib.machinery.ModuleSpec) -> None:
        self._spec = spec

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return self._spec if name == self._spec.name else None


def submodules() -> list[str]:
    """The names of asyncio's submodules on the running Python."""
    spec = importlib.machinery.PathFinder.find_spec("asyncio")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    found = (info.name for info in pkgutil.iter_modules(spec.submodule_search_locations))
    return sorted(name for name in found if name != "__main__")


def _aim_package(name: str) -> None:
    package = importlib.import_module(name)
    for submodule in submodules():
        # what the target leaves out must not be found as the stdlib's
        sys.modules.pop(f"asyncio.{submodule}", None)
        there = importlib.util.find_spec(f"{name}.{submodule}") is not None
        if there and not submodule.startswith("windows_"):
            module = importlib.import_module(f"{name}.{submodule}")
            sys.modules[f"asyncio.{submodule}"] = module
            setattr(package, submodule, module)
    sys.modules["asyncio"] = package


def _loop_class(target: str) -> Any:
    if target == "stdlib":
        return importlib.import_module("asyncio").SelectorEventLoop
    return importlib.import_module(f"{target}.unix_events").SelectorEventLoop


def _aim_loop(target: str) -> None:
    loop_class = _loop_class(target)
    package: Any = importlib.import_module("asyncio")
    places = {
        package: ("SelectorEventLoop", "EventLoop"),
        package.unix_events: ("SelectorEventLoop", "EventLoop", "_UnixSelectorEventLoop"),
        package.unix_events._UnixDefaultEventLoopPolicy: ("_loop_factory",),
    }
    if target != "stdlib":
        # the suite patches asyncio.base_events.logger and expects the loop to speak there
        ours: Any = importlib.import_module(f"{target}.base_events")
        package.BaseEventLoop = package.base_events.BaseEventLoop = ours.BaseEventLoop
        ours.logger = _Follow(package.base_events, "logger")
        helpers: Any = importlib.import_module(f"{target}.coroutines")
        helpers._is_debug_mode = lambda: package.coroutines._is_debug_mode()
    for place, names in places.items():
        for name in filter(functools.partial(hasattr, place), names):
            setattr(place, name, loop_class)


class _Follow:
    """Stands for whatever an attribute of a module is at the moment."""

    def __init__(self, module: ModuleType, name: str) -> None:
        self._module = module
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(getattr(self._module, self._name), attribute)


class _Alias(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Resolves asyncio's names to the copy's modules, also while the copy is being imported.

    The accelerator `_asyncio` imports `asyncio.exceptions` and its kin in the middle of that.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] != "asyncio":
            return None
        return importlib.machinery.ModuleSpec(name, self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(COPY + spec.name.removeprefix("asyncio"))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # importlib has just given the module the alias's spec
        assert module.__spec__ is not None
        module.__spec__ = module.__spec__.loader_state


def _renamed_copy() -> str:
    """Makes a copy of the stdlib's package under another name, importable, and returns the name."""
    spec = importlib.machinery.PathFinder.find_spec("asyncio")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(tempfile.mkdtemp(prefix="eagerloop-conformance-"))
    shutil.copytree(
        Path(spec.origin).parent, folder / COPY, ignore=shutil.ignore_patterns("__pycache__")
    )
    sys.path.insert(0, str(folder))
    sys.meta_path.insert(0, _Alias())
    return COPY
