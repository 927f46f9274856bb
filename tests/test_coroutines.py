"""What counts as a coroutine, and how one is shown."""

from __future__ import annotations

import asyncio
import collections.abc
import functools
import inspect
import sys
import types
import warnings
from collections.abc import Generator
from typing import Any
from unittest import mock

import pytest

import eagerloop
from eagerloop import coroutines
from tests.conftest import Run

CLASSES = ("BoundedSemaphore", "Condition", "Event", "Lock", "Queue", "PriorityQueue")
STREAMS = ("StreamReader", "StreamWriter")

known = (
    inspect.iscoroutinefunction if sys.version_info >= (3, 12) else coroutines._iscoroutinefunction
)


async def sample() -> None:
    """Does nothing."""


@types.coroutine
def legacy() -> Generator[None, None, None]:
    yield


class Foreign(collections.abc.Coroutine[None, None, None]):
    """A coroutine of another make, as a compiled one is."""

    def send(self, value: None) -> None: ...

    def throw(self, *args: Any) -> None: ...

    def close(self) -> None: ...

    def __await__(self) -> Generator[None, None, None]:
        yield


def test_coroutines_of_any_make_count() -> None:
    native, foreign = sample(), Foreign()
    assert coroutines.iscoroutine(native)
    assert coroutines.iscoroutine(foreign)
    assert coroutines.iscoroutine(foreign)  # from memory
    native.close()


def test_generators_count_where_the_running_python_counts_them() -> None:
    assert coroutines.iscoroutine(legacy()) == (sys.version_info < (3, 12))
    assert coroutines.iscoroutine(number for number in range(1)) == (sys.version_info < (3, 12))
    assert not coroutines.iscoroutine(sample)


def test_memory_of_types_is_bounded() -> None:
    for number in range(2 * coroutines._MOST_KNOWN):
        assert coroutines.iscoroutine(type(f"Foreign{number}", (Foreign,), {})())
    assert len(coroutines._known) <= coroutines._MOST_KNOWN


@pytest.mark.skipif(sys.version_info >= (3, 16), reason="removed in 3.16")
def test_coroutine_functions() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert coroutines.iscoroutinefunction(sample)
        assert coroutines.iscoroutinefunction(mock.AsyncMock())
        assert not coroutines.iscoroutinefunction(lambda: None)
    expected = 3 if sys.version_info >= (3, 14) else 0
    assert len([each for each in seen if each.category is DeprecationWarning]) == expected


def running() -> str:
    async def inner() -> str:
        return coroutines._format_coroutine(coro)

    coro = inner()
    try:
        coro.send(None)
    except StopIteration as stop:
        text: str = stop.value
        return text
    raise AssertionError("it should have ended")


def test_a_coroutine_is_shown_with_its_place() -> None:
    coro = sample()
    line = sample.__code__.co_firstlineno
    text = coroutines._format_coroutine(coro)
    assert text == f"sample() running at {__file__}:{line}"
    coro.close()
    assert coroutines._format_coroutine(coro) == f"sample() done, defined at {__file__}:{line}"
    assert running().startswith("running.<locals>.inner() running at ")


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({}, "<Nameless without __name__>()"),
        ({"__qualname__": "run"}, "run()"),
        ({"__name__": "run", "gi_running": True}, "run() running"),
    ],
)
def test_what_a_compiled_coroutine_lacks_is_done_without(
    attributes: dict[str, Any], text: str
) -> None:
    nameless = type("Nameless", (Foreign,), {})()
    for name, value in attributes.items():
        setattr(nameless, name, value)
    assert coroutines._format_coroutine(nameless) == text


def test_an_operation_has_the_name_of_asyncio_s_coroutine() -> None:
    async def main() -> None:
        queue: eagerloop.Queue[int] = eagerloop.Queue()
        condition, reader = eagerloop.Condition(), eagerloop.StreamReader()
        made = {
            "sleep": (eagerloop.sleep(0), eagerloop.sleep(1)),
            "Lock.acquire": (eagerloop.Lock().acquire(),),
            "Semaphore.acquire": (eagerloop.Semaphore().acquire(),),
            "Event.wait": (eagerloop.Event().wait(),),
            "Condition.wait_for": (condition.wait_for(lambda: True),),
            "Queue.get": (queue.get(),),
            "Queue.put": (queue.put(1),),
            "Queue.join": (queue.join(),),
            "StreamReader.read": (reader.read(), reader.read(5)),
            "StreamReader.readline": (reader.readline(),),
            "StreamReader.readuntil": (reader.readuntil(),),
            "StreamReader.readexactly": (reader.readexactly(1),),
        }
        for name, operations in made.items():
            for operation in operations:
                assert coroutines._format_coroutine(operation) == f"{name}()"
                operation.close()
        task = eagerloop.create_task(queue.get(), name="getter")
        assert repr(task).startswith("<Task pending name='getter' coro=<Queue.get()>")
        task.cancel()

    eagerloop.run(main())


@pytest.mark.parametrize(("value", "debug"), [("1", True), ("", False)])
def test_debug_mode_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, value: str, debug: bool
) -> None:
    monkeypatch.setenv("PYTHONASYNCIODEBUG", value)
    assert coroutines._is_debug_mode() == (debug or sys.flags.dev_mode)


@pytest.mark.parametrize("name", CLASSES + STREAMS)
def test_methods_are_known_as_coroutine_functions(name: str) -> None:
    theirs, ours = getattr(asyncio, name), getattr(eagerloop, name)
    for method in dir(theirs):
        if not method.startswith("_"):
            wanted = inspect.iscoroutinefunction(getattr(theirs, method))
            assert known(getattr(ours, method)) == wanted, method


def test_functions_are_known_as_coroutine_functions() -> None:
    assert known(eagerloop.sleep)
    assert known(eagerloop.Queue().put)
    assert known(functools.partial(eagerloop.Queue[int]().put, 1)) or sys.version_info < (3, 12)
    assert not known(eagerloop.Queue().put_nowait)
    assert not known(eagerloop.gather)
    assert not known(mock.Mock())


def test_a_library_that_asks_before_it_awaits(run: Run) -> None:
    async def call(function: Any, *args: Any) -> None:
        result = function(*args)
        if known(function):
            await result

    async def main() -> None:
        queue: eagerloop.Queue[int] = eagerloop.Queue()
        await call(queue.put, 1)
        await call(queue.put_nowait, 2)
        assert [queue.get_nowait(), queue.get_nowait()] == [1, 2]

    run(main)


def test_a_call_that_nobody_would_await_is_refused(loop: Any) -> None:
    loop.set_debug(True)
    with pytest.raises(TypeError, match=r"coroutines cannot be used with call_soon\(\)"):
        loop.call_soon(eagerloop.Event().wait)
