"""DONE: what `__aexit__` returns when leaving the block was done by the call already.

`async with` awaits at once what it gets, and nothing is there to wait for. So there is one such object for all, and its
iterator is one that has ended: awaiting it costs no object and no step of a coroutine.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from typing import Any

from . import operation

ENDED: Iterator[Any] = iter(())
next(ENDED, None)  # an iterator that has ended keeps nothing, and stays ended


class Finished:
    """A coroutine without a result, which has ended and does not mind to be awaited again."""

    __slots__ = ()

    def __await__(self) -> Iterator[Any]:
        return ENDED

    def send(self, value: Any, /) -> Any:
        """Ends."""
        raise StopIteration

    def throw(self, typ: Any, val: Any = None, tb: Any = None, /) -> Any:
        """Raises the exception."""
        raise operation.exception_of(typ, val, tb)

    def close(self) -> None:
        """There is nothing to end."""


Coroutine.register(Finished)
DONE: Any = Finished()
