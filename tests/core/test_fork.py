"""The poller that a loop has in a forked child: it refuses, and forgets in silence."""

from __future__ import annotations

import os

import pytest

from eagerloop.core import runtime
from eagerloop.core.fork import Forked
from eagerloop.core.watch import READ, WRITE

TEXT = rf"belongs to process 4711 .* in process {os.getpid()}, .* make a new event loop here"


def test_waiting_is_refused_with_both_processes_named() -> None:
    with pytest.raises(RuntimeError, match=TEXT):
        Forked(4711).wait(runtime.ring_new(), 0.0)


@pytest.mark.parametrize("after", [READ, WRITE, READ | WRITE])
def test_watching_is_refused(after: int) -> None:
    with pytest.raises(RuntimeError, match=TEXT):
        Forked(4711).change(0, 0, after)


def test_forgetting_is_not() -> None:
    poller = Forked(4711)
    poller.change(0, READ, 0)
    poller.close()
    poller.close()
