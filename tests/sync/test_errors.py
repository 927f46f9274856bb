"""The queue's errors are the running Python's own where it has them."""

from __future__ import annotations

import sys
from asyncio import queues

import pytest

import eagerloop


@pytest.mark.parametrize("name", ["QueueEmpty", "QueueFull", "QueueShutDown"])
def test_whoever_catches_asyncios_catches_ours(name: str) -> None:
    ours = getattr(eagerloop, name)
    assert issubclass(ours, Exception)
    if name != "QueueShutDown" or sys.version_info >= (3, 13):
        assert ours is getattr(queues, name)
