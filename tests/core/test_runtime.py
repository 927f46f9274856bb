"""The header and its twin: ring and heap as a loop shows them, against plain models."""

from __future__ import annotations

import contextvars
import gc
import sys
import time
import weakref
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import eagerloop
from eagerloop.core import future
from tests.conftest import Run

Loop = eagerloop.EventLoop


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.integers(0, 30), st.just("cancel"), st.just("turn")), max_size=200))
def test_heap_against_a_sorted_list(script: list[Any]) -> None:
    loop = eagerloop.EventLoop(poller="null")
    now = loop.time()
    live: dict[int, Any] = {}
    fired: list[int] = []
    number = 0
    try:
        for step in script:
            if step == "cancel":
                if live:
                    live.pop(sorted(live)[len(live) // 2]).cancel()
            elif step == "turn":
                loop.run_until_complete(eagerloop.sleep(0))
            else:
                number += 1
                live[number] = loop.call_at(now + 1000 + step, fired.append, number)
            expected = sorted((h.when(), n) for n, h in live.items())
            shown = loop._scheduled
            assert len(shown) == len(expected)
            assert not expected or shown[0].when() == expected[0][0]
        assert fired == []
    finally:
        loop.close()


def test_ring_grows_and_keeps_order(loop: Loop) -> None:
    seen: list[int] = []
    for n in range(1000):
        loop.call_soon(seen.append, n)
    assert len(loop._ready) == 1000
    loop.run_until_complete(eagerloop.sleep(0))
    assert seen == list(range(1000))


def test_a_closed_loop_lets_go_of_everything() -> None:
    import gc
    import weakref

    class Thing:
        def call(self) -> None:
            raise AssertionError

    loop = eagerloop.EventLoop()
    thing = Thing()
    thing.handle = loop.call_soon(thing.call)  # type: ignore[attr-defined]
    thing.timer = loop.call_later(100, thing.call)  # type: ignore[attr-defined]
    gone = weakref.ref(thing)
    loop.close()
    del thing
    gc.collect()
    assert gone() is None


def test_contexts_that_somebody_holds_stay_theirs(loop: Loop) -> None:
    var: contextvars.ContextVar[int] = contextvars.ContextVar("var", default=0)
    held: list[contextvars.Context] = []

    def hold(value: int) -> None:
        var.set(value)
        held.append(contextvars.copy_context())

    handles = [loop.call_soon(hold, n) for n in range(50)]
    contexts = [handle.get_context() for handle in handles]
    loop.run_until_complete(eagerloop.sleep(0))
    assert [context[var] for context in held] == list(range(50))
    assert [context[var] for context in contexts] == list(range(50))
    assert len({id(context) for context in contexts}) == 50


def test_clock(loop: Loop) -> None:
    before = time.monotonic()
    now = loop.time()
    assert before <= now <= time.monotonic()


def test_what_a_context_holds_goes_with_its_task(run: Run) -> None:
    class Request:
        pass

    var = contextvars.ContextVar[Request]("var")

    async def serve() -> weakref.ref[Request]:
        request = Request()
        var.set(request)
        await eagerloop.sleep(0)
        await eagerloop.create_task(eagerloop.sleep(0.001))
        return weakref.ref(request)

    async def main() -> None:
        served = [await eagerloop.create_task(serve()) for _ in range(3)]
        await eagerloop.sleep(0)
        gc.collect()
        assert [request() for request in served] == [None] * 3

    run(main)


def test_the_collector_counts_none_of_our_objects(loop: Loop) -> None:
    compiled = not future.__file__.endswith(".py")
    many = 1000  # more than are kept for the next ones
    kept: list[Any] = [None] * many
    enabled = gc.isenabled()
    gc.disable()
    try:
        gc.collect()
        before = gc.get_count()[0]
        for i in range(many):
            kept[i] = loop.create_future()
        assert (gc.get_count()[0] - before < many // 2) == compiled
        assert all(gc.is_tracked(one) for one in kept)
        seen = weakref.ref(kept[-1])
        kept[:] = [None] * many
        assert seen() is None
    finally:
        if enabled:
            gc.enable()


def test_a_new_object_knows_nothing_of_what_its_memory_held(loop: Loop) -> None:
    # all ones would be an immortal object's counter
    size = object.__sizeof__(loop.create_future()) + 16
    for _ in range(3):
        rubbish = [b"\xff" * (size - 33) for _ in range(1000)]
        del rubbish
        futures = [loop.create_future() for _ in range(1000)]
        assert len({sys.getrefcount(one) for one in futures}) == 1
        seen = [weakref.ref(one) for one in futures]
        del futures
        assert not any(ref() for ref in seen)
