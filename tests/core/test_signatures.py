"""Constructors tell their signature, compiled as interpreted."""

from __future__ import annotations

import inspect
from typing import Any

import eagerloop
from eagerloop.core.handle import Handle


def test_as_written() -> None:
    assert list(inspect.signature(Handle).parameters) == ["callback", "args", "loop", "context"]
    task = inspect.signature(eagerloop.Task).parameters
    assert list(task) == ["coro", "loop", "name", "context", "eager_start"]
    assert task["eager_start"].default is False
    assert task["name"].kind is inspect.Parameter.KEYWORD_ONLY


def test_of_subclasses() -> None:
    class Inheriting(eagerloop.Queue[int]):
        pass

    class Own(eagerloop.Queue[int]):
        def __init__(self, size: int, *more: Any) -> None:
            super().__init__(size)

    assert inspect.signature(Inheriting).parameters["maxsize"].default == 0
    assert list(inspect.signature(Own).parameters) == ["size", "more"]
