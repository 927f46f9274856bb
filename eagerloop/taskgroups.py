"""asyncio.taskgroups: TaskGroup."""

from __future__ import annotations

from .tasks.groups import TaskGroup

__all__ = ("TaskGroup",)
