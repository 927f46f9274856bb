"""asyncio.proactor_events: the class that programs ask about, which no loop here is one of."""

from __future__ import annotations

from asyncio.proactor_events import BaseProactorEventLoop

__all__ = ("BaseProactorEventLoop",)
