"""What counts as a coroutine, and how one is shown."""

from __future__ import annotations

import inspect
import os
import sys
import types
from asyncio import coroutines as _theirs
from collections.abc import Callable, Coroutine
from typing import Any

__all__: tuple[str, ...] = ("iscoroutine",)

_COROUTINE_TYPES: tuple[type, ...] = (types.CoroutineType, Coroutine)
if sys.version_info < (3, 12):
    # the stdlib's own ensure_future() wraps an awaitable in a generator there
    _COROUTINE_TYPES += (types.GeneratorType,)
_MOST_KNOWN = (
    100  # types remembered; a program that makes coroutine types without end must not fill memory
)

_known: set[type] = set()


def _is_debug_mode() -> bool:
    """Whether the interpreter was started in development mode or with PYTHONASYNCIODEBUG."""
    if sys.flags.dev_mode:
        return True
    return not sys.flags.ignore_environment and bool(os.environ.get("PYTHONASYNCIODEBUG"))


def iscoroutine(obj: object) -> bool:
    """Whether `obj` is a coroutine object; from Python 3.12 on a generator is none."""
    kind = type(obj)
    if kind in _known:
        return True
    if not isinstance(obj, _COROUTINE_TYPES):
        return False
    if len(_known) < _MOST_KNOWN:
        _known.add(kind)
    return True


def _mark(*functions: Callable[..., Any]) -> None:
    """Makes `iscoroutinefunction` say yes of functions that are not `async def`, as asyncio's namesakes are.

    Libraries ask it whether to await what a callback returns, and would drop what these return.
    """
    for function in functions:
        if sys.version_info >= (3, 12):
            inspect.markcoroutinefunction(function)
        else:  # `inspect` has no marks yet, and compiled functions refuse asyncio's
            function._eagerloop_mark = _MARK  # type: ignore[attr-defined]


_MARK = object()


def _is_marked(function: object) -> bool:
    return getattr(function, "_eagerloop_mark", None) is _MARK


if sys.version_info < (3, 16):
    __all__ = ("iscoroutine", "iscoroutinefunction")

    # functions that a library marked for the stdlib must be recognised here
    _is_coroutine: object = _theirs._is_coroutine  # type: ignore[attr-defined]

    def _iscoroutinefunction(func: object) -> bool:
        if inspect.iscoroutinefunction(func):
            return True
        return getattr(func, "_is_coroutine", None) is _is_coroutine or _is_marked(func)

    if sys.version_info < (3, 14):

        def iscoroutinefunction(func: object) -> bool:
            """Whether calling `func` gives a coroutine, or it is marked as such."""
            return _iscoroutinefunction(func)

    else:

        def iscoroutinefunction(func: object) -> bool:
            """Whether calling `func` gives a coroutine; deprecated since 3.14, gone in 3.16."""
            import warnings

            warnings._deprecated(
                "asyncio.iscoroutinefunction",
                f"{warnings._DEPRECATED_MSG}; use inspect.iscoroutinefunction() instead",
                remove=(3, 16),
            )
            return _iscoroutinefunction(func)


def _first(coro: object, *names: str) -> Any:
    """The first of the attributes that is there and true."""
    for name in names:
        value = getattr(coro, name, None)
        if value:
            return value
    return None


def _format_coroutine(coro: object) -> str:
    """`name() running at file:line`, or as much of it as the object tells."""
    assert iscoroutine(coro)
    # compiled coroutines may lack a name, a code object, or the code object's file; our operations have a name
    # under another name, for `__qualname__` is no attribute that a class can give its instances
    name = _first(coro, "__qualname__", "_qualname", "__name__")
    name = name or f"<{type(coro).__name__} without __name__>"
    name += "()"
    code = _first(coro, "cr_code", "gi_code")
    if code is None:
        return f"{name} running" if _first(coro, "cr_running", "gi_running") else name
    filename = code.co_filename or "<empty co_filename>"
    frame = _first(coro, "gi_frame", "cr_frame")
    if frame is None:
        return f"{name} done, defined at {filename}:{code.co_firstlineno}"
    return f"{name} running at {filename}:{frame.f_lineno}"
