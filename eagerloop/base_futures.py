"""asyncio.base_futures: the states' names, and the helpers behind Future's representation."""

from __future__ import annotations

from .core import reprs
from .core.future import isfuture

__all__ = ()

_PENDING = "PENDING"
_CANCELLED = "CANCELLED"
_FINISHED = "FINISHED"

_format_callbacks = reprs.format_callbacks
_future_repr_info = reprs.future_info
_future_repr = reprs.future_repr

isfuture = isfuture
