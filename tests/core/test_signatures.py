"""Constructors, and methods that are the interpreter's kind, tell their signature, compiled as interpreted."""

from __future__ import annotations

import inspect
from typing import Any

import eagerloop
from eagerloop.core.handle import Handle
from eagerloop.core.timers import TimerHandle


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


def test_of_methods() -> None:
    """Those of these classes are plain C methods, compiled: see eagerloop/_cython.py."""
    told: dict[Any, list[str]] = {
        Handle.cancel: [],
        TimerHandle.when: [],
        eagerloop.timeout: ["delay"],
        eagerloop.Timeout.reschedule: ["when"],
        eagerloop.Lock.__aenter__: [],
        eagerloop.Semaphore.__aexit__: ["exc_type", "exc", "traceback"],
    }
    for method, names in told.items():
        parameters = list(inspect.signature(method).parameters)
        assert [name for name in parameters if name != "self"] == names
    assert Handle.cancel.__doc__ == "Takes the call back. Does nothing if it was made already."
