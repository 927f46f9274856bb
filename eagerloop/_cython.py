"""Stand-in for the `cython` module in interpreted runs, so that Cython is needed to build only.

A compiled file that must branch says

    if TYPE_CHECKING:
        import cython
    else:
        from .. import _cython as cython

Cython recognises the first import and drops the dead branch of `if cython.compiled:`. Where methods are decorated, type
checkers must see this module, and Cython an `import cython` that nobody runs.

A method is Cython's kind of function, which has attributes and binds as Python's do. Where `binding` is False, for a
method or, in its first line, for a file, it is the interpreter's kind of C method, which is called quicker where the
object's class is the one that has it. Bound, it has no weak reference that lasts: it is for what nobody hands on. With
`embedsignature`, `inspect.signature` knows it all the same.
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
    """Decorates a method; False: it is the interpreter's kind of C method."""
    return lambda method: method


def embedsignature(embed: bool) -> Callable[[T], T]:
    """Decorates a method; True: its signature is in its docstring, as in the interpreter's own."""
    return lambda method: method
