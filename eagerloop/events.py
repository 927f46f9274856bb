"""asyncio.events: handles, the abstract interfaces, and which loop is running, set or made.

All of that state is the interpreter's and the stdlib's own, so that code which asks asyncio and
code which asks eagerloop get one answer: the running loop, the loop that was set, and a policy that
a program chose. Only the default differs: where nobody chose a policy, the one here makes our
loops, over the stdlib's store of loops that were set.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from asyncio import events as _theirs
from asyncio.events import (
    AbstractEventLoop,
    AbstractServer,
    _get_running_loop,
    _set_running_loop,
    get_running_loop,
)
from typing import TYPE_CHECKING, Any

from .core.handle import ThreadsafeHandle as _ThreadSafeHandle  # noqa: F401  (a name of 3.14)

if TYPE_CHECKING:  # what AbstractEventLoop.call_later is declared to give must fit an annotation
    from asyncio.events import Handle, TimerHandle
if not TYPE_CHECKING:  # no else: the manual is made by what takes the last
    from .core.handle import Handle
    from .core.timers import TimerHandle

__all__ = [
    "AbstractEventLoop",
    "AbstractServer",
    "Handle",
    "TimerHandle",
    "_get_running_loop",
    "_set_running_loop",
    "get_event_loop",
    "get_event_loop_policy",
    "get_running_loop",
    "new_event_loop",
    "set_event_loop",
    "set_event_loop_policy",
]

# policies have underscored names from 3.14 on, where the plain ones are deprecated
_DEPRECATED = sys.version_info >= (3, 14)
_AbstractPolicy: Any = getattr(
    _theirs, "_AbstractEventLoopPolicy" if _DEPRECATED else "AbstractEventLoopPolicy"
)

_lock = threading.Lock()
_state: dict[str, Any] = vars(_theirs)
_defaults: list[Any] = []  # our default policy, once something asked for one


def get_event_loop() -> AbstractEventLoop:
    """The running loop; without one, what the policy gives.

    Which is the loop that was set. If none was, the default policy makes one in the main thread up
    to Python 3.13 (with a DeprecationWarning from 3.12 on), and raises RuntimeError from 3.14 on.
    """
    running = _get_running_loop()
    if running is not None:
        return running
    loop: AbstractEventLoop = _get_event_loop_policy().get_event_loop()
    return loop


def set_event_loop(loop: AbstractEventLoop | None) -> None:
    """Makes `loop` this thread's current one, for code that runs outside any loop."""
    _get_event_loop_policy().set_event_loop(loop)


def new_event_loop(**options: Any) -> AbstractEventLoop:
    """A new loop; it is not set as the current one.

    Args:
        options: those of `EventLoop`; without any, the policy makes the loop.
    """
    if options:
        # here, because the loop imports this
        from .eventloop import EventLoop

        return EventLoop(**options)
    loop: AbstractEventLoop = _get_event_loop_policy().new_event_loop()
    return loop


def _get_event_loop_policy() -> Any:
    chosen = _state["_event_loop_policy"]
    if chosen is not None and type(chosen).__module__ != "asyncio.unix_events":
        return chosen
    with _lock:
        if not _defaults:
            # here, because the policy imports the loop, and the loop this
            from .policy import EventLoopPolicy

            _defaults.append(EventLoopPolicy())
    if chosen is None:
        _state["_init_event_loop_policy"]()
    # looked up each time: a fork gives the stdlib's policy a new store
    _defaults[0]._local = _state["_event_loop_policy"]._local
    return _defaults[0]


def _set_event_loop_policy(policy: Any) -> None:
    if policy is not None and not isinstance(policy, _AbstractPolicy):
        raise TypeError(
            "policy must be an instance of AbstractEventLoopPolicy or None, "
            f"not '{type(policy).__name__}'"
        )
    _defaults.clear()
    _state["_event_loop_policy"] = policy


def get_event_loop_policy() -> Any:
    """The policy in force; deprecated since 3.14."""
    if _DEPRECATED:
        warnings._deprecated(  # type: ignore[attr-defined]
            "asyncio.get_event_loop_policy", remove=(3, 16)
        )
    return _get_event_loop_policy()


def set_event_loop_policy(policy: Any) -> None:
    """Replaces the policy; None restores the default one. Deprecated since 3.14."""
    if _DEPRECATED:
        warnings._deprecated(  # type: ignore[attr-defined]
            "asyncio.set_event_loop_policy", remove=(3, 16)
        )
    _set_event_loop_policy(policy)


def deprecated(name: str, module: str) -> Any:
    """The package's names for policies on 3.14 and 3.15, where getting one warns.

    The warning is for who asked the package's `__getattr__`, which calls this.
    """
    from .policy import EventLoopPolicy

    named = {
        "AbstractEventLoopPolicy": _AbstractPolicy,
        "DefaultEventLoopPolicy": EventLoopPolicy,
    }
    if name in named:
        warnings.warn(
            f"'asyncio.{name}' is deprecated and slated for removal in Python 3.16",
            DeprecationWarning,
            stacklevel=3,
        )
        return named[name]
    raise AttributeError(f"module {module!r} has no attribute {name!r}")


def __getattr__(name: str) -> Any:
    """What the stdlib rebinds at run time: the policy in force."""
    if name == "_event_loop_policy":
        return _state[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if _DEPRECATED:
    _AbstractEventLoopPolicy = _AbstractPolicy
    _BaseDefaultEventLoopPolicy: Any = _state["_BaseDefaultEventLoopPolicy"]
else:
    AbstractEventLoopPolicy = _AbstractPolicy
    BaseDefaultEventLoopPolicy: Any = _state["BaseDefaultEventLoopPolicy"]

    def get_child_watcher() -> Any:
        """The policy's child watcher. eagerloop's loops reap their children without it."""
        return _get_event_loop_policy().get_child_watcher()

    def set_child_watcher(watcher: Any) -> None:
        """Gives the policy a child watcher. eagerloop's loops reap their children without it."""
        _get_event_loop_policy().set_child_watcher(watcher)

    __all__ += ["AbstractEventLoopPolicy", "get_child_watcher", "set_child_watcher"]


def _forget_in_child() -> None:
    """A forked child has neither its parent's running loop nor its current one (CPython: 3.12)."""
    policy = _state["_event_loop_policy"]
    if hasattr(policy, "_local"):
        policy._local = type(policy._local)()
    _set_running_loop(None)
    signal.set_wakeup_fd(-1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)

# CPython's tests run over its two implementations by these names; there is one here
_py__get_running_loop = _c__get_running_loop = _get_running_loop
_py__set_running_loop = _c__set_running_loop = _set_running_loop
_py_get_running_loop = _c_get_running_loop = get_running_loop
_py_get_event_loop = _c_get_event_loop = get_event_loop
