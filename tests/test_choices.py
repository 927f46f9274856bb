"""What design choices are worth: that every body runs, and that the counts are read rightly."""

from __future__ import annotations

import asyncio

import pytest

import eagerloop
from bench import choices


@pytest.mark.parametrize("name", choices.CHOICES)
def test_both_bodies_run(name: str) -> None:
    choice = choices.CHOICES[name]
    eagerloop.run(choices.alive(choice.chosen, 200), eager=choice.eager)
    factory = asyncio.SelectorEventLoop if choice.foreign else eagerloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(choices.alive(choice.other, 200))


def test_instructions_are_those_of_each_process() -> None:
    report = "==7== I   refs:      1,000\n==8== I refs:  3,500\n==6== I refs: 90\n"
    counts = dict(choices.counts(choices.INSTRUCTIONS, report, "7", "8"))
    assert counts == {"7": 1000, "8": 3500, "6": 90}


def test_calls_are_counted_by_process() -> None:
    report = (
        "[pid 7] sendto(3, ...) = 5\n[pid 8] sendto(3, ...) = 5\n"
        "[pid  8] epoll_wait(4, ...) = 0\n[pid 8] read(4, ...) = 0\n"
    )
    assert dict(choices.counts(choices.CALLS, report, "7", "8")) == {"7": 1, "8": 2}
