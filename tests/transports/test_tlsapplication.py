"""Application: each callback at most once, and connection_lost for exactly who had a connection."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import eagerloop
from eagerloop.transports import tls
from tests.conftest import Run

from .certificates import Authority
from .recording import Recorder, reports


class Below:
    """A transport that goes nowhere."""

    def write(self, data: bytes) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def _force_close(self, exc: BaseException | None) -> None:
        pass


@pytest.mark.parametrize("connected", [False, True])
def test_lost_before_the_handshake_is_told_to_who_was_connected(
    run: Run, authority: Authority, connected: bool
) -> None:
    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        waiter = loop.create_future()
        application = Recorder()
        layer = tls.SSLProtocol(
            loop, application, authority.server(), waiter, True, call_connection_made=not connected
        )
        layer.connection_made(Below())
        error = ConnectionResetError("gone")
        layer.connection_lost(error)
        with pytest.raises(ConnectionResetError, match="gone"):
            await waiter
        await eagerloop.sleep(0)
        assert application.events == (["lost"] if connected else [])

    run(main)


def test_a_failing_pause_is_no_end(run: Run, authority: Authority) -> None:
    class Failing(Recorder):
        def pause_writing(self) -> None:
            raise LookupError("pause")

    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        found = reports(loop)
        layer = tls.SSLProtocol(
            loop, Failing(), authority.server(), None, True, call_connection_made=False
        )
        transport = layer._app_transport
        assert transport is not None
        transport.set_write_buffer_limits(high=10)
        transport.write(bytes(11))
        assert found[0]["message"] == "protocol.pause_writing() failed"
        assert not transport.is_closing()
        layer.connection_lost(None)
        await eagerloop.sleep(0)

    run(main)


def test_the_layer_is_a_buffered_protocol(run: Run, authority: Authority) -> None:
    async def main() -> None:
        loop: Any = eagerloop.get_running_loop()
        layer = tls.SSLProtocol(loop, Recorder(), authority.server(), None, True)
        assert isinstance(layer, asyncio.BufferedProtocol)
        assert len(layer.get_buffer(-1)) == layer.max_size == 256 * 1024
        layer.connection_lost(None)

    run(main)
