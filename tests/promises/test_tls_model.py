"""TLS against a plain model: what one side writes is what the other one gets, and each ends once.

Two layers over a wire in memory that carries as many bytes at a time as the machine likes, is full
or has room, and over which either side pauses, resumes, sets limits and closes.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

import eagerloop
from eagerloop.transports.tls import SSLProtocol
from tests.transports.certificates import Authority
from tests.transports.recording import Flowing

PATTERN = bytes(index * index // 7 % 256 for index in range(1 << 12)) * 128
SIDES = st.integers(0, 1)
SIZES = st.one_of(st.integers(0, 60), st.integers(16_000, 17_000), st.integers(60_000, 140_000))


@functools.cache
def authority() -> Authority:
    return Authority(Path(tempfile.mkdtemp(prefix="eagerloop-tls-model-")))


class Wire(eagerloop.Transport):
    """The transport below one layer; the machine carries `out` to the other side."""

    def __init__(self, loop: eagerloop.AbstractEventLoop, layer: SSLProtocol) -> None:
        super().__init__()
        self.loop = loop
        self.layer = layer
        self.out = bytearray()
        self.reading = True
        self.full = False
        self.closed = False

    def write(self, data: Any) -> None:
        if not self.closed:
            self.out += data

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        if not self.closed:
            self.closed = True
            self.loop.call_soon(self.layer.connection_lost, None)


class Application(Flowing):
    """Checks what comes against the pattern."""

    def __init__(self) -> None:
        super().__init__()
        self.received = 0

    def data_received(self, data: bytes) -> None:
        assert not self.ends
        at = self.received % 4096
        assert data == PATTERN[at : at + len(data)]
        self.received += len(data)


class TLSMachine(RuleBasedStateMachine):
    """Side 0 is the client, side 1 the server."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = eagerloop.new_event_loop()
        self.reports: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _, context: self.reports.append(context))
        self.apps = [Application(), Application()]
        made = authority()
        contexts = (made.client(), made.server())
        self.layers = [
            SSLProtocol(self.loop, app, context, None, bool(side), None if side else "localhost")
            for side, (app, context) in enumerate(zip(self.apps, contexts, strict=True))
        ]
        self.tls: list[Any] = [layer._app_transport for layer in self.layers]
        self.wires = [Wire(self.loop, layer) for layer in self.layers]
        for layer, wire in zip(self.layers, self.wires, strict=True):
            layer.connection_made(wire)
        self.written = [0, 0]
        self.ended: list[bool] = [False, False]  # by its application, or told so
        self.told_end = [False, False]  # the wire has said that no more will come
        while not all(layer._tls.established for layer in self.layers):
            self.carry(0, 1 << 20)
            self.carry(1, 1 << 20)

    @rule(side=SIDES, size=SIZES, mutable=st.booleans())
    def write(self, side: int, size: int, mutable: bool) -> None:
        if self.tls[side].is_closing():
            return
        at = self.written[side] % 4096
        data: Any = PATTERN[at : at + size]
        self.written[side] += size
        if mutable:
            data = bytearray(data)
        self.tls[side].write(data)
        if mutable:
            data.clear()  # it is the caller's again

    @rule(side=SIDES, size=st.one_of(st.integers(1, 30), st.integers(1, 400_000)))
    def carry(self, side: int, size: int) -> None:
        """Bytes from `side` to the other one, if that one reads; behind them, that no more come."""
        wire, peer = self.wires[side], self.wires[1 - side]
        if not peer.reading or peer.closed:
            return
        data = bytes(wire.out[:size])
        del wire.out[:size]
        while data and peer.reading and not peer.closed:
            room = self.layers[1 - side].get_buffer(-1)
            count = min(len(room), len(data))
            room[:count] = data[:count]
            data = data[count:]
            self.layers[1 - side].buffer_updated(count)
        wire.out[:0] = data
        if wire.closed and not wire.out and not self.told_end[1 - side] and not peer.closed:
            self.told_end[1 - side] = True
            self.layers[1 - side].eof_received()

    @rule(side=SIDES)
    def pause(self, side: int) -> None:
        self.tls[side].pause_reading()

    @rule(side=SIDES)
    def resume(self, side: int) -> None:
        self.tls[side].resume_reading()

    @rule(side=SIDES, high=st.sampled_from([0, 100, 20_000, 200_000]))
    def limit_reading(self, side: int, high: int) -> None:
        self.tls[side].set_read_buffer_limits(high)

    @rule(side=SIDES, high=st.sampled_from([0, 100, 20_000, 200_000]))
    def limit_writing(self, side: int, high: int) -> None:
        self.tls[side].set_write_buffer_limits(high)

    @rule(side=SIDES)
    def fill_or_drain(self, side: int) -> None:
        wire, layer = self.wires[side], self.layers[side]
        if not wire.closed:
            wire.full = not wire.full
            (layer.pause_writing if wire.full else layer.resume_writing)()

    @rule(side=SIDES)
    def close(self, side: int) -> None:
        self.ended[side] = True
        self.tls[side].close()

    @rule()
    def turn(self) -> None:
        self.loop.run_until_complete(eagerloop.sleep(0))
        for app, written in zip(self.apps, reversed(self.written), strict=True):
            assert app.received <= written

    def settle(self) -> None:
        """Everything goes, until nothing goes any more."""
        for _ in range(300):
            before = [app.received for app in self.apps], [len(wire.out) for wire in self.wires]
            for side in (0, 1):
                self.resume(side)
                if self.wires[side].full:
                    self.fill_or_drain(side)
                self.carry(side, 1 << 18)
                self.turn()
            after = [app.received for app in self.apps], [len(wire.out) for wire in self.wires]
            if before == after and not any(after[1]):
                return

    def teardown(self) -> None:
        self.settle()
        for side in (0, 1):
            if not self.ended[1 - side]:  # who closes drops what still comes
                assert self.apps[1 - side].received == self.written[side]
        for side in (0, 1):
            self.tls[side].close()
        self.settle()
        assert [app.ends for app in self.apps] == [[None], [None]]
        assert not any(app.paused and not app.ends for app in self.apps)
        self.loop.close()
        assert self.reports == []


TestTLS = TLSMachine.TestCase
TestTLS.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
