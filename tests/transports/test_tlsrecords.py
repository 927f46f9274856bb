"""RecordScan: however the records come, it knows where the last complete one ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eagerloop.transports.tlsrecords import RecordScan

records = st.lists(
    st.builds(
        lambda kind, body: bytes([kind, 3, 3]) + len(body).to_bytes(2, "big") + body,
        st.integers(20, 24),
        st.binary(max_size=20),
    ),
    max_size=8,
)


@given(records, st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_the_boundary_in_any_fragmentation(made: list[bytes], sizes: list[int]) -> None:
    stream = b"".join(made)
    ends = [sum(map(len, made[:count])) for count in range(len(made) + 1)]
    scan, at, turn = RecordScan(), 0, 0
    while at < len(stream):
        part = stream[at : at + sizes[turn % len(sizes)]]
        turn += 1
        at += len(part)
        scan.feed(part)
        assert scan.fed == at
        assert scan.boundary == max(end for end in ends if end <= at)
        assert scan.records == sum(end <= at for end in ends[1:])
        assert not scan.broken


@pytest.mark.parametrize(
    "start",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x16\x02\x00\x00\x05",  # SSL 2
        b"\x17\x03\x03\xff\xff",  # longer than any record
        b"\x19\x03\x03\x00\x05",  # a type there is not
    ],
)
def test_what_is_no_record_is_broken(start: bytes) -> None:
    scan = RecordScan()
    for byte in start:
        scan.feed(bytes([byte]))
    assert scan.broken
    assert scan.fed == len(start)
