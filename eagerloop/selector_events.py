"""asyncio.selector_events: the name under which libraries look for the loop's base class."""

from __future__ import annotations

from .eventloop import EventLoop

__all__ = ("BaseSelectorEventLoop",)

BaseSelectorEventLoop = EventLoop
