"""Whose descriptor it is, and waiting for one without leaving traces."""

from __future__ import annotations

import asyncio
import os
import ssl
from typing import Any

import pytest

from eagerloop.net import readiness
from tests.conftest import Run
from tests.net.peers import Recorder, nonblocking_pair


def test_descriptor_of() -> None:
    left, right = nonblocking_pair()
    with left, right:
        assert readiness.descriptor_of(left) == left.fileno()
        assert readiness.descriptor_of(7) == 7
    with pytest.raises(ValueError, match="Invalid file object: 'x'"):
        readiness.descriptor_of("x")


def test_numbers_that_no_file_has(loop: Any) -> None:
    """As asyncio: what cannot be watched is not; a negative number is a mistake."""
    for call in (loop.remove_reader, loop.remove_writer):
        for number in (2**31 - 1, 2**31, 2**40, 2**70):
            assert call(number) is False
        for number in (-1, -(2**40)):
            with pytest.raises(ValueError, match=f"Invalid file descriptor: {number}"):
                call(number)
    for call in (loop.add_reader, loop.add_writer):
        for number in (2**31, 2**40, 2**70):
            with pytest.raises(OverflowError):
                call(number, print)
        for number in (-1, -(2**40)):
            with pytest.raises(ValueError, match=f"Invalid file descriptor: {number}"):
                call(number, print)


def test_a_closed_file_is_not_watched(loop: Any) -> None:
    left, right = nonblocking_pair()
    left.close()
    right.close()
    with pytest.raises(ValueError, match="Invalid file descriptor: -1"):
        loop.add_reader(left, print)
    assert loop.remove_reader(left) is False
    assert loop.remove_writer(left) is False


def test_a_living_transports_descriptor_is_its_own(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with right:
            transport, protocol = await loop.create_connection(Recorder, sock=left)
            fd = transport.get_extra_info("socket").fileno()
            for call in (loop.add_reader, loop.add_writer):
                with pytest.raises(
                    RuntimeError, match=f"File descriptor {fd} is used by transport"
                ):
                    call(fd, print)
            for call in (loop.remove_reader, loop.remove_writer):
                with pytest.raises(RuntimeError, match="is used by transport"):
                    call(fd)
            with pytest.raises(RuntimeError, match="is used by transport"):
                await loop.sock_recv(left, 1)
            transport.close()
            assert loop.remove_reader(fd) is False
            await protocol.lost

    run(main)


def test_a_closed_transport_does_not_own_the_next_file(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        transport, protocol = await loop.create_connection(Recorder, sock=left)
        fd = left.fileno()
        os.close(left.detach())  # behind the transport's back
        again, other = nonblocking_pair()
        try:
            assert again.fileno() == fd
            woken = loop.create_future()
            loop.add_reader(again, woken.set_result, None)
            other.send(b"x")
            await asyncio.wait_for(woken, 5)
            transport.abort()
            await protocol.lost
            woken = loop.create_future()
            other.send(b"y")
            loop.add_reader(again, woken.set_result, None)
            await asyncio.wait_for(woken, 5)
            assert loop.remove_reader(again)
        finally:
            right.close()
            again.close()
            other.close()

    run(main)


def test_watching_leaves_a_later_registration_alone(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left, right:
            waiting = loop.create_task(loop.sock_recv(left, 10))
            await asyncio.sleep(0.01)
            woken = loop.create_future()
            loop.add_reader(left, lambda: woken.done() or woken.set_result(None))
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            right.send(b"x")
            await asyncio.wait_for(woken, 5)
            assert loop.remove_reader(left)

    run(main)


def test_tls_sockets_are_refused() -> None:
    left, right = nonblocking_pair()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with (
        context.wrap_socket(left, server_hostname="x", do_handshake_on_connect=False) as tls,
        right,
        pytest.raises(TypeError, match="Socket cannot be of type SSLSocket"),
    ):
        readiness.check_not_tls(tls)


def test_blocking_sockets_are_refused_in_debug_mode(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_debug(True)
        left, right = nonblocking_pair()
        with left, right:
            left.setblocking(True)
            calls = [
                loop.sock_recv(left, 1),
                loop.sock_recv_into(left, bytearray(1)),
                loop.sock_recvfrom(left, 1),
                loop.sock_recvfrom_into(left, bytearray(1)),
                loop.sock_sendall(left, b"x"),
                loop.sock_sendto(left, b"x", "x"),
                loop.sock_connect(left, "x"),
                loop.sock_accept(left),
            ]
            for call in calls:
                with pytest.raises(ValueError, match="the socket must be non-blocking"):
                    await call

    run(main)


def test_whose_descriptor_it_is_while_reading_is_paused(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with right:
            transport, _ = await loop.create_connection(Recorder, sock=left)
            fd = transport.get_extra_info("socket").fileno()
            transport.pause_reading()
            with pytest.raises(RuntimeError, match=f"File descriptor {fd} is used by transport"):
                loop.add_reader(fd, print)
            assert transport in loop._transports.all()
            transport.resume_reading()
            assert transport in loop._transports.all()
            transport.close()
            await asyncio.sleep(0)
            assert transport not in loop._transports.all()

    run(main)
