"""Outbox against a plain bytes model."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from eagerloop.transports.outbox import Outbox

CHUNK = st.one_of(st.binary(max_size=40), st.binary(min_size=500, max_size=700))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(CHUNK, st.integers(0, 900)), max_size=150))
def test_what_comes_out_is_what_went_in(script: list[bytes | int]) -> None:
    box, model = Outbox(), b""
    for step in script:
        if isinstance(step, bytes):
            mutable = bytearray(step)
            box.append(mutable if len(step) % 2 else step)
            mutable[:] = b"\xff" * len(mutable)
            model += step
        elif model:
            count = min(step, len(model))
            left = b"".join(box.pieces[box.first :])[box.offset :]
            assert left == model
            box.consume(count)
            model = model[count:]
        assert box.size == len(model)
    assert b"".join(box.pieces[box.first :])[box.offset :] == model


def test_large_bytes_are_not_copied() -> None:
    box, large = Outbox(), b"x" * 100_000
    box.append(large)
    assert box.pieces[0] is large
    box.clear()
    assert (box.size, box.pieces) == (0, [])
