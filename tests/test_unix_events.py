"""The names of this platform: the loop, and what the running Python has of policies."""

from __future__ import annotations

import asyncio.unix_events
import sys

import pytest

import eagerloop
from eagerloop import unix_events


def test_every_name_of_the_loop_is_one_class() -> None:
    assert unix_events.SelectorEventLoop is eagerloop.EventLoop
    assert unix_events._UnixSelectorEventLoop is eagerloop.EventLoop


def test_policies_are_there_where_the_running_python_has_them() -> None:
    plain, private = hasattr(unix_events, "DefaultEventLoopPolicy"), sys.version_info >= (3, 14)
    assert plain == hasattr(asyncio.unix_events, "DefaultEventLoopPolicy")
    assert private == hasattr(unix_events, "_DefaultEventLoopPolicy")


@pytest.mark.parametrize("name", ["SafeChildWatcher", "ThreadedChildWatcher", "_PidfdChildWatcher"])
def test_child_watchers_are_the_running_python_s(name: str) -> None:
    assert hasattr(unix_events, name) == hasattr(asyncio.unix_events, name)


def test_other_attributes_are_missing_as_usual() -> None:
    with pytest.raises(AttributeError, match=r"module 'eagerloop\.unix_events' has no attribute"):
        unix_events.x
