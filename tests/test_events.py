"""Which loop is running, set and made: eagerloop and the stdlib give one answer."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

import eagerloop
from eagerloop import events


@pytest.fixture(autouse=True)
def fresh_policy() -> Iterator[None]:
    """No test leaves a policy or a loop behind."""
    events._set_event_loop_policy(None)
    yield
    events._set_event_loop_policy(None)


def test_new_loops_are_ours() -> None:
    loop = events.new_event_loop()
    assert isinstance(loop, eagerloop.EventLoop)
    loop.close()


def test_a_loop_that_is_set_is_set_for_the_stdlib_too(loop: eagerloop.EventLoop) -> None:
    events.set_event_loop(loop)
    assert events.get_event_loop() is loop
    assert asyncio.get_event_loop() is loop
    asyncio.set_event_loop(None)
    with pytest.raises(RuntimeError, match="no current event loop in thread 'MainThread'"):
        events.get_event_loop()
    with pytest.raises(TypeError, match="must be an instance of AbstractEventLoop or None"):
        events.set_event_loop(object())  # type: ignore[arg-type]


def test_the_running_loop_comes_first(loop: eagerloop.EventLoop) -> None:
    async def main() -> None:
        assert events.get_event_loop() is loop
        assert events.get_running_loop() is loop
        assert asyncio.get_running_loop() is loop

    loop.run_until_complete(main())
    with pytest.raises(RuntimeError, match="no running event loop"):
        events.get_running_loop()


def test_a_loop_is_made_where_the_running_python_makes_one() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        if sys.version_info >= (3, 14):
            with pytest.raises(RuntimeError, match="no current event loop"):
                events.get_event_loop()
            assert seen == []
            return
        loop = events.get_event_loop()
    assert isinstance(loop, eagerloop.EventLoop)
    assert events.get_event_loop() is loop
    loop.close()
    if sys.version_info >= (3, 12):
        (warning,) = seen
        assert warning.category is DeprecationWarning
        assert warning.filename == __file__
    else:
        assert seen == []


def test_no_loop_is_made_in_another_thread() -> None:
    caught: list[BaseException] = []

    def ask() -> None:
        try:
            events.get_event_loop()
        except RuntimeError as exc:
            caught.append(exc)

    thread = threading.Thread(target=ask, name="other")
    thread.start()
    thread.join()
    assert str(caught[0]) == "There is no current event loop in thread 'other'."


class Policy(events._AbstractPolicy):  # type: ignore[misc]
    """A program's own choice."""

    def __init__(self, loop: Any) -> None:
        self.loop = loop

    def new_event_loop(self) -> Any:
        return self.loop

    def get_event_loop(self) -> Any:
        return self.loop


def test_a_program_s_own_policy_is_followed(loop: eagerloop.EventLoop) -> None:
    policy = Policy(loop)
    events._set_event_loop_policy(policy)
    assert events._event_loop_policy is policy
    assert events._get_event_loop_policy() is policy
    assert events.new_event_loop() is loop
    assert events.get_event_loop() is loop
    assert asyncio.get_event_loop() is loop
    with pytest.raises(TypeError, match="must be an instance of AbstractEventLoopPolicy or None"):
        events._set_event_loop_policy(object())


def test_the_default_policy_is_one_object_until_it_is_replaced() -> None:
    default = events._get_event_loop_policy()
    assert isinstance(default, events._AbstractPolicy)
    assert events._get_event_loop_policy() is default
    events._set_event_loop_policy(None)
    assert events._get_event_loop_policy() is not default


def test_policies_are_deprecated_where_the_running_python_says_so() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        events.set_event_loop_policy(None)
        events.get_event_loop_policy()
    assert len(seen) == (2 if sys.version_info >= (3, 14) else 0)
    assert {warning.filename for warning in seen} <= {__file__}


@pytest.mark.skipif(sys.version_info < (3, 14), reason="deprecated in 3.14")
@pytest.mark.parametrize("name", ["AbstractEventLoopPolicy", "DefaultEventLoopPolicy"])
def test_the_package_s_deprecated_names_warn_where_they_are_used(name: str) -> None:
    # else a filter for the program's own modules, as Python's default one for __main__, hides it
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        getattr(eagerloop, name)
    assert [warning.filename for warning in seen] == [__file__]


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="removed in 3.14")
def test_child_watchers_go_through_the_policy() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        watcher = events.get_child_watcher()
        assert events.get_child_watcher() is watcher
        events.set_child_watcher(None)
        assert events.get_child_watcher() is not watcher


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_has_no_loop(loop: eagerloop.EventLoop) -> None:
    async def main() -> int:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                running = events._get_running_loop() is None
                try:
                    set_ = events._get_event_loop_policy()._local._loop is None
                except RuntimeError:
                    set_ = True
                status = 0 if running and set_ else 2
            finally:
                os._exit(status)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    events.set_event_loop(loop)
    assert loop.run_until_complete(main()) == 0
    assert events.get_event_loop() is loop
    events.set_event_loop(None)


def test_other_attributes_are_missing_as_usual() -> None:
    with pytest.raises(AttributeError, match=r"module 'eagerloop\.events' has no attribute 'x'"):
        events.x
