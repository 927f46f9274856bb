"""How callbacks and short stacks are shown."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from eagerloop import constants, format_helpers


def sample(*args: object, **kwargs: object) -> None:
    """Does nothing."""


class Holder:
    def method(self) -> None:
        """Does nothing."""

    bound = functools.partialmethod(sample, 1)


@functools.wraps(sample)
def wrapper() -> None:
    """Does nothing."""


LINE = sample.__code__.co_firstlineno


@pytest.mark.parametrize(
    ("func", "source"),
    [
        (sample, (__file__, LINE)),
        (wrapper, (__file__, LINE)),
        (functools.partial(functools.partial(sample, 1), 2), (__file__, LINE)),
        (vars(Holder)["bound"], (__file__, LINE)),
        (len, None),
        (Holder(), None),
    ],
)
def test_the_source_of_a_function(func: Any, source: Any) -> None:
    assert format_helpers._get_function_source(func) == source


@pytest.mark.parametrize(
    ("func", "args", "debug", "text"),
    [
        (sample, (1,), False, "sample()"),
        (sample, (1, "x" * 99), True, "sample(1, 'xxxxxxxxxxxx...xxxxxxxxxxxxx')"),
        (Holder.method, (), False, "Holder.method()"),
        (functools.partial(sample, 1, key=2), (3,), True, "sample(1, key=2)(3)"),
        (functools.partial(sample, 1), (3,), False, "sample()()"),
    ],
)
def test_a_call_is_shown_with_its_arguments_in_debug_mode_only(
    func: Any, args: Any, debug: bool, text: str
) -> None:
    assert format_helpers._format_callback(func, args, None, debug=debug) == text


def test_what_has_no_name_is_shown_as_itself() -> None:
    holder = Holder()
    assert format_helpers._format_callback(holder, (), None) == f"{holder!r}()"


def test_a_call_is_shown_with_its_place() -> None:
    text = format_helpers._format_callback_source(sample, ())
    assert text == f"sample() at {__file__}:{LINE}"


def test_a_stack_ends_at_its_caller_and_is_short() -> None:
    def deep(levels: int) -> Any:
        return deep(levels - 1) if levels else format_helpers.extract_stack()

    stack = deep(2 * constants.DEBUG_STACK_DEPTH)
    assert len(stack) == constants.DEBUG_STACK_DEPTH
    assert stack[-1].name == "deep"
    assert len(format_helpers.extract_stack(limit=2)) == 2
