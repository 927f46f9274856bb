"""Select: what selectors cannot do silently."""

from __future__ import annotations

import pytest

import eagerloop
from eagerloop.poll.select import Select


def test_forgets_what_it_does_not_know() -> None:
    poller = Select()
    poller.forget(12345)
    poller.close()
    poller.close()


def test_runs_a_loop() -> None:
    loop = eagerloop.EventLoop(poller="select")
    assert loop.poller == "select"
    loop.run_until_complete(eagerloop.sleep(0.001))
    loop.close()


def test_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EAGERLOOP_POLLER", "select")
    loop = eagerloop.EventLoop()
    assert loop.poller == "select"
    loop.close()
    with pytest.raises(ValueError, match="no poller 'iocp' on this platform: choose from"):
        eagerloop.EventLoop(poller="iocp")
