"""asyncio.timeouts: Timeout, and what makes one."""

from __future__ import annotations

from .tasks.timeouts import Timeout, timeout, timeout_at

__all__ = ("Timeout", "timeout", "timeout_at")
