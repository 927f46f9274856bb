"""The signatures of compiled constructors, for `inspect.signature`: read from the source when somebody asks.

A compiled `__init__` is a slot of the type, and the type's docstring is all that `inspect` finds. The `.py` that it was
compiled from lies beside it and says it better.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from pathlib import Path
from typing import Any

KINDS = inspect.Parameter


class SourceSignature:
    """A class's `__signature__`: that of the `__init__` it has or inherits."""

    def __get__(self, instance: object, owner: type) -> inspect.Signature:
        definer = next(cls for cls in owner.__mro__ if "__init__" in vars(cls))
        init = vars(definer)["__init__"]
        if inspect.isfunction(init):
            signature = inspect.signature(init)
            return signature.replace(parameters=list(signature.parameters.values())[1:])
        return _read(definer)


@cache
def _read(cls: type) -> inspect.Signature:
    """The signature in the source of a compiled class."""
    source = Path(__file__).parents[1].joinpath(*cls.__module__.split(".")[1:]).with_suffix(".py")
    module = ast.parse(source.read_text())
    arguments = next(
        function.args
        for node in module.body
        if isinstance(node, ast.ClassDef) and node.name == cls.__name__
        for function in node.body
        if isinstance(function, ast.FunctionDef) and function.name == "__init__"
    )
    names = vars(sys.modules[cls.__module__])

    def parameter(argument: ast.arg, kind: Any, default: ast.expr | None) -> inspect.Parameter:
        value = inspect.Parameter.empty
        if default is not None:
            value = eval(compile(ast.Expression(default), str(source), "eval"), dict(names))
        return inspect.Parameter(argument.arg, kind, default=value)

    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + arguments.defaults
    parameters = [
        parameter(
            argument,
            KINDS.POSITIONAL_ONLY
            if index < len(arguments.posonlyargs)
            else KINDS.POSITIONAL_OR_KEYWORD,
            default,
        )
        for index, (argument, default) in enumerate(zip(positional, defaults, strict=True))
    ][1:]
    if arguments.vararg is not None:
        parameters.append(parameter(arguments.vararg, KINDS.VAR_POSITIONAL, None))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        parameters.append(parameter(argument, KINDS.KEYWORD_ONLY, default))
    if arguments.kwarg is not None:
        parameters.append(parameter(arguments.kwarg, KINDS.VAR_KEYWORD, None))
    return inspect.Signature(parameters)
