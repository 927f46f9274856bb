"""The whole public surface: asyncio's of the running Python, and that of the newest CPython.

`newest_names.json` was recorded by `tools/names.py`. What newer Pythons removed is here exactly
where the running one has it; what they added is here on all of them, with its newest signature.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import warnings
from pathlib import Path
from typing import Any

import pytest

import eagerloop
from tools import names

NEWEST = json.loads(Path(__file__).with_name("newest_names.json").read_text(encoding="utf-8"))
# a loop's own class may take more, and `eagerloop` has names that asyncio has not
OURS = {"EventLoopPolicy", "install", "uninstall", "__version__"}


def running(module: str) -> set[str]:
    """The public names of the running Python's asyncio, or of one of its modules."""
    try:
        theirs = importlib.import_module(f"asyncio.{module}" if module else "asyncio")
    except ModuleNotFoundError:
        return set()
    return set(getattr(theirs, "__all__", ()))


def surface() -> list[tuple[str, str]]:
    """(module, name) of everything public; the package itself is the module ""."""
    modules = {"": NEWEST["names"], **NEWEST["modules"]}
    return sorted(
        (module, name) for module, newest in modules.items() for name in {*newest, *running(module)}
    )


def ours(module: str) -> Any:
    package: Any = importlib.import_module(f"eagerloop.{module}" if module else "eagerloop")
    return package


@pytest.mark.parametrize(("module", "name"), surface())
def test_every_name_is_there(module: str, name: str) -> None:
    if name in ("AbstractChildWatcher", "FastChildWatcher") and not running(module):
        pytest.skip("only where the running Python has it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert hasattr(ours(module), name)
    if module in ("", *NEWEST["modules"]):
        assert name in ours(module).__all__


def test_no_name_is_there_too_many() -> None:
    wanted = {*NEWEST["names"], *running("")}
    assert set(ours("").__all__) - wanted <= OURS


def test_what_newer_pythons_removed_follows_the_running_one() -> None:
    for name in ("get_child_watcher", "SafeChildWatcher", "AbstractEventLoopPolicy"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            assert hasattr(eagerloop, name) == hasattr(asyncio, name)


def parameters(text: str) -> list[inspect.Parameter]:
    """The parameters of a recorded signature, without self."""
    function = eval(f"lambda {text}: 0")
    found = list(inspect.signature(function).parameters.values())
    return found[1:] if found and found[0].name == "self" else found


def difference(newest: str, here: str) -> str | None:
    """What a caller that follows `newest` would stumble over; None if nothing."""
    theirs, mine = parameters(newest), {each.name: each for each in parameters(here)}
    positional = [each.name for each in mine.values() if each.kind <= each.POSITIONAL_OR_KEYWORD]
    for position, parameter in enumerate(theirs):
        if parameter.kind is parameter.POSITIONAL_ONLY:
            # its name is nobody's business
            if position >= len(positional):
                return f"takes no argument {position + 1} ({parameter.name})"
            continue
        match = mine.get(parameter.name)
        if match is None:
            return f"{parameter.name} is missing"
        if match.kind is not parameter.kind:
            return f"{parameter.name} is {match.kind.description}, not {parameter.kind.description}"
        if match.default != parameter.default and parameter.default is not ...:
            return f"{parameter.name} defaults to {match.default}, not {parameter.default}"
        if match.kind is match.POSITIONAL_OR_KEYWORD and positional[position] != match.name:
            return f"{parameter.name} is not argument {position + 1}"
    if any(each.kind is each.POSITIONAL_ONLY for each in theirs):
        return None
    known = {each.name for each in theirs}
    for extra in mine.values():
        variable = extra.kind in (extra.VAR_POSITIONAL, extra.VAR_KEYWORD)
        if extra.name not in known and extra.default is extra.empty and not variable:
            return f"{extra.name} must be given"
    return None


def inherited(thing: Any, method: str) -> bool:
    """Whether a method is the stdlib's own, of an abstract base: BaseEventLoop leaves I/O to it."""
    module = getattr(getattr(thing, method or "__init__", None), "__module__", None)
    return (module or "").startswith("asyncio.")


def described() -> list[tuple[str, str]]:
    return [(module, name) for module, newest in NEWEST["modules"].items() for name in newest]


@pytest.mark.parametrize(("module", "name"), described())
def test_signatures_are_the_newest(module: str, name: str) -> None:
    newest = NEWEST["modules"][module][name]
    thing = getattr(ours(module), name)
    theirs = getattr(asyncio, module, None)
    if thing is getattr(theirs, name, None):
        return  # the stdlib's very object: an exception, an abstract class, a function in C
    here = names.describe(thing)
    if not isinstance(newest, dict):
        newest, here = {"": newest}, {"": here}
    problems = []
    for method, signature in newest.items():
        if inherited(thing, method):
            continue
        if method not in here:
            problems.append(f"{name}.{method} is missing")
        elif signature is not None:
            assert here[method] is not None, f"{name}.{method} tells no signature"
            problem = difference(signature, here[method])
            if problem is not None:
                problems.append(f"{name}.{method}({here[method]}): {problem}")
    assert not problems


@pytest.mark.parametrize(
    ("newest", "here", "verdict"),
    [
        ("self, x, /, *, y=None", "self, fn, *, y=None", None),
        ("x, y=1", "x, y=1, *, z=None", None),
        ("x, y=1", "x", "y is missing"),
        ("x, y=1", "x, y=2", "y defaults to 2, not 1"),
        ("x, *, y=1", "x, y=1", "y is positional or keyword, not keyword-only"),
        ("x, y", "y, x", "x is not argument 1"),
        ("x", "x, y", "y must be given"),
        ("x, /", "", "takes no argument 1 (x)"),
        ("x=...", "x=3", None),
    ],
)
def test_a_difference_is_seen(newest: str, here: str, verdict: str | None) -> None:
    assert difference(newest, here) == verdict


@pytest.mark.parametrize(
    "name",
    [
        "AbstractEventLoop",
        "AbstractServer",
        "BaseProtocol",
        "BufferedProtocol",
        "CancelledError",
        "DatagramProtocol",
        "InvalidStateError",
        "LimitOverrunError",
        "Protocol",
        "Transport",
    ],
)
def test_abstract_classes_and_exceptions_are_the_stdlib_s(name: str) -> None:
    assert getattr(eagerloop, name) is getattr(asyncio, name)


def test_the_private_names_that_programs_use_are_the_stdlib_s() -> None:
    for module, name in (
        ("protocols", "_feed_data_to_buffered_proto"),
        ("base_events", "_run_until_complete_cb"),
    ):
        ours: Any = importlib.import_module(f"eagerloop.{module}")
        theirs: Any = importlib.import_module(f"asyncio.{module}")
        assert getattr(ours, name) is getattr(theirs, name)
