"""Pickles and copies of primitives: what holds a lock or a queue can be copied, as with asyncio's own.

A copy has the state (locked, set, the items), not those who wait. A primitive that made somebody wait has its loop in
its state, which `copy.copy` shares and no pickle takes: so only one that is still unbound can be pickled.
"""

from __future__ import annotations

from typing import Any

__all__ = ("reduced", "restore", "restored", "state")


def reduced(primitive: Any) -> tuple[Any, ...]:
    """What `__reduce__` returns; a program's subclass may have a `__getstate__` of its own."""
    maker, arguments, _ = primitive._kept()
    return restored, (type(primitive), maker, *arguments), primitive.__getstate__()


def state(primitive: Any) -> dict[str, Any]:
    """The fields that a copy has too, with the attributes that the program added."""
    _, _, names = primitive._kept()
    fields = {name: getattr(primitive, name) for name in ("_loop", *names)}
    return {**vars(primitive), **fields}


def restored(cls: Any, maker: Any, *arguments: Any) -> Any:
    """A new one, made by our own `__init__`: what a subclass's would take nobody knows."""
    made = cls.__new__(cls)
    maker.__init__(made, *arguments)
    return made


def restore(primitive: Any, state: dict[str, Any]) -> None:
    """Puts the state into a new one."""
    for name, value in state.items():
        setattr(primitive, name, value)
