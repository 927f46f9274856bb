"""EventLoopPolicy, where the running Python has policies, and what every new loop is given.

Policies are the running Python's own (deprecated in 3.14, gone from 3.16), so ours derives from its
default
one: what that offers stays, child watchers before 3.14 for instance.
"""

from __future__ import annotations

from asyncio import unix_events as _theirs
from typing import Any

from .core.eager import eager_task_factory
from .eventloop import EventLoop

__all__: tuple[str, ...] = ()


class Defaults:
    """What `install` was asked for."""

    eager = False


def new_eagerloop() -> EventLoop:
    """Make an `EventLoop`, with the defaults that `install` was given."""
    loop = EventLoop()
    if Defaults.eager:
        loop.set_task_factory(eager_task_factory)
    return loop


_Base: Any = getattr(_theirs, "_UnixDefaultEventLoopPolicy", None)

if _Base is not None:

    class EventLoopPolicy(_Base):  # type: ignore[misc]
        """The running Python's default policy, except that the loops it makes are eagerloop's."""

        _loop_factory = staticmethod(new_eagerloop)

    __all__ = ("EventLoopPolicy",)
