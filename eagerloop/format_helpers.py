"""How callbacks are shown in representations and messages, and short stacks for debug mode."""

from __future__ import annotations

import functools
import inspect
import reprlib
import sys
import traceback
from collections.abc import Mapping
from types import FrameType
from typing import Any

from . import constants


def _get_function_source(func: Any) -> tuple[str, int] | None:
    """The file and first line of the function behind wrappers and partials."""
    while True:
        func = inspect.unwrap(func)
        if inspect.isfunction(func):
            return func.__code__.co_filename, func.__code__.co_firstlineno
        if not isinstance(func, (functools.partial, functools.partialmethod)):
            return None
        func = func.func


def _format_callback_source(func: Any, args: Any, *, debug: bool = False) -> str:
    text = _format_callback(func, args, None, debug=debug)
    source = _get_function_source(func)
    return f"{text} at {source[0]}:{source[1]}" if source else text


def _format_args_and_kwargs(
    args: Any, kwargs: Mapping[str, Any] | None, *, debug: bool = False
) -> str:
    """The arguments of a call; outside debug mode only their place, for they may hold secrets."""
    if not debug:
        return "()"
    shown = [reprlib.repr(value) for value in args or ()]
    shown += [f"{name}={reprlib.repr(value)}" for name, value in (kwargs or {}).items()]
    return f"({', '.join(shown)})"


def _format_callback(
    func: Any,
    args: Any,
    kwargs: Mapping[str, Any] | None,
    *,
    debug: bool = False,
    suffix: str = "",
) -> str:
    # a partial shows as the function with its bound arguments, then those of the call
    while isinstance(func, functools.partial):
        suffix = _format_args_and_kwargs(args, kwargs, debug=debug) + suffix
        func, args, kwargs = func.func, func.args, func.keywords
    name = getattr(func, "__qualname__", None) or getattr(func, "__name__", None) or repr(func)
    return name + _format_args_and_kwargs(args, kwargs, debug=debug) + suffix


def extract_stack(f: FrameType | None = None, limit: int | None = None) -> traceback.StackSummary:
    """`traceback.extract_stack` without reading source lines, `DEBUG_STACK_DEPTH` frames deep."""
    if f is None:
        f = sys._getframe().f_back
    summary = traceback.StackSummary.extract(
        traceback.walk_stack(f),
        limit=constants.DEBUG_STACK_DEPTH if limit is None else limit,
        lookup_lines=False,
    )
    summary.reverse()
    return summary
