"""EventLoopPolicy, where the running Python has policies."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

import eagerloop
from eagerloop import events, policy

pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 16), reason="there are no policies any more"
)


def test_makes_our_loops() -> None:
    loop = policy.EventLoopPolicy().new_event_loop()
    assert isinstance(loop, eagerloop.EventLoop)
    loop.close()


def test_is_the_default() -> None:
    loop = eagerloop.new_event_loop()
    assert isinstance(loop, eagerloop.EventLoop)
    loop.close()


def test_a_policy_that_the_program_chose_is_honoured() -> None:
    class Chosen(policy.EventLoopPolicy):
        _loop_factory = asyncio.SelectorEventLoop  # type: ignore[assignment]

    Chosen.__module__ = "somebody.elses"
    before: Any = vars(sys.modules["asyncio.events"])["_event_loop_policy"]
    events._set_event_loop_policy(Chosen())
    try:

        async def main() -> Any:
            return eagerloop.get_running_loop()

        assert isinstance(eagerloop.run(main()), asyncio.SelectorEventLoop)
    finally:
        events._set_event_loop_policy(before)
