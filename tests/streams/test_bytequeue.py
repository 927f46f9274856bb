"""ByteQueue against a plain bytes object."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eagerloop.streams.bytequeue import ByteQueue

chunks = st.one_of(st.binary(max_size=9), st.binary(max_size=9).map(bytearray))
steps = st.one_of(
    st.tuples(st.just("append"), chunks),
    st.tuples(st.just("take"), st.integers(0, 12)),
    st.tuples(st.just("find"), st.tuples(st.binary(min_size=1, max_size=2), st.integers(0, 9))),
    st.tuples(st.just("lend"), st.none()),
)


@given(st.lists(steps, max_size=40))
def test_is_a_bytes_object_that_grows_and_shrinks(plan: list[tuple[str, object]]) -> None:
    queue, model, taken = ByteQueue(), b"", 0
    for step, argument in plan:
        if step == "append":
            assert isinstance(argument, bytes | bytearray)
            queue.append(argument)
            model += argument
        elif step == "take":
            assert isinstance(argument, int)
            count = min(argument, len(model))
            data = queue.take(count)
            assert type(data) is bytes
            assert data == model[:count]
            model = model[count:]
            taken += count
        elif step == "find":
            assert isinstance(argument, tuple)
            separator, start = argument
            assert queue.find(separator, start) == model.find(separator, start)
        else:
            assert queue.lend() == model
        assert queue.size() == len(model)
        assert queue.taken == taken


def test_a_packet_read_at_once_is_not_copied() -> None:
    queue, packet = ByteQueue(), b"one packet"
    queue.append(packet)
    assert queue.take(len(packet)) is packet


def test_a_mutable_packet_is_copied() -> None:
    queue, packet = ByteQueue(), bytearray(b"one")
    queue.append(packet)
    packet[:] = b"two"
    assert queue.take(3) == b"one"


def test_the_lent_bytearray_stays_the_queue() -> None:
    queue = ByteQueue()
    lent = queue.lend()
    queue.append(b"abc")
    assert lent == b"abc"
    assert queue.take(3) == b"abc"
    assert lent == b""
    lent += b"de"
    assert queue.size() == 2
    assert queue.lend() is lent
