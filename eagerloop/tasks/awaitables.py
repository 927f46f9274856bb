"""From anything that can be awaited to a coroutine, which is what a task needs."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

_T = TypeVar("_T")


async def as_coroutine(awaitable: Awaitable[_T]) -> _T:
    """Wrap what is awaitable but no coroutine."""
    return await awaitable
