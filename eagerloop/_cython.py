"""Stand-in for the `cython` module in interpreted runs, so that Cython is needed to build only.

A compiled file that must branch says

    if TYPE_CHECKING:
        import cython
    else:
        from .. import _cython as cython

Cython recognises the first import and drops the dead branch of `if cython.compiled:`.
"""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")

compiled = False


def cast(kind: object, value: T) -> T:
    """`value`; compiled, a C cast without a check."""
    return value
