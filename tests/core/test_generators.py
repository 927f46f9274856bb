"""`yield from` a future, as code from before `await` does it."""

from __future__ import annotations

import sys
import types
import warnings
from collections.abc import Generator
from typing import Any

import pytest

import eagerloop


@types.coroutine
def legacy(future: Any) -> Generator[Any, None, Any]:
    return (yield from future)


def test_yield_from_waits() -> None:
    async def main() -> None:
        future = eagerloop.get_running_loop().create_future()
        eagerloop.get_running_loop().call_soon(future.set_result, 1)
        assert await legacy(future) == 1
        assert await legacy(future) == 1  # done already

    eagerloop.run(main())


def test_it_is_a_generator_of_the_interpreter(loop: eagerloop.AbstractEventLoop) -> None:
    future = loop.create_future()
    waiting = iter(future)
    assert isinstance(waiting, types.GeneratorType)
    assert next(waiting) is future
    with pytest.raises(RuntimeError, match="await wasn't used with future"):
        next(waiting)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="deprecated in 3.12")
def test_throw_warns_of_its_old_form(loop: eagerloop.AbstractEventLoop) -> None:
    waiting: Any = iter(loop.create_future())
    next(waiting)
    with warnings.catch_warnings(record=True) as seen, pytest.raises(ValueError, match="zebra"):
        warnings.simplefilter("always")
        waiting.throw(ValueError, ValueError("zebra"), None)
    assert [each.category for each in seen] == [DeprecationWarning]
