"""What is written comes out, in order, whatever it meets: sockets and pipes against a plain model.

A small kernel buffer, a peer that reads when it likes, and writes of any size: everything between
`write` and the peer is exercised, and after each step the water marks are checked.
"""

from __future__ import annotations

import fcntl
import os
import socket
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import eagerloop
from tests.transports.recording import Flowing

PATTERN = bytes(index * index // 7 % 256 for index in range(1 << 12)) * 512
SIZES = st.one_of(st.integers(1, 40), st.integers(400, 700), st.integers(10_000, 140_000))


class OutgoingMachine(RuleBasedStateMachine):
    """One transport; `peer` is the other end's descriptor."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = eagerloop.new_event_loop()
        self.loop.set_exception_handler(lambda _, context: self.reports.append(context))
        self.reports: list[dict[str, Any]] = []
        self.written = self.read = 0
        self.ended = False
        self.loosened = False  # limits were raised while the protocol was paused
        self.transport: Any = None
        self.peer = -1

    @initialize(kind=st.sampled_from(["socket", "pipe"]))
    def connect(self, kind: str) -> None:
        made: Any
        if kind == "socket":
            mine, other = socket.socketpair()
            mine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            self.peer = other.detach()
            made = self.loop.create_connection(Flowing, sock=mine)
        else:
            self.peer, writing = os.pipe()
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
            made = self.loop.connect_write_pipe(Flowing, open(writing, "wb", 0))
        os.set_blocking(self.peer, False)
        self.transport, self.protocol = self.loop.run_until_complete(made)

    def next_bytes(self, count: int) -> bytes:
        at = self.written % 4096
        self.written += count
        return PATTERN[at : at + count]

    open_only = precondition(lambda self: self.transport is not None and not self.ended)

    @open_only
    @rule(size=SIZES, kind=st.sampled_from([bytes, bytearray, memoryview]))
    def write(self, size: int, kind: Any) -> None:
        data = kind(self.next_bytes(size))
        self.transport.write(data)
        if kind is bytearray:
            data.clear()  # it is the caller's again

    @open_only
    @rule(sizes=st.lists(SIZES, max_size=5))
    def writelines(self, sizes: list[int]) -> None:
        self.transport.writelines([self.next_bytes(size) for size in sizes])

    @open_only
    @rule(high=st.integers(0, 100_000))
    def set_limits(self, high: int) -> None:
        before, _ = self.transport.get_write_buffer_limits()
        self.transport.set_write_buffer_limits(high=high)
        low, _ = self.transport.get_write_buffer_limits()
        # as in asyncio, the protocol hears of more room when the peer has read again
        self.loosened |= self.protocol.paused and low > before

    @rule()
    def turn(self) -> None:
        self.loop.run_until_complete(eagerloop.sleep(0))
        self.check_water()

    @rule(size=st.integers(1, 200_000))
    def peer_reads(self, size: int) -> None:
        self.take(size)

    @open_only
    @rule(way=st.sampled_from(["close", "write_eof"]))
    def end(self, way: str) -> None:
        self.ended = True
        getattr(self.transport, way)()

    def take(self, size: int) -> bool:
        """Read as the peer; False at the end of the stream."""
        try:
            data = os.read(self.peer, size)
        except BlockingIOError:
            return True
        at = self.read % 4096
        assert data == PATTERN[at : at + len(data)]
        self.read += len(data)
        return len(data) > 0

    def check_water(self) -> None:
        size = self.transport.get_write_buffer_size()
        low, high = self.transport.get_write_buffer_limits()
        assert size <= self.written - self.read
        if self.protocol.paused:
            assert size > low or self.ended or self.loosened
        else:
            self.loosened = False
            assert size <= high

    def teardown(self) -> None:
        if self.transport is not None:
            if not self.ended:
                self.transport.close()
            while self.take(1 << 17) or self.transport.get_write_buffer_size() > 0:
                self.loop.run_until_complete(eagerloop.sleep(0))
            assert self.read == self.written
            self.transport.close()  # after write_eof, the socket is still open
            self.loop.run_until_complete(eagerloop.sleep(0))
            self.loop.run_until_complete(eagerloop.sleep(0))
            assert self.protocol.ends == [None]
            os.close(self.peer)
        self.loop.close()
        assert self.reports == []


TestOutgoing = OutgoingMachine.TestCase
TestOutgoing.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
