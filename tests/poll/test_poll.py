"""The list of pollers."""

from __future__ import annotations

from eagerloop import poll


def test_best_first() -> None:
    names = poll.available()
    assert names[-1] == "null"
    assert "select" in names
    assert names[0] == ("epoll" if poll.Epoll.works() else "select")
