"""TLSTransport: what asyncio promises of a transport."""

from __future__ import annotations

import asyncio
import contextvars
import gc

import pytest

import eagerloop
from eagerloop.transports import tls
from tests.conftest import Run

from .certificates import Authority
from .test_tlsprotocol import Connection


def test_is_an_asyncio_transport(run: Run, authority: Authority) -> None:
    async def main() -> None:
        async with Connection(authority) as (client, _):
            assert isinstance(client.transport, asyncio.Transport)
            assert not client.transport.can_write_eof()
            with pytest.raises(NotImplementedError):
                client.transport.write_eof()

    run(main)


def test_extra_info(run: Run, authority: Authority) -> None:
    async def main() -> None:
        async with Connection(authority) as (client, server):
            ask = client.transport.get_extra_info
            assert ask("ssl_object").version().startswith("TLSv1")
            assert ask("cipher")[1].startswith("TLSv1")
            assert ask("compression") is None
            assert ("DNS", "localhost") in ask("peercert")["subjectAltName"]
            assert ask("sslcontext").check_hostname
            assert ask("peername") == server.transport.get_extra_info("sockname")
            assert ask("socket").fileno() > 0
            assert ask("nothing", 7) == 7
            client.transport.close()
            await client.lost
            assert ask("peername", "gone") == "gone"
            assert ask("cipher")[1].startswith("TLSv1")

    run(main)


def test_the_protocol_can_be_changed(run: Run, authority: Authority) -> None:
    async def main() -> None:
        connection = Connection(authority)
        async with connection as (client, server):
            other = connection.kind()
            other.connection_made(server.transport)
            assert server.transport.get_protocol() is server
            server.transport.set_protocol(other)
            client.transport.write(b"for the other")
            assert await other.until(13) == b"for the other"
            assert not server.data
            server.transport.set_protocol(server)

    run(main)


def test_data_that_waited_for_resume_comes_in_the_connections_context(
    run: Run, authority: Authority
) -> None:
    """Not in that of whoever called resume_reading, as asyncio has it; uvloop's suite asks for this."""
    who = contextvars.ContextVar("who", default="nobody")

    async def main() -> None:
        connection = Connection(authority)
        seen: list[str] = []

        class Asking(connection.kind):  # type: ignore[misc,name-defined]
            def data_received(self, data: bytes) -> None:
                seen.append(who.get())
                super().data_received(data)

        who.set("the connection")
        connection.kind = Asking
        async with connection as (client, server):
            server.transport.pause_reading()
            client.transport.write(b"x" * 10)
            while not server.transport.get_read_buffer_size():
                await eagerloop.sleep(0.001)
            who.set("the one who resumes")
            server.transport.resume_reading()
            assert await server.until(10) == b"x" * 10
        assert seen == ["the connection"]

    run(main)


@pytest.mark.parametrize("data", ["text", 5, None, [b"x"]])
def test_only_bytes_can_be_written(run: Run, authority: Authority, data: object) -> None:
    async def main() -> None:
        async with Connection(authority) as (client, _):
            with pytest.raises(TypeError, match="data: expecting a bytes-like instance, got"):
                client.transport.write(data)

    run(main)


@pytest.mark.parametrize("data", ["text", 5, None, [b"x"]])
def test_only_lines_of_bytes_can_be_written(run: Run, authority: Authority, data: object) -> None:
    """And if one of them is not, none is sent."""

    async def main() -> None:
        async with Connection(authority) as (client, server):
            with pytest.raises(TypeError, match="data: expecting a bytes-like instance, got"):
                client.transport.writelines([b"before", data])
            client.transport.writelines([b"aft", bytearray(b"er"), memoryview(b"s-")[::-1]])
            assert await server.until(7) == b"after-s"

    run(main)


def test_memoryviews_of_any_shape(run: Run, authority: Authority) -> None:
    async def main() -> None:
        async with Connection(authority) as (client, server):
            numbers = memoryview(bytes(range(16))).cast("I")
            client.transport.write(numbers)
            client.transport.write(memoryview(b"a-b-c-")[::2])
            client.transport.write(b"")
            assert await server.until(19) == bytes(range(16)) + b"abc"

    run(main)


def test_limits(run: Run, authority: Authority) -> None:
    async def main() -> None:
        async with Connection(authority) as (client, _):
            transport = client.transport
            assert transport.get_write_buffer_limits() == (128 * 1024, 512 * 1024)
            assert transport.get_read_buffer_limits() == (64 * 1024, 256 * 1024)
            transport.set_write_buffer_limits(high=100)
            transport.set_read_buffer_limits(low=100)
            assert transport.get_write_buffer_limits() == (25, 100)
            assert transport.get_read_buffer_limits() == (100, 400)
            for setter in (transport.set_write_buffer_limits, transport.set_read_buffer_limits):
                with pytest.raises(ValueError, match="must be >= low"):
                    setter(high=1, low=2)

    run(main)


def test_without_room_for_waiting_bytes_writing_goes_on(run: Run, authority: Authority) -> None:
    async def main() -> None:
        async with Connection(authority) as (client, server):
            client.transport.set_write_buffer_limits(high=0)
            for count in range(1, 5):
                client.transport.write(b"x")  # goes out at once: there is nothing to wait for
                await server.until(count)
            assert client.events == ["made"]
            client.transport.write(bytes(5_000_000))
            assert client.events == ["made", "pause"]
            await server.until(5_000_004)
            assert client.events == ["made", "pause", "resume"]

    run(main)


@pytest.mark.parametrize("high", [0, 1000, 20_000])
def test_small_read_limits_stop_nothing_for_good(run: Run, authority: Authority, high: int) -> None:
    """Less than a record may be the limit: the rest of a record that has begun is let in."""

    async def main() -> None:
        async with Connection(authority) as (client, server):
            server.transport.set_read_buffer_limits(high)
            size = 0
            for count in (1, 300_000, 1_000_000):
                server.transport.pause_reading()
                client.transport.write(bytes(count))
                await eagerloop.sleep(0.02)
                server.transport.resume_reading()
                size += count
                await server.until(size)

    run(main)


def test_close_hears_the_goodbye_though_reading_was_paused(run: Run, authority: Authority) -> None:
    async def main() -> None:
        async with Connection(authority) as (client, server):
            server.transport.pause_reading()
            server.transport.set_read_buffer_limits(0)
            client.transport.write(b"not read any more")
            server.transport.close()
            async with eagerloop.timeout(5):
                assert await server.lost is None
                assert await client.lost is None

    run(main)


def test_one_that_is_dropped_open_warns(loop: eagerloop.EventLoop, authority: Authority) -> None:
    layer = tls.SSLProtocol(loop, asyncio.Protocol(), authority.server(), None, True)
    assert layer._app_transport is not None
    assert repr(layer._app_transport) == "<TLSTransport open>"
    with pytest.warns(ResourceWarning, match="unclosed transport"):
        del layer
        gc.collect()
