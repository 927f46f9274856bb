"""asyncio.queues: Queue and its kin."""

from __future__ import annotations

from .sync import LifoQueue, PriorityQueue, Queue, QueueEmpty, QueueFull, QueueShutDown

__all__ = ("LifoQueue", "PriorityQueue", "Queue", "QueueEmpty", "QueueFull", "QueueShutDown")
