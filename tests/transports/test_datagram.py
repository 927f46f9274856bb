"""DatagramTransport: order, flow control, errors, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.net.peers import Datagrams


class Flow(Datagrams):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def pause_writing(self) -> None:
        self.calls.append("pause")

    def resume_writing(self) -> None:
        self.calls.append("resume")


async def unix_pair(factory: Any = Flow) -> tuple[Any, Any, socket.socket]:
    """A transport, its protocol, and the raw other end, which blocks the writer when full."""
    loop: Any = asyncio.get_running_loop()
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    right.setblocking(False)
    transport, protocol = await loop.create_datagram_endpoint(factory, sock=left)
    return transport, protocol, right


def fill(transport: Any, data: bytes = b"x" * 1000) -> int:
    """Send until a datagram is queued; the number sent at once."""
    count = 0
    while not transport.get_write_buffer_size():
        transport.sendto(data)
        count += 1
    return count - 1


def drain(sock: socket.socket) -> list[bytes]:
    got = []
    while True:
        try:
            got.append(sock.recv(70_000))
        except BlockingIOError:
            return got


def test_it_is_asyncios_by_isinstance(run: Run) -> None:
    async def main() -> None:
        transport, protocol, right = await unix_pair()
        kinds = asyncio.DatagramTransport, asyncio.Transport
        assert [isinstance(transport, kind) for kind in kinds] == [True, True]
        assert transport.get_protocol() is protocol
        assert "read=polling write=<idle, bufsize=0>" in repr(transport)
        assert transport.get_extra_info("socket").type == socket.SOCK_DGRAM
        assert transport.get_extra_info("nothing", 7) == 7
        transport.close()
        assert "closing" in repr(transport)
        await protocol.lost
        assert "closed" in repr(transport)
        right.close()

    run(main)


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 100])
def test_datagrams_arrive_whole_and_in_order(run: Run, count: int) -> None:
    async def main() -> None:
        transport, protocol, right = await unix_pair()
        sent = [b"%d" % index * (index % 7) for index in range(count)]  # empty ones too
        loop: Any = asyncio.get_running_loop()
        feeding = loop.create_task(feed(right, sent))
        assert [data for data, _ in await protocol.wait_for(count)] == sent
        assert all(type(data) is bytes for data, _ in protocol.received)
        await feeding
        transport.close()
        await protocol.lost
        right.close()

    async def feed(sock: socket.socket, datagrams: list[bytes]) -> None:
        loop: Any = asyncio.get_running_loop()
        for data in datagrams:
            await loop.sock_sendall(sock, data) if data else sock.send(b"")

    run(main)


def test_the_longest_datagrams(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        transport, protocol = await loop.create_datagram_endpoint(
            Datagrams, local_addr=("127.0.0.1", 0)
        )
        name = transport.get_extra_info("sockname")
        transport.sendto(b"x" * 65_507, name)
        transport.sendto(b"x" * 65_508, name)
        assert [len(data) for data, _ in await protocol.wait_for(1)] == [65_507]
        assert isinstance((await protocol.wait_for_errors(1))[0], OSError)
        transport.close()
        await protocol.lost

    run(main)


def test_a_full_socket_queues_in_order(run: Run) -> None:
    async def main() -> None:
        transport, protocol, right = await unix_pair()
        transport.sendto(b"first")
        at_once = fill(transport)
        queued = bytearray(b"queued")
        transport.sendto(queued)
        queued[:] = b"change"  # after sendto it is the caller's again
        transport.sendto(b"")
        assert transport.get_write_buffer_size() == 1000 + 8 + 6 + 8 + 8
        got = drain(right)
        while len(got) < at_once + 4:
            await asyncio.sleep(0.001)
            got += drain(right)
        assert got == [b"first"] + [b"x" * 1000] * (at_once + 1) + [b"queued", b""]
        assert transport.get_write_buffer_size() == 0
        transport.close()
        await protocol.lost
        right.close()

    run(main)


def test_flow_control(run: Run) -> None:
    async def main() -> None:
        transport, protocol, right = await unix_pair()
        assert transport.get_write_buffer_limits() == (16 * 1024, 64 * 1024)
        transport.set_write_buffer_limits(high=3000)
        assert transport.get_write_buffer_limits() == (750, 3000)
        fill(transport)
        transport.sendto(bytes(1984))
        assert transport.get_write_buffer_size() == 3000
        assert protocol.calls == []  # at the mark, not above it
        transport.sendto(b"")
        assert protocol.calls == ["pause"]
        transport.sendto(bytes(5000))
        async with asyncio.timeout(5):
            while protocol.calls == ["pause"]:
                drain(right)
                await asyncio.sleep(0.001)
        assert protocol.calls == ["pause", "resume"]
        assert transport.get_write_buffer_size() <= 750
        transport.abort()
        await protocol.lost
        right.close()

    run(main)


def test_water_marks(run: Run) -> None:
    async def main() -> None:
        transport, protocol, right = await unix_pair()
        for high, low, limits in (
            (None, None, (16384, 65536)),
            (None, 100, (100, 400)),
            (100, None, (25, 100)),
            (0, None, (0, 0)),
        ):
            transport.set_write_buffer_limits(high, low)
            assert transport.get_write_buffer_limits() == limits
        with pytest.raises(ValueError, match=r"high \(1\) must be >= low \(2\) must be >= 0"):
            transport.set_write_buffer_limits(1, 2)
        transport.set_write_buffer_limits(high=0)
        fill(transport)
        assert protocol.calls == ["pause"]
        transport.abort()
        await protocol.lost
        right.close()

    run(main)


def test_close_sends_what_is_queued(run: Run) -> None:
    async def main() -> None:
        transport, protocol, right = await unix_pair()
        at_once = fill(transport)
        transport.close()
        transport.close()
        await asyncio.sleep(0.01)
        assert not protocol.lost.done()
        got: list[Any] = []
        while len(got) < at_once + 1:
            got += drain(right)
            await asyncio.sleep(0.001)
        assert await protocol.lost is None
        right.close()

    run(main)


def test_abort_drops_what_is_queued(run: Run) -> None:
    async def main() -> None:
        transport, protocol, right = await unix_pair()
        at_once = fill(transport)
        transport.abort()
        transport.abort()
        assert transport.is_closing()
        assert await protocol.lost is None
        assert len(drain(right)) == at_once
        right.close()

    run(main)


def test_sending_after_the_end_is_silent_at_first(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        transport, protocol, right = await unix_pair()
        transport.abort()
        for _ in range(4):
            transport.sendto(b"x")
        assert caplog.records == []
        await protocol.lost
        transport.sendto(b"x")
        assert caplog.records[0].getMessage() == "socket.send() raised exception."
        right.close()

    run(main)


def test_data_that_is_none(run: Run) -> None:
    async def main() -> None:
        transport, protocol, right = await unix_pair()
        for wrong in ("text", 7, None, [b"x"]):
            with pytest.raises(TypeError, match="data argument must be a bytes-like object, not"):
                transport.sendto(wrong)
        transport.sendto(memoryview(b"fine"))
        assert drain(right) == [b"fine"]
        transport.close()
        await protocol.lost
        right.close()

    run(main)


def test_pausing(run: Run) -> None:
    async def main() -> None:
        transport, protocol, right = await unix_pair()
        assert transport.is_reading()
        transport.pause_reading()
        transport.pause_reading()
        assert not transport.is_reading()
        right.send(b"x")
        await asyncio.sleep(0.01)
        assert protocol.received == []
        transport.resume_reading()
        transport.resume_reading()
        await protocol.wait_for(1)
        transport.close()
        await protocol.lost
        right.close()

    run(main)


def test_pausing_stops_within_a_wake_up(run: Run) -> None:
    class One(Datagrams):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            super().datagram_received(data, addr)
            self.transport.pause_reading()

    async def main() -> None:
        transport, protocol, right = await unix_pair(One)
        for _ in range(5):
            right.send(b"x")
        for count in range(1, 6):
            await protocol.wait_for(count)
            await asyncio.sleep(0.005)
            assert len(protocol.received) == count
            transport.resume_reading()
        transport.close()
        await protocol.lost
        right.close()

    run(main)


def test_closing_stops_within_a_wake_up(run: Run) -> None:
    class One(Datagrams):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            super().datagram_received(data, addr)
            if len(self.received) == 10:
                self.transport.close()

    async def main() -> None:
        _, protocol, right = await unix_pair(One)
        for _ in range(100):
            await asyncio.get_running_loop().sock_sendall(right, b"x")
            if protocol.lost.done():
                break
        await protocol.lost
        assert len(protocol.received) == 10
        right.close()

    with warnings.catch_warnings():
        try:
            run(main)
        except (BrokenPipeError, ConnectionError):
            pass  # the last of the hundred found nobody


def test_errors_of_a_datagram_are_told(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.bind(("127.0.0.1", 0))
            name = gone.getsockname()
        transport, protocol = await loop.create_datagram_endpoint(Datagrams, remote_addr=name)
        transport.sendto(b"nobody there")
        (error,) = await protocol.wait_for_errors(1)
        assert isinstance(error, ConnectionRefusedError)
        assert not transport.is_closing()
        transport.close()
        await protocol.lost

    run(main)


@pytest.mark.parametrize("method", ["datagram_received", "error_received", "pause_writing"])
def test_a_failing_protocol_does_not_end_the_endpoint(run: Run, method: str) -> None:
    def fail(*args: object) -> None:
        raise LookupError(method)

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        heard: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda loop, context: heard.append(context))
        broken = type("Broken", (Flow,), {method: fail})
        transport, protocol, right = await unix_pair(broken)
        if method == "datagram_received":
            right.send(b"x")
            await asyncio.sleep(0.01)
        elif method == "error_received":
            transport.sendto(bytes(5_000_000))
        else:
            transport.set_write_buffer_limits(0)
            fill(transport)
        assert [context["message"] for context in heard] == [f"protocol.{method}() failed"]
        assert heard[0]["transport"] is transport
        assert heard[0]["protocol"] is protocol
        assert isinstance(heard[0]["exception"], LookupError)
        assert not transport.is_closing()
        transport.abort()
        await protocol.lost
        right.close()

    run(main)


def test_an_address_that_is_none_is_fatal(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        heard: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda loop, context: heard.append(context))
        transport, protocol = await loop.create_datagram_endpoint(
            Datagrams, local_addr=("127.0.0.1", 0)
        )
        transport.sendto(b"x", "not an address")
        assert isinstance(await protocol.lost, TypeError)
        assert heard[0]["message"] == "Fatal write error on datagram transport"

    run(main)


def test_an_abandoned_transport_warns(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        transport: Any
        transport, _ = await loop.create_datagram_endpoint(Datagrams, sock=left)
        transport.pause_reading()
        transport.set_protocol(asyncio.DatagramProtocol())
        held = [transport]
        del transport, _
        with pytest.warns(ResourceWarning, match="unclosed transport <DatagramTransport fd="):
            held.clear()
        assert left.fileno() == -1
        right.close()

    run(main)


@pytest.mark.parametrize("count", [2, 50, 400])
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_each_datagram_has_its_own_sender(
    run: Run, family: socket.AddressFamily, count: int
) -> None:
    """More senders than names are kept; each says who it is, and is answered."""
    host = "127.0.0.1" if family == socket.AF_INET else "::1"

    class Answering(Datagrams):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            super().datagram_received(data, addr)
            self.transport.sendto(data, addr)

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        transport, protocol = await loop.create_datagram_endpoint(Answering, local_addr=(host, 0))
        target = transport.get_extra_info("sockname")
        with contextlib.ExitStack() as stack:
            peers = [
                stack.enter_context(socket.socket(family, socket.SOCK_DGRAM)) for _ in range(count)
            ]
            for peer in peers:
                peer.bind((host, 0))
            for turn in range(3):
                protocol.received.clear()
                for start in range(0, count, 20):  # no more than the buffer takes
                    for peer in peers[start : start + 20]:
                        peer.sendto(b"%d" % turn, target)
                    await protocol.wait_for(min(start + 20, count))
                senders = [peer.getsockname() for peer in peers]
                assert protocol.received == [(b"%d" % turn, sender) for sender in senders]
                assert [peer.recv(10) for peer in peers] == [b"%d" % turn] * count
        transport.close()
        await protocol.lost

    run(main)


def test_senders_with_a_name_and_without(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        here, named = str(tmp_path / "here"), str(tmp_path / "named")
        transport, protocol = await loop.create_datagram_endpoint(
            Datagrams, local_addr=here, family=socket.AF_UNIX
        )
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as known,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unknown,
        ):
            known.bind(named)
            for sock in (known, unknown, unknown, known):
                sock.sendto(b"x", here)
            await protocol.wait_for(4)
        assert [sender for _, sender in protocol.received] == [named, None, None, named]
        transport.close()
        await protocol.lost

    run(main)


def test_what_a_caller_handles_does_not_stay_with_the_sender(run: Run) -> None:
    async def send(transport: Any) -> BaseException | None:
        transport.sendto(b"x")
        await asyncio.sleep(0)
        return sys.exc_info()[1]

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        transport, _, right = await unix_pair()
        try:
            raise ValueError("handled while the task starts")
        except ValueError:
            task = loop.create_task(send(transport), eager_start=True)
        assert await task is None
        transport.close()
        right.close()

    run(main)


@pytest.mark.parametrize("answer", [None, "all of it", -2])
def test_what_a_patched_sendto_returns_is_not_looked_at(
    run: Run, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    """Test suites put one there that loses datagrams, and returns nothing."""
    sendto = socket.socket.sendto

    def patched(sock: socket.socket, data: bytes, address: Any) -> Any:
        sendto(sock, data, address)
        return answer

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        transport, protocol = await loop.create_datagram_endpoint(Flow, ("127.0.0.1", 0))
        monkeypatch.setattr(socket.socket, "sendto", patched)
        transport.sendto(b"once", transport.get_extra_info("sockname"))
        monkeypatch.undo()
        assert transport.get_write_buffer_size() == 0
        await protocol.wait_for(1)
        transport.close()
        await protocol.lost

    run(main)
