"""Passing on: a cancellation is passed on to what its target waits for, as deep as that goes.

Tasks that wait for each other in a circle would pass it on for ever. The interpreter counts its own calls only, so
compiled we count these: the end is a RecursionError, not the end of the stack.
"""

from __future__ import annotations

from typing import Any

from . import runtime


def cancel(waited: Any, message: Any) -> bool:
    """`waited.cancel(msg=message)`.

    Raises:
        RecursionError: the request came too deep, or in a circle.
    """
    runtime.descend()
    try:
        cancelled = waited.cancel(msg=message)
    finally:
        runtime.ascend()
    return bool(cancelled)
