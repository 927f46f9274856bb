"""asyncio.unix_events: the loop of this platform, and what the running Python has of policies.

Child watchers (up to Python 3.13) are the stdlib's own and are kept for programs that name them:
a loop here reaps its children itself.
"""

from __future__ import annotations

import sys
from asyncio import unix_events as _theirs
from typing import Any

from .eventloop import EventLoop
from .policy import EventLoopPolicy
from .process.reaper import can_use_pidfd as can_use_pidfd

__all__: tuple[str, ...] = ("SelectorEventLoop",)

SelectorEventLoop = _UnixSelectorEventLoop = EventLoop
_UnixDefaultEventLoopPolicy = EventLoopPolicy

if sys.version_info >= (3, 14):
    _DefaultEventLoopPolicy = EventLoopPolicy
    __all__ += ("EventLoop",)
else:
    DefaultEventLoopPolicy = EventLoopPolicy
    __all__ = tuple({*vars(_theirs)["__all__"], "EventLoop"})


def __getattr__(name: str) -> Any:
    """The child watchers, where the running Python has them."""
    if name.endswith("ChildWatcher") and hasattr(_theirs, name):
        return getattr(_theirs, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
