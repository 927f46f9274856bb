"""Barrier: a fixed number of tasks meet, and all go on at once.

    filling --the last party arrives--> draining --the last party has left--> filling
    filling, draining --reset() while somebody is inside--> resetting --all have left--> filling
    any --abort()--> broken --reset()--> resetting or filling

Whoever comes while a barrier drains or resets stays outside until it fills again. `_count` is who
is inside: while filling it gives each arrival its index, while draining it tells the last to leave.
"""

from __future__ import annotations

from asyncio.exceptions import BrokenBarrierError
from enum import Enum
from typing import Any

from .condition import Condition
from .loopbound import LoopBound

__all__ = ("Barrier",)


class State(Enum):
    """Where a barrier is in its cycle."""

    FILLING = "filling"
    DRAINING = "draining"
    RESETTING = "resetting"
    BROKEN = "broken"


_CLOSED = (State.DRAINING, State.RESETTING)
_FAILED = (State.BROKEN, State.RESETTING)


class Barrier(LoopBound):
    """A barrier for `parties` tasks; ValueError if that is less than one."""

    __slots__ = ("_cond", "_count", "_parties", "_state")

    def __init__(self, parties: int) -> None:
        if parties < 1:
            raise ValueError("parties must be >= 1")
        super().__init__()
        self._cond = Condition()
        self._count = 0
        self._parties = parties
        self._state = State.FILLING

    def _kept(self) -> tuple[type, tuple[Any, ...], tuple[str, ...]]:
        return Barrier, (self._parties,), ("_cond", "_count", "_state")

    def __repr__(self) -> str:
        extra = self._state.value
        if not self.broken:
            extra += f", waiters:{self.n_waiting}/{self.parties}"
        return f"<{object.__repr__(self)[1:-1]} [{extra}]>"

    @property
    def parties(self) -> int:
        """How many tasks the barrier waits for."""
        return self._parties

    @property
    def n_waiting(self) -> int:
        """How many wait in it; 0 while it is not filling."""
        return self._count if self._state is State.FILLING else 0

    @property
    def broken(self) -> bool:
        """True after abort(), until reset()."""
        return self._state is State.BROKEN

    async def __aenter__(self) -> int:
        return await self.wait()

    async def __aexit__(self, *exc_info: object) -> None:
        pass

    async def wait(self) -> int:
        """Wait for the other parties; return our index, 0 to parties - 1, in order of arrival.

        BrokenBarrierError if the barrier is broken, or is aborted or reset meanwhile.
        """
        async with self._cond:
            await self._block()
            index = self._count
            self._count += 1
            try:
                if index + 1 == self._parties:
                    self._state = State.DRAINING
                    self._cond.notify_all()
                else:
                    await self._wait()
                return index
            finally:
                self._count -= 1
                self._exit()

    async def reset(self) -> None:
        """Begin anew; whoever is inside gets BrokenBarrierError."""
        async with self._cond:
            self._state = State.RESETTING if self._count > 0 else State.FILLING
            self._cond.notify_all()

    async def abort(self) -> None:
        """Break the barrier: whoever is inside, and whoever comes, gets BrokenBarrierError."""
        async with self._cond:
            self._state = State.BROKEN
            self._cond.notify_all()

    async def _block(self) -> None:
        """Stay outside while the barrier drains or resets."""
        await self._cond.wait_for(self._is_open)
        if self._state is State.BROKEN:
            raise BrokenBarrierError("Barrier aborted")

    async def _wait(self) -> None:
        """Stay inside while it fills."""
        await self._cond.wait_for(self._is_full)
        if self._state in _FAILED:
            raise BrokenBarrierError("Abort or reset of barrier")

    def _is_open(self) -> bool:
        return self._state not in _CLOSED

    def _is_full(self) -> bool:
        return self._state is not State.FILLING

    def _exit(self) -> None:
        """Open the barrier again behind the last to leave."""
        if self._count == 0:
            if self._state in _CLOSED:
                self._state = State.FILLING
            self._cond.notify_all()
