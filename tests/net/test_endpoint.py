"""create_datagram_endpoint in all its forms."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.net.peers import Datagrams, nonblocking_pair

ANY = ("127.0.0.1", 0)


async def endpoint(**options: Any) -> tuple[Any, Datagrams]:
    return await asyncio.get_running_loop().create_datagram_endpoint(Datagrams, **options)


async def close(*pairs: tuple[Any, Datagrams]) -> None:
    for transport, protocol in pairs:
        transport.close()
        assert await protocol.lost is None


@pytest.mark.parametrize("address", [ANY, ("::1", 0), ("localhost", 0)])
def test_local_and_remote(run: Run, address: tuple[str, int]) -> None:
    async def main() -> None:
        server = await endpoint(local_addr=address, family=socket.AF_UNSPEC)
        name = server[0].get_extra_info("sockname")
        client = await endpoint(remote_addr=name[:2])
        assert client[0].get_extra_info("peername") == name
        client[0].sendto(b"to the only address")
        (data, sender), *_ = await server[1].wait_for(1)
        assert data == b"to the only address"
        server[0].sendto(b"back", sender)
        assert await client[1].wait_for(1) == [(b"back", name)]
        await close(server, client)

    run(main)


def test_local_and_remote_at_once(run: Run) -> None:
    async def main() -> None:
        server = await endpoint(local_addr=ANY)
        name = server[0].get_extra_info("sockname")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(ANY)
            mine = free.getsockname()
        client = await endpoint(local_addr=mine, remote_addr=name)
        assert client[0].get_extra_info("sockname") == mine
        client[0].sendto(b"x", name)
        assert await server[1].wait_for(1) == [(b"x", mine)]
        with pytest.raises(ValueError, match="Invalid address: must be None or"):
            client[0].sendto(b"x", ("127.0.0.1", 9))
        await close(server, client)

    run(main)


def test_a_socket_of_the_callers(run: Run) -> None:
    async def main() -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(ANY)
        server = await endpoint(sock=sock)
        assert sock.gettimeout() == 0
        server[0].sendto(b"to myself", sock.getsockname())
        assert await server[1].wait_for(1) == [(b"to myself", sock.getsockname())]
        await close(server)
        assert sock.fileno() == -1

    run(main)


def test_unix_sockets(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        here, there = str(tmp_path / "here"), str(tmp_path / "there")
        for _ in range(2):  # the second time over the first one's stale file
            server = await endpoint(local_addr=here, family=socket.AF_UNIX)
            client = await endpoint(local_addr=there, remote_addr=here, family=socket.AF_UNIX)
            client[0].sendto(b"x")
            assert await server[1].wait_for(1) == [(b"x", there)]
            server[0].sendto(b"y", there)
            assert await client[1].wait_for(1) == [(b"y", here)]
            await close(server, client)

    run(main)


def test_abstract_unix_names(run: Run) -> None:
    async def main() -> None:
        name = f"\0eagerloop-{os.getpid()}"
        server = await endpoint(local_addr=name, family=socket.AF_UNIX)
        client = await endpoint(remote_addr=name, family=socket.AF_UNIX)
        client[0].sendto(b"x")
        assert await server[1].wait_for(1) == [(b"x", None)]
        await close(server, client)

    run(main)


def test_a_pair_of_unnamed_sockets(run: Run) -> None:
    """Connected, although the peer's name is empty."""

    async def main() -> None:
        left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        one, two = await endpoint(sock=left), await endpoint(sock=right)
        one[0].sendto(b"x")
        assert await two[1].wait_for(1) == [(b"x", None)]
        await close(one, two)

    run(main)


def test_broadcast(run: Run) -> None:
    async def main() -> None:
        server = await endpoint(local_addr=("0.0.0.0", 0))
        port = server[0].get_extra_info("sockname")[1]
        client = await endpoint(remote_addr=("127.255.255.255", port), allow_broadcast=True)
        sock = client[0].get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST)
        assert client[0].get_extra_info("peername") is None  # it hears whoever answers
        client[0].sendto(b"anyone?")
        (data, sender), *_ = await server[1].wait_for(1)
        assert data == b"anyone?"
        server[0].sendto(b"me", sender)
        assert [data for data, _ in await client[1].wait_for(1)] == [b"me"]
        await close(server, client)

    run(main)


def test_reuse_port(run: Run) -> None:
    async def main() -> None:
        first = await endpoint(local_addr=ANY, reuse_port=True)
        name = first[0].get_extra_info("sockname")
        for _ in range(20):
            second = await endpoint(local_addr=name, reuse_port=True)
            await close(second)
        with pytest.raises(OSError, match="in use"):
            await endpoint(local_addr=name)
        await close(first)

    run(main)


def test_neither_address(run: Run) -> None:
    async def main() -> None:
        plain = await endpoint(family=socket.AF_INET)
        server = await endpoint(local_addr=ANY)
        plain[0].sendto(b"x", server[0].get_extra_info("sockname"))
        await server[1].wait_for(1)
        await close(plain, server)
        with pytest.raises(ValueError, match="unexpected address family"):
            await endpoint()

    run(main)


def test_arguments_that_do_not_fit(run: Run) -> None:
    async def main() -> None:
        left, right = nonblocking_pair()
        with left, right, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            with pytest.raises(ValueError, match="A datagram socket was expected, got <socket"):
                await endpoint(sock=left)
            with pytest.raises(ValueError, match=r"can not be used .*\(local_addr=.*reuse_port=1"):
                await endpoint(sock=sock, local_addr=ANY, reuse_port=1)
        with pytest.raises(TypeError, match="2-tuple is expected"):
            await endpoint(local_addr=("127.0.0.1", 0, 0))
        with pytest.raises(TypeError, match="2-tuple is expected"):
            await endpoint(local_addr="localhost")
        with pytest.raises(TypeError, match="string is expected"):
            await endpoint(local_addr=("x", 1), family=socket.AF_UNIX)
        with pytest.raises(ValueError, match="can not get address information"):
            await endpoint(local_addr=ANY, remote_addr=("::1", 1))

    run(main)


def test_a_factory_that_fails_closes_the_socket(run: Run) -> None:
    def factory() -> asyncio.DatagramProtocol:
        raise LookupError("no protocol")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with pytest.raises(LookupError):
            await loop.create_datagram_endpoint(factory, local_addr=ANY)

    run(main)  # the fixture that counts descriptors is the judge


def test_a_cancelled_connect_closes_the_socket(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()

        async def sock_connect(sock: Any, address: Any) -> None:
            await loop.create_future()

        monkeypatch.setattr(loop, "sock_connect", sock_connect, raising=False)
        opening = loop.create_task(endpoint(remote_addr=("127.0.0.1", 9)))
        await asyncio.sleep(0.01)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening

    run(main)


def test_the_first_error_is_raised(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        errors = [OSError("first"), OSError("second")]

        async def two(*args: object, **options: object) -> list[Any]:
            return [
                (socket.AF_INET, socket.SOCK_DGRAM, 0, "", ("127.0.0.1", 9)),
                (socket.AF_INET6, socket.SOCK_DGRAM, 0, "", ("::1", 9, 0, 0)),
            ]

        async def sock_connect(sock: Any, address: Any) -> None:
            raise errors.pop(0)

        monkeypatch.setattr(loop, "getaddrinfo", two, raising=False)
        monkeypatch.setattr(loop, "sock_connect", sock_connect, raising=False)
        with pytest.raises(OSError, match=r"^first$"):
            await endpoint(remote_addr=("a.name", 9))
        assert errors == []

    run(main)


def test_endpoints_are_logged_in_debug_mode(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "asyncio")

    async def main() -> None:
        asyncio.get_running_loop().set_debug(True)
        await close(await endpoint(local_addr=ANY))

    run(main)
    assert any("Datagram endpoint local_addr=" in record.getMessage() for record in caplog.records)
