"""EventLoopPolicy, where the running Python has policies, and what every new loop is given.

Policies are the running Python's own (deprecated in 3.14, gone from 3.16), so ours derives from its
default
one: what that offers stays, child watchers before 3.14 for instance.
"""

from __future__ import annotations

import sys
import threading
import warnings
from asyncio import unix_events as _theirs
from asyncio.events import AbstractEventLoop
from typing import Any

from .core.eager import eager_task_factory
from .eventloop import EventLoop

__all__: tuple[str, ...] = ()


def _level_outside() -> int:
    """The stack level of the first caller outside this package, as `warnings.warn` counts it."""
    level, frame = 1, sys._getframe(1)
    package = __name__.partition(".")[0]
    while frame.f_back is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in (package, "asyncio"):
            break
        level, frame = level + 1, frame.f_back
    return level


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

        if sys.version_info < (3, 14):

            def get_event_loop(self) -> AbstractEventLoop:
                """This thread's loop; in the main thread one is made if none was ever set."""
                main = threading.current_thread() is threading.main_thread()
                if main and self._local._loop is None and not self._local._set_called:
                    if sys.version_info >= (3, 12):
                        warnings.warn(
                            "There is no current event loop",
                            DeprecationWarning,
                            stacklevel=_level_outside(),
                        )
                    self.set_event_loop(self.new_event_loop())
                loop: AbstractEventLoop = super().get_event_loop()
                return loop

    __all__ = ("EventLoopPolicy",)
