"""A primitive belongs to the loop of its first use."""

from __future__ import annotations

import asyncio

import pytest

from eagerloop import mixins


class Primitive(mixins._LoopBoundMixin):
    def __repr__(self) -> str:
        return "<Primitive>"


async def use(primitive: Primitive) -> object:
    return primitive._get_loop()


def test_the_first_use_binds() -> None:
    primitive = Primitive()
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(use(primitive)) is loop
    assert loop.run_until_complete(use(primitive)) is loop
    loop.close()
    with pytest.raises(RuntimeError, match="<Primitive> is bound to a different event loop"):
        asyncio.run(use(primitive))
