"""StreamReaderProtocol on a server and on a client, over real sockets."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import socket
import struct
from asyncio.tasks import _PyTask as PyTask  # type: ignore[attr-defined]
from typing import Any

import pytest

import eagerloop
from eagerloop.streams import FlowControlMixin, StreamReader, StreamReaderProtocol, StreamWriter
from tests.conftest import Run


def test_is_what_asyncio_has_under_this_name(run: Run) -> None:
    async def main() -> None:
        protocol = StreamReaderProtocol(StreamReader())
        assert isinstance(protocol, asyncio.Protocol)
        assert isinstance(protocol, FlowControlMixin)
        assert not isinstance(protocol, asyncio.BufferedProtocol)

    run(main)


def failures(loop: eagerloop.AbstractEventLoop) -> list[dict[str, Any]]:
    """Collects what the exception handler is told from now on."""
    found: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: found.append(context))
    return found


async def refuse(reader: StreamReader, writer: StreamWriter) -> None:
    await eagerloop.sleep(0)
    raise LookupError("no such page")


def refuse_at_once(reader: StreamReader, writer: StreamWriter) -> None:
    raise LookupError("no such page")


@pytest.mark.parametrize("handler", [refuse, refuse_at_once])
def test_a_handler_that_fails_is_reported_and_its_client_is_let_go(run: Run, handler: Any) -> None:
    async def main() -> None:
        found = failures(eagerloop.get_running_loop())
        server = await eagerloop.start_server(handler, "127.0.0.1", 0)
        reader, writer = await eagerloop.open_connection(*server.sockets[0].getsockname())
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
        (context,) = found
        assert context["message"] == "Unhandled exception in client_connected_cb"
        assert isinstance(context["exception"], LookupError)
        assert context["transport"].is_closing()

    run(main)


def test_a_handler_that_is_cancelled_closes_without_a_report(run: Run) -> None:
    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        raise asyncio.CancelledError

    async def main() -> None:
        found = failures(eagerloop.get_running_loop())
        server = await eagerloop.start_server(handler, "127.0.0.1", 0)
        reader, writer = await eagerloop.open_connection(*server.sockets[0].getsockname())
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
        assert found == []

    run(main)


def foreign(loop: Any, coro: Any, **options: Any) -> Any:
    return PyTask(coro, loop=loop, **options)


@pytest.mark.parametrize("factory", [None, eagerloop.eager_task_factory, foreign])
@pytest.mark.parametrize("lost", [False, True])
def test_a_failure_is_reported_by_every_kind_of_task_and_after_the_end(
    run: Run, factory: Any, lost: bool
) -> None:
    variable = contextvars.ContextVar[str]("variable", default="unset")

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        seen: list[Any] = []
        ended = loop.create_future()

        def report(_: Any, context: dict[str, Any]) -> None:
            seen.append((context["exception"], context["transport"], variable.get()))
            ended.set_result(None)

        async def handler(reader: StreamReader, writer: StreamWriter) -> None:
            if lost:
                await reader.read()
                await writer.wait_closed()
            raise LookupError("no such page")

        loop.set_exception_handler(report)
        variable.set("of the server")
        server = await eagerloop.start_server(handler, "127.0.0.1", 0)
        loop.set_task_factory(factory)
        client = socket.create_connection(server.sockets[0].getsockname())
        await eagerloop.sleep(0.01)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()  # a reset: the transport goes before the handler does
        await ended
        loop.set_task_factory(None)
        server.close()
        await server.wait_closed()
        ((exc, transport, value),) = seen
        assert isinstance(exc, ConnectionResetError if lost else LookupError)
        assert transport.is_closing()
        assert value == "of the server"

    run(main)


def test_who_looks_sees_the_handlers_callback(run: Run) -> None:
    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        task: Any = asyncio.current_task()
        ((callback, context),) = task._callbacks
        assert callback.__func__ is StreamReaderProtocol._on_task_done
        assert isinstance(context, contextvars.Context)
        assert task._asyncio_awaited_by is None
        assert "_on_task_done" in repr(task)
        writer.write(b"seen")
        writer.close()

    async def main() -> None:
        server = await eagerloop.start_server(handler, "127.0.0.1", 0)
        reader, writer = await eagerloop.open_connection(*server.sockets[0].getsockname())
        assert await reader.read() == b"seen"
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()

    run(main)


def test_a_handler_is_kept_alive_by_its_connection(run: Run) -> None:
    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        # only the protocol's reference holds this task up while it waits here
        data = await reader.readexactly(2)
        writer.write(data)
        writer.close()

    async def main() -> None:
        server = await eagerloop.start_server(handler, "127.0.0.1", 0)
        reader, writer = await eagerloop.open_connection(*server.sockets[0].getsockname())
        for byte in (b"o", b"k"):
            await eagerloop.sleep(0.01)
            gc.collect()
            writer.write(byte)
        assert await reader.read() == b"ok"
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()

    run(main)


def test_the_writing_half_survives_the_end_of_the_reading_half(run: Run) -> None:
    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        data = await reader.read()
        writer.write(data[::-1])
        writer.close()
        await writer.wait_closed()

    async def main() -> None:
        server = await eagerloop.start_server(handler, "127.0.0.1", 0)
        reader, writer = await eagerloop.open_connection(*server.sockets[0].getsockname())
        writer.write(b"abc")
        assert writer.can_write_eof()
        writer.write_eof()
        assert await reader.read() == b"cba"
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()

    run(main)


def test_a_reset_reaches_reads_drain_and_wait_closed(run: Run) -> None:
    async def main() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        reader, writer = await eagerloop.open_connection(*listener.getsockname())
        accepted, _ = listener.accept()
        # lingering for no time makes close() a reset
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        accepted.close()
        listener.close()
        for wait in (reader.read(), writer.drain(), writer.wait_closed()):
            with pytest.raises(ConnectionResetError):
                await wait

    run(main)


def test_a_connection_error_that_nobody_asks_for_is_not_reported(run: Run) -> None:
    async def main() -> None:
        found = failures(eagerloop.get_running_loop())
        protocol = StreamReaderProtocol(StreamReader())
        protocol.connection_lost(BrokenPipeError())
        del protocol
        gc.collect()
        assert found == []

    run(main)


def test_a_rejected_connection_is_aborted_and_reported(run: Run) -> None:
    class Transport:
        aborted = False

        def abort(self) -> None:
            self.aborted = True

    async def main() -> None:
        found = failures(eagerloop.get_running_loop())
        protocol, transport = StreamReaderProtocol(StreamReader()), Transport()
        protocol._reject_connection = True
        protocol.connection_made(transport)
        assert transport.aborted
        assert "An open stream was garbage collected" in found[0]["message"]

    run(main)


@pytest.mark.parametrize("waits_again", [False, True])
def test_who_gives_up_waiting_for_the_end_may_wait_again(run: Run, waits_again: bool) -> None:
    async def main() -> None:
        mine, other = socket.socketpair()
        with other:
            _, writer = await eagerloop.open_connection(sock=mine)
            writer.write(bytes(5_000_000))
            writer.close()  # ends when the peer has taken all, or has gone
            for _ in range(2 if waits_again else 1):
                with pytest.raises(TimeoutError):
                    await eagerloop.wait_for(writer.wait_closed(), 0.01)
        if not waits_again:
            await eagerloop.sleep(0.01)  # the end comes while nobody waits
        with pytest.raises(ConnectionError):
            await writer.wait_closed()

    run(main)
