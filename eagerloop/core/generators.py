"""What `iter(future)` gives, for `yield from`: a generator of the interpreter's own make.

Never compiled: a compiled generator does not warn of `throw(type, value, traceback)`, and inspection does
not know it. `await` takes another way (`Future.__await__`, and compiled, the type's slots).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any


def wait_for(future: Any) -> Generator[Any, None, Any]:
    """Yields the future until it is done; its result or exception is the outcome."""
    if not future.done():
        future._asyncio_future_blocking = True
        yield future
        if not future.done():
            raise RuntimeError("await wasn't used with future")
    return future.result()
