"""Backlog: nothing lost, nothing reordered, pieces of a good size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eagerloop.transports.tlsbacklog import PIECE, RECORD, Backlog

sizes = st.one_of(
    st.integers(0, 50), st.integers(RECORD - 2, RECORD + 2), st.integers(PIECE - 1, 2 * PIECE + 9)
)


@given(st.lists(sizes, max_size=12), st.lists(st.floats(0.1, 1), min_size=1, max_size=5))
def test_what_goes_in_comes_out_in_order(counts: list[int], shares: list[float]) -> None:
    backlog, written, taken, turn = Backlog(), b"", b"", 0
    for number, count in enumerate(counts):
        data = bytes([number]) * count
        backlog.append(data if number % 2 else bytearray(data))
        written += data
    while backlog.size > 0:
        assert backlog.size == len(written) - len(taken)
        piece = backlog.take()
        assert 0 < len(piece) <= PIECE
        used = max(1, int(len(piece) * shares[turn % len(shares)]))
        turn += 1
        taken += bytes(piece[:used])
        backlog.give_back(piece, used)
    assert taken == written


def test_small_pieces_share_a_record() -> None:
    backlog = Backlog()
    for _ in range(100):
        backlog.append(bytes(200))
    assert len(backlog.take()) == 81 * 200
    assert len(backlog.take()) == 19 * 200


def test_a_buffer_that_changes_is_copied() -> None:
    backlog, data = Backlog(), bytearray(b"one")
    backlog.append(data)
    data[:] = b"two"
    assert backlog.take() == b"one"


def test_clear() -> None:
    backlog = Backlog()
    backlog.append(b"x")
    backlog.clear()
    assert backlog.size == 0


def test_what_is_given_back_may_not_change() -> None:
    backlog, data = Backlog(), bytearray(b"one")
    backlog.give_back(data, 1)
    data[:] = b"two or more"  # a buffer that is held could not grow either
    assert backlog.take() == b"ne"
