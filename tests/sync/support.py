"""What the tests of the primitives share."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

import eagerloop

T = TypeVar("T")


async def turns(count: int = 3) -> None:
    """Let everybody run who can, `count` turns of the loop."""
    for _ in range(count):
        await eagerloop.sleep(0)


def at_once(operation: Coroutine[Any, Any, T]) -> T:
    """What `operation` returns in its first step, outside any loop; it must not wait."""
    with pytest.raises(StopIteration) as stop:
        operation.send(None)
    return stop.value.value
