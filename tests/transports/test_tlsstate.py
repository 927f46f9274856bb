"""TLSState: both ends in memory, no connection, no time."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eagerloop.transports import tlsstate
from eagerloop.transports.tlsstate import TLSState

from .certificates import Authority

CHUNK = 16384


def pass_on(sender: TLSState, receiver: TLSState, size: int = 1 << 20) -> int:
    """Give the output of one end to the other in pieces; how many bytes it was."""
    output = sender.output()
    for at in range(0, len(output), size):
        piece = output[at : at + size]
        receiver.feed(piece)
    return len(output)


def read_all(state: TLSState) -> bytes:
    """All that can be read without an exception being needed to stop."""
    data = b""
    while state.has_record():
        part = state.read_bytes(CHUNK)
        if not part:
            break
        data += part
    return data


class Pair:
    """A client and a server of one connection."""

    def __init__(self, authority: Authority, server: ssl.SSLContext | None = None) -> None:
        self.client = TLSState(authority.client(), False, "localhost")
        self.server = TLSState(server or authority.server(), True, None)
        for state in (self.client, self.server):
            state.advance(tlsstate.HANDSHAKE)

    def shake_hands(self, size: int = 1 << 20) -> None:
        for _ in range(10):
            for mine, other in ((self.client, self.server), (self.server, self.client)):
                if mine.state == tlsstate.HANDSHAKE:
                    mine.handshake()
                pass_on(mine, other, size)
            if self.client.state == self.server.state == tlsstate.OPEN:
                return
        raise AssertionError("no handshake in ten rounds")


def test_the_table_of_states(authority: Authority) -> None:
    order = [tlsstate.HANDSHAKE, tlsstate.OPEN, tlsstate.FLUSHING, tlsstate.SHUTDOWN]
    state = TLSState(authority.server(), True, None)
    for following in order:
        with pytest.raises(RuntimeError, match=r"TLS cannot go from \w+ to NEW"):
            state.advance(tlsstate.NEW)
        state.advance(following)
    state.advance(tlsstate.CLOSED)
    with pytest.raises(RuntimeError, match="from CLOSED to CLOSED"):
        state.advance(tlsstate.CLOSED)


def test_a_name_to_check_is_required(authority: Authority) -> None:
    for name in (None, ""):
        with pytest.raises(ValueError, match="check_hostname requires server_hostname"):
            TLSState(authority.client(), False, name)
    TLSState(authority.server(), True, None)


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_handshake_in_pieces(authority: Authority, size: int, version: ssl.TLSVersion) -> None:
    context = authority.server()
    context.minimum_version = context.maximum_version = version
    pair = Pair(authority, context)
    pair.shake_hands(size)
    assert pair.client.established
    assert pair.client.write(b"hello") == 5
    pass_on(pair.client, pair.server, size)
    assert read_all(pair.server) == b"hello"
    assert not pair.server.has_record()


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=40000)), max_size=8),
    st.integers(1, 20000),
)
def test_data_both_ways_in_any_fragmentation(
    authority: Authority, messages: list[tuple[bool, bytes]], size: int
) -> None:
    pair = Pair(authority)
    pair.shake_hands()
    for up, message in messages:
        sender, receiver = (pair.client, pair.server) if up else (pair.server, pair.client)
        assert sender.write(message) == len(message)
        pass_on(sender, receiver, size)
        assert read_all(receiver) == message
        assert receiver.unread() == 0


def test_reading_into_a_small_buffer(authority: Authority) -> None:
    pair = Pair(authority)
    pair.shake_hands()
    message = bytes(range(256)) * 10
    pair.client.write(message)
    pass_on(pair.client, pair.server)
    buffer = bytearray(100)
    received = b""
    while pair.server.has_record():
        count = pair.server.read_into(memoryview(buffer), len(buffer))
        received += buffer[:count]
    assert received == message


@pytest.mark.parametrize("size", [1, 100, 16384])
def test_a_buffer_that_a_record_just_fills(authority: Authority, size: int) -> None:
    pair = Pair(authority)
    pair.shake_hands()
    read_all(pair.server)
    for _ in range(3):
        pair.client.write(bytes(size))
        pass_on(pair.client, pair.server)
        assert pair.server.is_last()
        assert pair.server.read_into(memoryview(bytearray(size)), size) == size
        assert not pair.server.has_record()
        assert not pair.server.answered()


def test_it_knows_what_openssl_may_have_answered(authority: Authority) -> None:
    pair = Pair(authority)
    pair.shake_hands()
    read_all(pair.client)  # what was no data: tickets
    assert pair.client.answered()
    assert not pair.client.answered()
    for count in (1, 3):
        for _ in range(count):
            pair.server.write(b"hello")
        pass_on(pair.server, pair.client)
        assert pair.client.is_last() == (count == 1)
        assert pair.client.answered()  # something is still to read
        assert read_all(pair.client) == b"hello" * count
        assert not pair.client.answered()
    pair.server.shut_down()
    pass_on(pair.server, pair.client)
    assert read_all(pair.client) == b""
    assert pair.client.eof
    assert pair.client.answered()


def test_data_behind_what_is_no_data(authority: Authority) -> None:
    """Tickets and data in one packet: every byte arrives, whatever was counted."""
    pair = Pair(authority)
    while not pair.server.handshake():
        pass_on(pair.server, pair.client)
        pair.client.handshake()
        pass_on(pair.client, pair.server)
    for _ in range(2):
        pair.server.write(b"hello")
    pass_on(pair.server, pair.client)
    assert read_all(pair.client) == b"hellohello"
    assert not pair.client.has_record()
    pair.server.write(b"again")
    pass_on(pair.server, pair.client)
    assert read_all(pair.client) == b"again"


def test_half_a_record_is_nothing(authority: Authority) -> None:
    pair = Pair(authority)
    pair.shake_hands()
    pair.client.write(b"hello")
    output = pair.client.output()
    for byte in output[:-1]:
        pair.server.feed(bytes([byte]))
        assert not pair.server.has_record()
    pair.server.feed(output[-1:])
    assert read_all(pair.server) == b"hello"


def test_close_notify_both_ways(authority: Authority) -> None:
    pair = Pair(authority)
    pair.shake_hands()
    pair.client.write(b"last words")
    assert not pair.client.shut_down()
    pass_on(pair.client, pair.server)
    assert read_all(pair.server) == b"last words"
    assert pair.server.eof
    assert pair.server.shut_down()
    pass_on(pair.server, pair.client)
    assert pair.client.shut_down()


def test_a_peer_that_goes_on_sending_does_not_keep_us(authority: Authority) -> None:
    pair = Pair(authority)
    pair.shake_hands()
    assert not pair.client.shut_down()
    pair.server.write(b"and another thing")
    pass_on(pair.server, pair.client)
    assert pair.client.shut_down()


def test_damage_is_an_error_and_leaves_an_alert(authority: Authority) -> None:
    pair = Pair(authority)
    pair.shake_hands()
    pair.client.write(b"hello")
    output = bytearray(pair.client.output())
    output[-1] ^= 1
    pair.server.feed(bytes(output))
    with pytest.raises(ssl.SSLError):
        read_all(pair.server)
    assert pass_on(pair.server, pair.client) > 0
    with pytest.raises(ssl.SSLError, match="ALERT"):
        read_all(pair.client)


def test_plain_text_is_an_error(authority: Authority) -> None:
    pair = Pair(authority)
    hello = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    pair.server.feed(hello)
    with pytest.raises(ssl.SSLError, match="HTTP_REQUEST"):
        pair.server.handshake()


def test_what_is_not_wanted_does_not_pile_up(authority: Authority) -> None:
    pair = Pair(authority)
    pair.shake_hands()
    scratch = memoryview(bytearray(20_000))
    for size in (1, 3 * CHUNK, 100_000):
        pair.client.write(bytes(size))
        pass_on(pair.client, pair.server, 7000)
        assert pair.server.discard(scratch) is None
        assert pair.server.unread() == 0
    pair.client.shut_down()
    goodbye = pair.client.output()
    for _ in range(3):  # and behind the goodbye nothing is even looked at
        pair.server.feed(goodbye)
        assert pair.server.discard(scratch) is None
        assert pair.server.eof
        assert pair.server.unread() == 0


def test_damage_in_what_is_not_wanted(authority: Authority) -> None:
    pair = Pair(authority)
    pair.shake_hands()
    pair.client.write(b"secret")
    record = bytearray(pair.client.output())
    record[-1] ^= 1
    pair.server.feed(bytes(record))
    assert isinstance(pair.server.discard(memoryview(bytearray(100))), ssl.SSLError)
