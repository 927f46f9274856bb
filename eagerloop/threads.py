"""asyncio.threads: to_thread."""

from __future__ import annotations

from .tasks.threads import to_thread

__all__ = ("to_thread",)
