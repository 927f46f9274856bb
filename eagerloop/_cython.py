"""Stand-in for the `cython` module in interpreted runs, so that Cython is needed to build only.

A compiled file that must branch says

    if TYPE_CHECKING:
        import cython
    else:
        from .. import _cython as cython

Cython recognises the first import and drops the dead branch of `if cython.compiled:`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

compiled = False


def cast(kind: object, value: T) -> T:
    """`value`; compiled, a C cast without a check."""
    return value


def binding(bound: bool) -> Callable[[T], T]:
    """Decorates a method; compiled, with False, it is the interpreter's own kind of C method, whose call costs a tenth less.

    Such a method takes no attributes, and bound, no weak reference that lasts: it is for what nobody hands on.
    """
    return lambda method: method


def embedsignature(embed: bool) -> Callable[[T], T]:
    """Decorates a method; compiled, with True, `inspect.signature` knows one that `binding(False)` made."""
    return lambda method: method
