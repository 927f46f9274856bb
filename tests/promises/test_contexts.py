"""Each entry of the ready queue runs in its own variables, and nothing else runs in them."""

import contextvars
import gc
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import eagerloop

Loop = eagerloop.EventLoop

where: contextvars.ContextVar[Any] = contextvars.ContextVar("where", default="outside")


def elsewhere(value: Any = "inside") -> contextvars.Context:
    context = contextvars.copy_context()
    context.run(where.set, value)
    return context


def run(loop: Loop, turns: int = 2) -> None:
    for _ in range(turns):
        loop.call_soon(loop.stop)
        loop.run_forever()


def test_each_of_many_sees_its_own(loop: Loop) -> None:
    seen: list[Any] = []
    shared = [elsewhere(each) for each in range(3)]

    def look() -> None:
        seen.append(where.get())

    for i in range(30):
        # three in a row with the same variables, two that others have, one without any
        loop.call_soon(look, context=shared[i // 3 % 3])
        shared[i % 3].run(loop.call_soon, look)
        loop.call_soon(look)
    run(loop)
    expected = [value for i in range(30) for value in (i // 3 % 3, i % 3, "outside")]
    assert seen == expected


def test_what_one_sets_is_its_own(loop: Loop) -> None:
    seen: list[Any] = []

    def leaves(value: Any) -> None:
        seen.append(where.get())
        where.set(value)

    context = contextvars.copy_context()
    for i in range(3):
        loop.call_soon(leaves, i)  # each in a copy of these variables
        loop.call_soon(leaves, i, context=context)  # all in one Context
    run(loop)
    assert seen == ["outside", "outside", "outside", 0, "outside", 1]
    assert context[where] == 2
    assert where.get() == "outside"


def test_a_task_keeps_its_variables_among_others(loop: Loop) -> None:
    async def counts(name: str) -> list[Any]:
        seen = []
        for i in range(5):
            token = where.set((name, i))
            await eagerloop.sleep(0)
            seen.append(where.get())
            where.reset(token)
            seen.append(where.get())
            await eagerloop.sleep(0)
        return seen

    async def main() -> list[list[Any]]:
        return await eagerloop.gather(*[counts(name) for name in "abc"])

    for name, seen in zip("abc", loop.run_until_complete(main()), strict=True):
        assert seen == [each for i in range(5) for each in ((name, i), "outside")]


@pytest.mark.parametrize("wrong", [3, "text", {}, object(), contextvars])
def test_what_is_no_context_is_refused_at_once(loop: Loop, wrong: Any) -> None:
    pending, done = loop.create_future(), loop.create_future()
    done.set_result(None)
    calls: list[Callable[..., Any]] = [
        partial(loop.call_soon, where.get),
        partial(loop.call_soon_threadsafe, where.get),
        partial(loop.call_later, 0, where.get),
        partial(loop.call_at, 0, where.get),
        partial(pending.add_done_callback, where.set),
        partial(done.add_done_callback, where.set),
        partial(eagerloop.Handle, where.get, (), loop),
        partial(eagerloop.TimerHandle, 0, where.get, (), loop),
    ]
    words = rf"^a contextvars\.Context was expected, got {type(wrong).__name__}$"
    for call in calls:
        with pytest.raises(TypeError, match=words):
            call(context=wrong)
    pending.set_result(None)
    for debug in (False, True):
        loop.set_debug(debug)
        loop.run_until_complete(eagerloop.sleep(0.001))  # nothing of it was scheduled


def test_a_context_that_somebody_got_stays_what_it_was(loop: Loop) -> None:
    got: list[contextvars.Context] = []

    async def gives() -> None:
        task: Any = eagerloop.current_task()
        where.set(task.get_name())
        got.append(task.get_context())
        await eagerloop.sleep(0)
        assert task.get_context() is got[names.index(task.get_name())]

    names = ["first", "second", "third"]

    async def main() -> None:
        await eagerloop.gather(*[eagerloop.create_task(gives(), name=name) for name in names])

    loop.run_until_complete(main())
    assert [context[where] for context in got] == names


@pytest.mark.parametrize("fails", [ZeroDivisionError, SystemExit, KeyboardInterrupt])
def test_failures_leave_the_variables(
    loop: Loop, fails: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(loop, "call_exception_handler", lambda _: told.append(where.get()))

    def fail() -> None:
        assert where.get() == "inside"
        raise fails

    elsewhere().run(loop.call_soon, fail)
    elsewhere().run(loop.call_soon, where.get)
    if fails is ZeroDivisionError:
        run(loop)
        assert told == ["outside"]
    else:
        with pytest.raises(fails):
            run(loop)
    assert where.get() == "outside"
    run(loop)


def test_one_turn_by_itself_leaves_them_too(loop: Loop) -> None:
    elsewhere().run(loop.call_soon, where.get)
    loop._run_once()
    assert where.get() == "outside"


def test_an_eager_task_comes_back_to_its_parents_context(loop: Loop) -> None:
    async def child() -> None:
        where.set("child's")
        await eagerloop.sleep(0)
        assert where.get() == "child's"

    async def main() -> None:
        own: Any = eagerloop.current_task()
        where.set("parent's")
        children = [
            eagerloop.Task(child(), eager_start=True)  # type: ignore[call-arg]  # typeshed: from 3.12 on
            for _ in range(3)
        ]
        assert where.get() == "parent's"
        where.set("still the parent's")
        await eagerloop.wait(children)
        assert where.get() == "still the parent's"
        assert own.get_context()[where] == "still the parent's"

    loop.run_until_complete(loop.create_task(main()))


def test_values_go_when_their_entries_have_run(loop: Loop) -> None:
    class Value:
        """Its end is seen."""

        def __init__(self, told: Callable[[], None]) -> None:
            self.told = told

        def __del__(self) -> None:
            self.told()

    gone: list[int] = []
    value = Value(lambda: gone.append(1))
    elsewhere(value).run(loop.call_soon, where.get)
    del value
    loop.call_later(0.01, loop.stop)  # the loop sleeps, and is in nobody's variables
    loop.run_forever()
    gc.collect()
    assert gone == [1]
