"""What is compared: event loops, and whose tasks and primitives run on them.

A name is `loop`, `loop+eager` (every task starts eagerly) or `eagerloop-loop` (our loop and tasks
under the standard library's TaskGroup, Queue, timeout, ...: what a program gets that changes
nothing but its loop).
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

NAMES = (
    "asyncio",
    "asyncio+eager",
    "uvloop",
    "uvloop+eager",
    "rloop",
    "eagerloop",
    "eagerloop+eager",
    "eagerloop-loop",
)
PEERS = ("asyncio", "uvloop", "rloop")
SUBJECT = "eagerloop"  # whose cost the ratios are multiples of
LIMIT = "c-epoll"  # the plain C server: no implementation, but what none can beat


class Unavailable(Exception):
    """This implementation is not on this Python; the message says why, in one line."""


@dataclass(frozen=True)
class Implementation:
    name: str
    aio: ModuleType  # where TaskGroup, gather, sleep, Queue, ... come from
    new_loop: Callable[[], asyncio.AbstractEventLoop]
    version: str
    compiled: bool | None = None  # None: there is no such choice

    def run(self, coroutine: Any) -> Any:
        """Run the coroutine to its end on a new loop."""
        with self.aio.Runner(loop_factory=self.new_loop) as runner:
            return runner.run(coroutine)


def load(name: str) -> Implementation:
    """Import what the name says. Raises Unavailable where this Python has no such thing."""
    base, _, variant = name.partition("+")
    if name not in NAMES:
        raise Unavailable(f"{name!r} is no implementation; there are {', '.join(NAMES)}")
    eager = variant == "eager"
    if eager and base != "eagerloop" and sys.version_info < (3, 12):
        raise Unavailable("asyncio's tasks start eagerly from Python 3.12 on")
    if base == "asyncio":
        factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.SelectorEventLoop
        version = sys.version.split()[0]
        return Implementation(name, asyncio, eager_loops(factory) if eager else factory, version)
    module = import_peer(base.removesuffix("-loop"))
    version = str(module.__version__)
    if base == "eagerloop":
        return Implementation(
            name, module, lambda: module.new_event_loop(eager=eager), version, module.compiled()
        )
    if base == "eagerloop-loop":
        return Implementation(name, asyncio, module.new_event_loop, version, module.compiled())
    factory = module.new_event_loop
    return Implementation(name, asyncio, eager_loops(factory) if eager else factory, version)


def import_peer(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Unavailable(f"{name} is not installed ({error})") from None


def eager_loops(
    factory: Callable[[], asyncio.AbstractEventLoop],
) -> Callable[[], asyncio.AbstractEventLoop]:
    """Loops of `factory` with the standard library's eager task factory."""

    def new_loop() -> asyncio.AbstractEventLoop:
        loop = factory()
        create: Any = getattr(asyncio, "eager_task_factory")  # noqa: B009 (not there on 3.11)

        # uvloop 0.23 hands keywords to every factory that 3.12's and 3.13.0's do not take.
        def create_task(loop: Any, coroutine: Any, **options: Any) -> Any:
            name, context = options.get("name"), options.get("context")
            return create(loop, coroutine, name=name, context=context)

        loop.set_task_factory(create_task)
        return loop

    return new_loop
