"""asyncio.futures: Future, and the chains between futures."""

from __future__ import annotations

from .core.future import (
    Future,
    future_add_to_awaited_by,
    future_discard_from_awaited_by,
    isfuture,
)
from .core.yields import loop_of
from .tasks.futures import (
    as_asyncio_error,
    chain_future,
    copy_future_state,
    set_concurrent_future_state,
    set_result_unless_cancelled,
    wrap_future,
)

__all__ = (
    "Future",
    "future_add_to_awaited_by",
    "future_discard_from_awaited_by",
    "isfuture",
    "wrap_future",
)

_get_loop = loop_of
_chain_future = chain_future
_copy_future_state = copy_future_state
_convert_future_exc = as_asyncio_error
_set_concurrent_future_state = set_concurrent_future_state
_set_result_unless_cancelled = set_result_unless_cancelled

# CPython's tests run over its two implementations by these names; there is one here.
_PyFuture = _CFuture = Future
_py_future_add_to_awaited_by = _c_future_add_to_awaited_by = future_add_to_awaited_by
_py_future_discard_from_awaited_by = _c_future_discard_from_awaited_by = (
    future_discard_from_awaited_by
)
