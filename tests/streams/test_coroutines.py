"""The stream methods that are real coroutines."""

from __future__ import annotations

import inspect

import eagerloop
from eagerloop.streams import StreamReader, StreamReaderProtocol, StreamWriter
from tests.conftest import Run


class Transport:
    closing = False

    def is_closing(self) -> bool:
        return self.closing

    def get_extra_info(self, name: str, default: object = None) -> object:
        return default


def test_they_show_their_frames(run: Run) -> None:
    async def main() -> None:
        loop = eagerloop.get_running_loop()
        reader = StreamReader()
        protocol = StreamReaderProtocol(reader)
        writer = StreamWriter(transport := Transport(), protocol, reader, loop)
        waiting = writer.wait_closed()
        assert inspect.iscoroutine(waiting)
        protocol.connection_lost(None)
        await waiting
        transport.closing = True

    run(main)


def test_start_tls_tells_everyone_about_the_new_transport(run: Run) -> None:
    async def main() -> None:
        loop = eagerloop.get_running_loop()
        reader = StreamReader()
        protocol = StreamReaderProtocol(reader)
        protocol.connection_made(old := Transport())
        new = Transport()
        asked: dict[str, object] = {}

        class Loop:
            async def start_tls(self, *args: object, **options: object) -> Transport:
                asked.update(options, transport=args[0], protocol=args[1], context=args[2])
                return new

            is_closed = loop.is_closed

        writer = StreamWriter(old, protocol, reader, Loop())  # type: ignore[arg-type]
        await writer.start_tls("a context", server_hostname="there")  # type: ignore[arg-type]
        assert asked == {
            "transport": old,
            "protocol": protocol,
            "context": "a context",
            "server_side": False,
            "server_hostname": "there",
            "ssl_handshake_timeout": None,
            "ssl_shutdown_timeout": None,
        }
        assert writer.transport is new
        assert protocol._transport is new
        assert reader._transport is new
        new.closing = True

    run(main)
