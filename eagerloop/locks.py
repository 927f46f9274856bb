"""asyncio.locks: Lock, Event, Condition, Semaphore, BoundedSemaphore, Barrier."""

from __future__ import annotations

from .sync import Barrier, BoundedSemaphore, Condition, Event, Lock, Semaphore

__all__ = ("Barrier", "BoundedSemaphore", "Condition", "Event", "Lock", "Semaphore")
