"""Stands where uvloop's tests import uvloop: its names on our loop, its `_testbase` as it is.

`EAGERLOOP_UVLOOP_SOURCE` is the unpacked source distribution; what is compiled in it (`uvloop.loop`)
does not exist here.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import eagerloop
from eagerloop import policy

T = TypeVar("T")

__path__.append(os.path.join(os.environ["EAGERLOOP_UVLOOP_SOURCE"], "uvloop"))


class Loop(eagerloop.EventLoop):
    """A name of its own, for `run` accepts no other."""


def new_event_loop() -> Loop:
    return Loop()


def run(
    main: Coroutine[Any, Any, T],
    *,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] = new_event_loop,
    debug: bool | None = None,
) -> T:
    """As uvloop's: on no other loop than its own."""

    async def checked() -> T:
        if not isinstance(asyncio.get_running_loop(), Loop):
            raise TypeError("uvloop.run() uses a non-uvloop event loop")
        return await main

    with asyncio.Runner(loop_factory=loop_factory, debug=debug) as runner:
        return runner.run(checked())


class EventLoopPolicy(policy.EventLoopPolicy):
    _loop_factory = staticmethod(new_event_loop)
