"""How a sock_* call asks and waits: past the socket module or by its methods, and told once."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from typing import Any

import pytest

import eagerloop
from eagerloop import poll
from eagerloop.net import sockops
from tests.conftest import Run
from tests.net.peers import nonblocking_pair

POLLERS = [name for name in poll.available() if name != "null"]


async def settle() -> None:
    """Long enough for a coroutine just started to be waiting."""
    await asyncio.sleep(0.01)


def fill(sock: socket.socket) -> int:
    """The bytes after which the socket takes no more."""
    size = 0
    while True:
        try:
            size += sock.send(bytes(100_000))
        except BlockingIOError:
            return size


@pytest.mark.parametrize("poller", POLLERS)
def test_many_waits_in_both_directions(poller: str) -> None:
    """Each wait is told once, and shares its descriptor with the other direction's."""
    loop: Any = eagerloop.EventLoop(poller=poller)
    left, right = nonblocking_pair()
    size = 3_000_000

    async def send() -> None:
        for _ in range(3):
            await loop.sock_sendall(left, bytes(size // 3))

    async def receive(sock: socket.socket) -> int:
        got = 0
        while got < size:
            data = await loop.sock_recv(sock, 65536)
            got += len(data)
            if sock is right:
                await loop.sock_sendall(right, data)
        return got

    async def main() -> None:
        there, back, _ = await asyncio.wait_for(
            asyncio.gather(receive(right), receive(left), send()), 30
        )
        assert there == back == size
        assert not loop.remove_reader(left)
        assert not loop.remove_writer(left)

    with left, right:
        loop.run_until_complete(main())
    loop.close()


def test_a_wait_leaves_nothing_that_is_told(run: Run) -> None:
    """After it the peer may say what it likes: the loop does not turn for it."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        kept = socket.socket(fileno=os.dup(left.fileno()))  # as a forked child has it
        with right, kept:
            reading = loop.create_task(loop.sock_recv(left, 10))
            await settle()
            right.send(b"x")
            assert await reading == b"x"
            left.close()
            right.send(b"more")
            right.shutdown(socket.SHUT_WR)
            before = time.process_time()
            await asyncio.sleep(0.3)
            assert time.process_time() - before < 0.15  # a loop that spins takes all of it

    run(main)


@pytest.mark.parametrize("told", [False, True])
def test_another_file_under_the_socket(run: Run, told: bool) -> None:
    """dup2() puts another file behind a socket that has waited: the next wait is for that one."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        again, other = nonblocking_pair()
        with left, right, again, other:
            reading = loop.create_task(loop.sock_recv(left, 10))
            await settle()
            if told:
                right.send(b"x")
                assert await reading == b"x"
            else:
                reading.cancel()
                await asyncio.wait([reading])
            os.dup2(again.fileno(), left.fileno())
            reading = loop.create_task(loop.sock_recv(left, 10))
            await settle()
            other.send(b"y")
            assert await asyncio.wait_for(reading, 5) == b"y"

    run(main)


def test_a_reader_while_a_call_waits_to_write(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left, right:
            held = fill(left)
            sending = loop.create_task(loop.sock_sendall(left, b"last"))
            await settle()
            called: list[int] = []
            loop.add_reader(left, lambda: called.append(len(left.recv(10))))
            right.send(b"abc")
            await settle()
            right.send(b"de")
            await settle()
            assert called == [3, 2]
            got = b""
            while len(got) < held + 4:
                got += await loop.sock_recv(right, 1_000_000)
            assert got.endswith(b"last")
            await asyncio.wait_for(sending, 5)
            assert not loop.remove_writer(left)
            right.send(b"f")
            await settle()
            assert called == [3, 2, 1]
            assert loop.remove_reader(left)

    run(main)


class Own(socket.socket):
    """A user's socket, which counts."""

    calls = 0

    def recv(self, *args: Any) -> bytes:
        self.calls += 1
        return super().recv(*args)

    def recv_into(self, *args: Any) -> int:
        self.calls += 1
        return super().recv_into(*args)

    def send(self, *args: Any) -> int:
        self.calls += 1
        return super().send(*args)


def test_a_subclass_is_asked_by_its_methods(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with Own(fileno=left.detach()) as own, right:
            own.setblocking(False)
            await loop.sock_sendall(own, b"abc")
            assert right.recv(10) == b"abc"
            assert own.calls == 1
            reading = loop.create_task(loop.sock_recv(own, 10))
            await settle()
            right.send(b"de")
            assert await reading == b"de"
            assert own.calls == 3
            right.send(b"f")
            assert await loop.sock_recv_into(own, bytearray(3)) == 1
            assert own.calls == 4

    run(main)


def test_patched_methods_are_called(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left, right:
            monkeypatch.setattr(
                socket.socket, "recv", lambda sock, count: b"patched", raising=False
            )
            monkeypatch.setattr(socket.socket, "recv_into", lambda sock, buffer: 7, raising=False)
            monkeypatch.setattr(socket.socket, "send", lambda sock, data: len(data), raising=False)
            assert await loop.sock_recv(left, 10) == b"patched"
            assert await loop.sock_recv_into(left, bytearray(10)) == 7
            assert await loop.sock_sendall(left, b"x") is None
            monkeypatch.undo()
            right.send(b"real")
            assert await loop.sock_recv(left, 10) == b"real"
            with pytest.raises(BlockingIOError):
                right.recv(1)

    run(main)


def test_a_patched_method_that_returns_nothing_was_called(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As test suites patch `sendto` to lose datagrams: None is a result, and no "not now"."""
    calls: list[str] = []

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left, right:
            for name in ("recv", "recv_into", "recvfrom", "sendto"):
                monkeypatch.setattr(
                    socket.socket, name, lambda *args, name=name: calls.append(name), raising=False
                )
            assert await asyncio.wait_for(loop.sock_recv(left, 10), 5) is None
            assert await asyncio.wait_for(loop.sock_recv_into(left, bytearray(1)), 5) is None
            assert await asyncio.wait_for(loop.sock_recvfrom(left, 10), 5) is None
            assert await asyncio.wait_for(loop.sock_sendto(left, b"x", None), 5) is None
            assert calls == ["recv", "recv_into", "recvfrom", "sendto"]
            monkeypatch.setattr(socket.socket, "send", lambda *args: None, raising=False)
            with pytest.raises(TypeError, match="NoneType"):
                await loop.sock_sendall(left, b"x")

    run(main)


@pytest.mark.parametrize(
    ("count", "error", "text"),
    [
        (-1, ValueError, "negative buffersize in recv"),
        ("1", TypeError, "str"),
        (2.5, TypeError, "float"),
    ],
)
def test_counts_that_are_none(run: Run, count: Any, error: Any, text: str) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left, right:
            with pytest.raises(error, match=text):
                await loop.sock_recv(left, count)

    run(main)


def test_counts(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left, right:
            assert await loop.sock_recv(left, 0) == b""
            sent = os.urandom(100_000)
            right.send(sent)
            got = await loop.sock_recv(left, 1)
            got += await loop.sock_recv(left, 20_000)
            got += await loop.sock_recv(left, 30_000)
            got += await loop.sock_recv(left, 2**31)
            assert got == sent

    run(main)


def test_the_peer_is_gone(run: Run) -> None:
    """Errors are the system call's, before a wait and after one."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as server:
            for waits in False, True:
                client = socket.create_connection(server.getsockname())
                client.setblocking(False)
                peer, _ = server.accept()
                linger = b"\1\0\0\0\0\0\0\0"  # on, 0 s: closing resets the connection
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                if not waits:
                    peer.close()
                reading = loop.create_task(loop.sock_recv(client, 10))
                await settle()
                peer.close()
                with pytest.raises(ConnectionResetError):
                    await reading
                with pytest.raises(BrokenPipeError):
                    await loop.sock_sendall(client, b"x")
                client.close()
                for call in loop.sock_recv(client, 1), loop.sock_sendall(client, b"x"):
                    with pytest.raises(OSError, match="Bad file descriptor"):
                        await call

    run(main)


def test_buffers(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left, right:
            with pytest.raises(TypeError, match="read-write bytes-like object, not bytes"):
                await loop.sock_recv_into(left, b"abc")
            with pytest.raises(TypeError, match="bytes-like object is required, not 'str'"):
                await loop.sock_sendall(left, "abc")  # type: ignore[arg-type]
            data = bytearray(b"abc")
            await loop.sock_sendall(left, data)
            data.clear()  # no longer exported
            assert right.recv(10) == b"abc"

    run(main)


def test_what_they_are_called(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left, right:
            calls = {
                "recv": loop.sock_recv(left, 1),
                "recv_into": loop.sock_recv_into(left, bytearray(1)),
                "recvfrom": loop.sock_recvfrom(left, 1),
                "recvfrom_into": loop.sock_recvfrom_into(left, bytearray(1)),
                "accept": loop.sock_accept(left),
            }
            for name, call in calls.items():
                assert isinstance(call, sockops.SocketCall)
                task = loop.create_task(call)
                assert f"coro=<EventLoop.sock_{name}()" in repr(task)
                task.cancel()
                await asyncio.wait([task])

    run(main)
