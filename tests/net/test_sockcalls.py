"""sock_*: each call at once and after a wait, and cancelled without loss."""

from __future__ import annotations

import array
import asyncio
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.net.peers import listening, nonblocking_pair, refusing


async def settle() -> None:
    """Long enough for a coroutine just started to be waiting."""
    await asyncio.sleep(0.01)


def udp() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind(("127.0.0.1", 0))
    return sock


@pytest.mark.parametrize("waits", [False, True])
def test_recv(run: Run, waits: bool) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left, right:
            if not waits:
                right.send(b"abc")
            reading = loop.create_task(loop.sock_recv(left, 10))
            await settle()
            if waits:
                right.send(b"abc")
            assert await reading == b"abc"
            buffer = bytearray(10)
            filling = loop.create_task(loop.sock_recv_into(left, buffer))
            await settle()
            right.send(b"de")
            assert await filling == 2
            assert buffer.startswith(b"de")
            right.close()
            assert await loop.sock_recv(left, 1) == b""

    run(main)


@pytest.mark.parametrize("waits", [False, True])
def test_datagram_calls(run: Run, waits: bool) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with udp() as left, udp() as right:

            async def exchange(reading: Any) -> Any:
                task = loop.create_task(reading)
                if waits:
                    await settle()
                assert await loop.sock_sendto(right, b"abc", left.getsockname()) == 3
                return await task

            sender = right.getsockname()
            assert await exchange(loop.sock_recvfrom(left, 10)) == (b"abc", sender)
            buffer = bytearray(10)
            assert await exchange(loop.sock_recvfrom_into(left, buffer)) == (3, sender)
            assert await exchange(loop.sock_recvfrom_into(left, buffer, 2)) == (2, sender)

    run(main)


def test_sendall_waits_for_room(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        data = os.urandom(3_000_000)
        with left, right:
            sending = loop.create_task(loop.sock_sendall(left, data))
            got = bytearray()
            while len(got) < len(data):
                got += await loop.sock_recv(right, 100_000)
            await sending
        assert got == data

    run(main)


def test_sendall_counts_bytes_not_items(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left, right:
            numbers = array.array("i", range(4))
            await asyncio.wait_for(loop.sock_sendall(left, numbers), 5)
            await loop.sock_sendall(left, b"")
            assert right.recv(100) == numbers.tobytes()

    run(main)


def test_sendall_reports_a_broken_pipe(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left:
            sending = loop.create_task(loop.sock_sendall(left, bytes(3_000_000)))
            await settle()
            right.close()
            with pytest.raises(ConnectionError):
                await sending

    run(main)


@pytest.mark.parametrize("waits", [False, True])
def test_accept_and_connect(run: Run, waits: bool) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        client = socket.socket()
        client.setblocking(False)
        with listening() as server, client:
            accepting = loop.create_task(loop.sock_accept(server))
            if waits:
                await settle()
            await loop.sock_connect(client, ("localhost", server.getsockname()[1]))
            conn, address = await accepting
            with conn:
                assert conn.gettimeout() == 0
                assert address == client.getsockname()

    run(main)


def test_connect_refused(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        client = socket.socket()
        client.setblocking(False)
        with refusing() as port, client:
            with pytest.raises(ConnectionRefusedError, match=r"Connect call failed \('127.0.0.1'"):
                await loop.sock_connect(client, ("127.0.0.1", port))

    run(main)


def test_a_full_unix_backlog_is_waited_for(run: Run, tmp_path: Path) -> None:
    """A blocking connect waits for room; Linux gives a non-blocking one EAGAIN and no event."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = socket.socket(socket.AF_UNIX)
        path = str(tmp_path / "s")
        clients = [socket.socket(socket.AF_UNIX) for _ in range(10)]
        conns = []
        with server:
            server.bind(path)
            server.listen(0)
            server.setblocking(False)
            for client in clients:
                client.setblocking(False)
            connecting = asyncio.gather(*(loop.sock_connect(c, path) for c in clients))
            await settle()
            assert not connecting.done()
            for _ in clients:
                conns.append((await loop.sock_accept(server))[0])
            await asyncio.wait_for(connecting, 10)
            for client in clients:
                client.send(b"x")  # ENOTCONN if it only looks connected
        for sock in clients + conns:
            sock.close()

    run(main)


def test_a_cancelled_call_takes_nothing(run: Run) -> None:
    """Cancelled after readiness but before its step: the bytes are still in the socket."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left, right:
            for cancel_after in range(6):
                reading = loop.create_task(loop.sock_recv(left, 10))
                await settle()
                right.send(b"abc")
                for _ in range(cancel_after):
                    await asyncio.sleep(0)
                reading.cancel()
                try:
                    got = await reading
                except asyncio.CancelledError:
                    got = await asyncio.wait_for(loop.sock_recv(left, 10), 5)
                assert got == b"abc"

    run(main)


def test_a_cancelled_accept_loses_no_connection(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with listening() as server:
            for cancel_after in range(6):
                accepting = loop.create_task(loop.sock_accept(server))
                await settle()
                client = socket.create_connection(server.getsockname())
                for _ in range(cancel_after):
                    await asyncio.sleep(0)
                accepting.cancel()
                try:
                    conn, _ = await accepting
                except asyncio.CancelledError:
                    conn, _ = await asyncio.wait_for(loop.sock_accept(server), 5)
                assert conn.getpeername() == client.getsockname()
                conn.close()
                client.close()

    run(main)


def test_a_cancelled_call_leaves_no_registration(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left, right, listening() as server:
            while True:
                try:
                    left.send(bytes(100_000))
                except BlockingIOError:
                    break
            calls = [
                (left, loop.sock_recv(left, 1)),
                (left, loop.sock_recv_into(left, bytearray(1))),
                (left, loop.sock_sendall(left, b"x")),
                (server, loop.sock_accept(server)),
            ]
            for sock, call in calls:
                task = loop.create_task(call)
                await settle()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert not loop.remove_reader(sock)
                assert not loop.remove_writer(sock)

    run(main)


def test_a_socket_closed_during_a_call_does_not_disturb_the_next(run: Run) -> None:
    """The descriptor's number is used again; cancelling the old call must not touch it."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        old = loop.create_task(loop.sock_recv(left, 1))
        await settle()
        fd = left.fileno()
        left.close()
        again, other = nonblocking_pair()
        assert again.fileno() == fd
        with right, again, other:
            reading = loop.create_task(loop.sock_recv(again, 1))
            await settle()
            old.cancel()
            with pytest.raises(asyncio.CancelledError):
                await old
            other.send(b"x")
            assert await asyncio.wait_for(reading, 5) == b"x"

    run(main)
