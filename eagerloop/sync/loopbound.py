"""What every primitive shares: the loop it belongs to, and the futures its waiters wait on.

A primitive is made without a loop and meets one only when somebody has to wait; from then on it is
that loop's, and waiting in another is an error. The uncontended ways through a lock or a queue
never look at the loop at all.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ..core import current, future, runtime
from ..core.agenda import Agenda
from ..core.signatures import SourceSignature
from . import copies

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    import cython
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd declares it
    from ..core.runtime import dict_for_methods

__all__ = ("LoopBound",)

runtime.init()

_binding = threading.Lock()


class LoopBound:
    """Something that belongs to the first loop in which it made somebody wait."""

    __slots__ = ("__dict__", "__weakref__", "_loop")

    __signature__ = SourceSignature()

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        """What every __init__ begins with."""
        self._loop: AbstractEventLoop | None = None
        dict_for_methods(self)

    def _kept(self) -> tuple[type, tuple[Any, ...], tuple[str, ...]]:
        """Of a copy: whose `__init__` makes it, the arguments of that, and the fields that it has too."""
        return LoopBound, (), ()

    def __reduce__(self) -> tuple[Any, ...]:
        return copies.reduced(self)

    def __getstate__(self) -> dict[str, Any]:
        return copies.state(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        copies.restore(self, state)

    def _get_loop(self) -> AbstractEventLoop:
        """The running loop; RuntimeError if this primitive belongs to another."""
        loop: AbstractEventLoop = self._bind()
        return loop

    def _bind(self) -> Any:
        loop = current.running_loop()
        if self._loop is None:
            # Two threads may meet here with a loop each; only one of them may win.
            with _binding:
                if self._loop is None:
                    self._loop = loop
        if loop is not self._loop:
            raise RuntimeError(f"{self!r} is bound to a different event loop")
        return loop

    def _new_waiter(self) -> Any:
        loop = runtime.running()
        if loop is None or loop is not self._loop:
            loop = self._bind()
        if isinstance(loop, Agenda):
            return future.new(loop)
        return loop.create_future()

    def _described(self, extra: str) -> str:
        return f"<{object.__repr__(self)[1:-1]} [{extra}]>"
