"""asyncio.futures: Future, and the chains between futures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core.future import (
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

if TYPE_CHECKING:  # what AbstractEventLoop.create_future is declared to give must fit an annotation
    from asyncio.futures import Future
if not TYPE_CHECKING:  # no else: the manual is made by what takes the last
    from .core.future import Future

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
