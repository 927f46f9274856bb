"""StreamTransport: joined writes, back-pressure, fairness, and exactly one end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

import eagerloop

Loop = eagerloop.EventLoop


class Recording(eagerloop.Protocol):
    def __init__(self, loop: Any = None) -> None:
        self.calls: list[Any] = []
        self.data = b""
        self.transport: Any = None
        self.lost: Any = (loop or eagerloop.get_running_loop()).create_future()
        self.keep_open = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.calls.append("made")

    def data_received(self, data: bytes) -> None:
        self.calls.append(len(data))
        self.data += data

    def eof_received(self) -> bool:
        self.calls.append("eof")
        return self.keep_open

    def connection_lost(self, exc: Exception | None) -> None:
        self.calls.append(("lost", type(exc)))
        self.lost.set_result(None)

    def pause_writing(self) -> None:
        self.calls.append("pause")

    def resume_writing(self) -> None:
        self.calls.append("resume")


@asynccontextmanager
async def connected(
    make: Callable[[], Any] = Recording,
) -> AsyncIterator[tuple[Any, socket.socket]]:
    """A protocol on our transport, and the bare blocking-free peer socket."""
    loop = eagerloop.get_running_loop()
    ours, peer = socket.socketpair()
    ours.setblocking(False)
    peer.setblocking(False)
    _, protocol = await loop.create_connection(make, sock=ours)
    try:
        yield protocol, peer
    finally:
        protocol.transport.abort()
        await protocol.lost
        peer.close()


def receive(peer: socket.socket) -> bytes:
    try:
        return peer.recv(1 << 20)
    except BlockingIOError:
        return b""


def test_the_first_write_goes_out_at_once_the_rest_together(run: Any) -> None:
    async def main() -> None:
        async with connected() as (protocol, peer):
            protocol.transport.write(b"first")
            assert receive(peer) == b"first"
            protocol.transport.write(b"second")
            protocol.transport.write(b"third")
            assert receive(peer) == b""
            assert protocol.transport.get_write_buffer_size() == 11
            await eagerloop.sleep(0)
            assert receive(peer) == b"secondthird"
            assert "pause" not in protocol.calls

    run(main)


@pytest.mark.parametrize("lines", [False, True])
def test_who_wrote_several_times_is_expected_to_do_so_again(run: Any, lines: bool) -> None:
    async def main() -> None:
        async with connected() as (protocol, peer):

            def write(data: bytes) -> None:
                if lines:
                    protocol.transport.writelines([data])
                else:
                    protocol.transport.write(data)

            write(b"head")
            write(b"body")
            assert receive(peer) == b"head"
            await eagerloop.sleep(0)
            assert receive(peer) == b"body"
            write(b"head")
            write(b"body")
            assert receive(peer) == b""
            await eagerloop.sleep(0)
            assert receive(peer) == b"headbody"
            write(b"alone")
            assert receive(peer) == b""  # held once more, in vain, and no longer than the turn
            await eagerloop.sleep(0)
            assert receive(peer) == b"alone"
            write(b"alone again")
            assert receive(peer) == b"alone again"

    run(main)


def test_a_large_first_write_is_not_held_for_others(run: Any) -> None:
    async def main() -> None:
        async with connected() as (protocol, peer):
            protocol.transport.write(b"head")
            protocol.transport.write(b"body")
            await eagerloop.sleep(0)
            assert receive(peer) == b"headbody"
            protocol.transport.write(b"c" * 20_000)
            assert receive(peer) == b"c" * 20_000

    run(main)


def test_between_two_runs_nothing_is_held(loop: Loop) -> None:
    ours, peer = socket.socketpair()
    peer.setblocking(False)
    transport, protocol = loop.run_until_complete(
        loop.create_connection(lambda: Recording(loop), sock=ours)
    )

    async def reply() -> None:
        transport.write(b"head")
        transport.write(b"body")

    loop.run_until_complete(reply())
    assert receive(peer) == b"headbody"
    transport.write(b"alone")
    assert receive(peer) == b"alone"
    transport.close()
    loop.run_until_complete(protocol.lost)
    peer.close()


def test_what_is_held_does_not_wait_for_the_end_of_a_long_turn(run: Any) -> None:
    async def main() -> None:
        async with connected() as (protocol, peer):
            loop = eagerloop.get_running_loop()
            seen: list[bytes] = []

            def reply() -> None:
                protocol.transport.write(b"head")
                protocol.transport.write(b"body")

            for _ in range(3):
                loop.call_soon(reply)
                for _ in range(20):
                    loop.call_soon(lambda: seen.append(receive(peer)))
                await eagerloop.sleep(0)
                assert b"".join(seen[:9]) == b"headbody"
                seen.clear()

    run(main)


def test_large_writes_are_never_held(run: Any) -> None:
    async def main() -> None:
        async with connected() as (protocol, peer):
            protocol.transport.write(b"a")
            protocol.transport.write(b"b")
            protocol.transport.write(b"c" * 20_000)
            assert receive(peer) == b"ab" + b"c" * 20_000

    run(main)


@pytest.mark.parametrize("end", ["close", "write_eof"])
def test_what_is_held_goes_out_before_the_end(run: Any, end: str) -> None:
    async def main() -> None:
        async with connected() as (protocol, peer):
            protocol.transport.write(b"a")
            protocol.transport.write(b"b")
            getattr(protocol.transport, end)()
            assert receive(peer) == b"ab"
            await eagerloop.sleep(0)
            await eagerloop.sleep(0)
            assert peer.recv(1) == b""

    run(main)


def test_mutable_buffers_may_be_changed_at_once(run: Any) -> None:
    async def main() -> None:
        async with connected() as (protocol, peer):
            protocol.transport.write(b"-")
            data = bytearray(b"one")
            protocol.transport.write(data)
            data[:] = b"two"
            protocol.transport.write(memoryview(data)[::-1])
            data.extend(b"more")
            protocol.transport.writelines([b"x", bytearray(b"y"), memoryview(b"z")])
            await eagerloop.sleep(0)
            assert receive(peer) == b"-oneowtxyz"

    run(main)


def test_bad_lines_leave_nothing_half_written(run: Any) -> None:
    async def main() -> None:
        async with connected() as (protocol, peer):
            with pytest.raises(
                TypeError, match="must be a bytes, bytearray, or memoryview object, not"
            ):
                protocol.transport.writelines([b"lost", "text"])
            assert protocol.transport.get_write_buffer_size() == 0
            protocol.transport.write(b"whole")
            await eagerloop.sleep(0)
            assert receive(peer) == b"whole"

    run(main)


def test_back_pressure(run: Any) -> None:
    async def main() -> None:
        async with connected() as (protocol, peer):
            transport = protocol.transport
            transport.set_write_buffer_limits(high=1000, low=10)
            assert transport.get_write_buffer_limits() == (10, 1000)
            total = 0
            while "pause" not in protocol.calls:
                transport.write(b"x" * 50_000)
                total += 50_000
            assert transport.get_write_buffer_size() > 1000
            received = 0
            while received < total:
                received += len(receive(peer))
                await eagerloop.sleep(0.001)
            assert protocol.calls == ["made", "pause", "resume"]
            assert transport.get_write_buffer_size() == 0

    run(main)


def test_bad_limits_and_bad_data(run: Any) -> None:
    async def main() -> None:
        async with connected() as (protocol, _):
            with pytest.raises(ValueError, match=r"high \(1\) must be >= low \(2\) must be >= 0"):
                protocol.transport.set_write_buffer_limits(high=1, low=2)
            with pytest.raises(
                TypeError, match="must be a bytes, bytearray, or memoryview object, not"
            ):
                protocol.transport.write("text")
            protocol.transport.write(b"")
            protocol.transport.write_eof()
            with pytest.raises(
                RuntimeError, match=r"Cannot call writelines\(\) after write_eof\(\)"
            ):
                protocol.transport.writelines([b"x"])
            with pytest.raises(RuntimeError, match=r"Cannot call write\(\) after write_eof\(\)"):
                protocol.transport.write(b"late")

    run(main)


def test_end_of_file_closes_or_not(run: Any) -> None:
    async def main() -> None:
        async with connected() as (protocol, peer):
            peer.send(b"bye")
            peer.shutdown(socket.SHUT_WR)
            await protocol.lost
            assert protocol.calls == ["made", 3, "eof", ("lost", type(None))]
        async with connected() as (protocol, peer):
            protocol.keep_open = True
            peer.shutdown(socket.SHUT_WR)
            await eagerloop.sleep(0.01)
            protocol.transport.write(b"still here")
            assert receive(peer) == b"still here"

    run(main)


def test_reset_by_peer_is_one_end_with_its_error(run: Any) -> None:
    async def main() -> None:
        loop = eagerloop.get_running_loop()
        server = socket.create_server(("127.0.0.1", 0))
        _, protocol = await loop.create_connection(Recording, *server.getsockname())
        peer, _ = server.accept()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.close()
        await protocol.lost
        assert protocol.calls == ["made", ("lost", ConnectionResetError)]
        protocol.transport.close()
        protocol.transport.abort()
        await eagerloop.sleep(0)
        assert len(protocol.calls) == 2
        server.close()

    run(main)


def test_writing_after_the_end_is_silent_then_logged(
    run: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with connected() as (protocol, _):
            protocol.transport.abort()
            for _ in range(7):
                protocol.transport.write(b"x")
            assert "socket.send() raised exception." in caplog.text

    run(main)


@pytest.mark.parametrize("method", ["data_received", "eof_received", "pause_writing"])
def test_a_failing_protocol_is_reported(run: Any, method: str) -> None:
    async def main() -> None:
        told: list[dict[str, Any]] = []
        eagerloop.get_running_loop().set_exception_handler(lambda _, c: told.append(c))
        async with connected() as (protocol, peer):

            def fail(*_: object) -> None:
                raise ZeroDivisionError(method)

            setattr(protocol, method, fail)
            protocol.transport.set_protocol(protocol)
            protocol.transport.set_write_buffer_limits(0)
            peer.send(b"x")
            if method != "data_received":
                peer.shutdown(socket.SHUT_WR)
            if method == "pause_writing":
                protocol.keep_open = True
                protocol.transport.write(b"x" * 5_000_000)
            await eagerloop.sleep(0.02)
            assert isinstance(told[0]["exception"], ZeroDivisionError)
            assert told[0]["transport"] is protocol.transport
            assert told[0]["protocol"] is protocol
            assert method in told[0]["message"]

    run(main)


def test_an_answer_to_resume_after_close_goes_out_and_the_connection_ends(run: Any) -> None:
    class Talkative(Recording):
        def resume_writing(self) -> None:
            self.transport.write(b"first")  # is sent at once
            self.transport.write(b"second")  # is held

    async def main() -> None:
        async with connected(Talkative) as (protocol, peer):
            loop = eagerloop.get_running_loop()
            protocol.transport.write(b"x" * 5_000_000)
            protocol.transport.close()
            got = bytearray()
            async with eagerloop.timeout(10):
                while data := await loop.sock_recv(peer, 1 << 20):
                    got += data
            assert len(got) == 5_000_000 + len(b"firstsecond")
            assert got.endswith(b"xfirstsecond")
            await protocol.lost
            assert protocol.calls == ["made", "pause", ("lost", type(None))]

    run(main)


def test_pause_and_resume_reading(run: Any) -> None:
    async def main() -> None:
        async with connected() as (protocol, peer):
            protocol.transport.pause_reading()
            assert not protocol.transport.is_reading()
            peer.send(b"x")
            await eagerloop.sleep(0.01)
            assert protocol.data == b""
            protocol.transport.resume_reading()
            await eagerloop.sleep(0.01)
            assert protocol.data == b"x"

    run(main)


def test_buffered_protocol_and_exchange(run: Any) -> None:
    class Buffered(eagerloop.BufferedProtocol):
        def __init__(self) -> None:
            self.buffer = bytearray(4)
            self.got = b""

        def get_buffer(self, sizehint: int) -> bytearray:
            return self.buffer

        def buffer_updated(self, nbytes: int) -> None:
            self.got += self.buffer[:nbytes]

        def connection_lost(self, exc: BaseException | None) -> None:
            self.lost.set_result(None)  # type: ignore[attr-defined]

    async def main() -> None:
        async with connected() as (protocol, peer):
            buffered = Buffered()
            buffered.lost = protocol.lost  # type: ignore[attr-defined]
            protocol.transport.set_protocol(buffered)
            assert protocol.transport.get_protocol() is buffered
            peer.send(b"12345678")
            await eagerloop.sleep(0.01)
            assert buffered.got == b"12345678"
            protocol.transport.set_protocol(protocol)
            peer.send(b"9")
            await eagerloop.sleep(0.01)
            assert protocol.data == b"9"

    run(main)


@pytest.mark.parametrize(
    "buffer", [b"1234", memoryview(b"1234"), memoryview(bytearray(8))[::2], "text"]
)
def test_a_buffer_that_cannot_be_filled_ends_its_connection_only(run: Any, buffer: Any) -> None:
    class Odd(Recording, eagerloop.BufferedProtocol):
        def get_buffer(self, sizehint: int) -> Any:
            return buffer

    async def main() -> None:
        told: list[dict[str, Any]] = []
        eagerloop.get_running_loop().set_exception_handler(lambda _, c: told.append(c))
        async with connected(Odd) as (protocol, peer):
            peer.send(b"x")
            await protocol.lost
            [report] = told
            assert report["message"] == "Fatal read error on socket transport"
            assert isinstance(report["exception"], TypeError)
            assert protocol.calls == ["made", ("lost", type(report["exception"]))]

    run(main)


def test_no_connection_starves_another(run: Any) -> None:
    async def main() -> None:
        async with connected() as (busy, flood), connected() as (quiet, peer):
            flood.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
            try:
                for _ in range(1000):
                    flood.send(b"x" * 65536)
            except BlockingIOError:
                pass
            peer.send(b"me too")
            while not quiet.data:
                await eagerloop.sleep(0)
            assert 65536 < sum(n for n in busy.calls if isinstance(n, int)) <= 262144

    run(main)


def test_is_asyncios_and_says_how_it_is(run: Any) -> None:
    async def main() -> None:
        async with connected() as (protocol, _):
            transport = protocol.transport
            assert isinstance(transport, asyncio.Transport)
            assert transport.get_extra_info("socket").fileno() > 0
            assert transport.get_extra_info("nothing", 5) == 5
            assert "read=polling write=<idle, bufsize=0>" in repr(transport)
            transport.close()
            assert "closing" in repr(transport)
            assert transport.is_closing()
            await protocol.lost
            assert "closed" in repr(transport)

    run(main)


@pytest.mark.parametrize("kept", [True, False])
def test_what_is_received_is_its_receivers_for_ever(run: Any, kept: bool) -> None:
    """The object of a packet that nobody kept serves for the next one; one that is kept never."""
    messages = [bytes([n]) * size for n, size in enumerate((600, 600, 599, 560, 601, 300, 600))]

    class Keeping(Recording):
        def data_received(self, data: bytes) -> None:
            assert hash(data) == hash(messages[len(self.calls) - 1])
            assert data == messages[len(self.calls) - 1]
            self.calls.append(data if kept else len(data))

    async def main() -> None:
        async with connected(Keeping) as (protocol, peer):
            for n, message in enumerate(messages, 2):
                peer.send(message)
                while len(protocol.calls) < n:
                    await eagerloop.sleep(0)
            if kept:
                assert protocol.calls[1:] == messages

    run(main)
