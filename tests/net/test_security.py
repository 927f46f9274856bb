"""TLS arguments that do not fit together, in asyncio's words."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import pytest

from eagerloop.net.security import Security
from tests.conftest import Run
from tests.net.peers import nonblocking_pair


def test_context() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert Security(context).context is context
    assert Security(True).context is None
    assert Security(True)
    assert not Security(None)
    assert Security(context, None, 1, 2).transport_arguments() == {
        "ssl_handshake_timeout": 1,
        "ssl_shutdown_timeout": 2,
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"server_hostname": "x"}, "server_hostname is only meaningful with ssl"),
        ({"ssl": True, "host": ""}, "You must set server_hostname when using ssl without a host"),
        ({"ssl_handshake_timeout": 1}, "ssl_handshake_timeout is only meaningful with ssl"),
        ({"ssl_shutdown_timeout": 1}, "ssl_shutdown_timeout is only meaningful with ssl"),
    ],
)
def test_connections(run: Run, options: dict[str, Any], message: str) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        with pytest.raises(ValueError, match=message):
            await loop.create_connection(asyncio.Protocol, **{"host": "h", "port": 1} | options)

    run(main)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"server_hostname": "x"}, "server_hostname is only meaningful with ssl"),
        ({"ssl": True}, "you have to pass server_hostname when using ssl"),
        ({"ssl_handshake_timeout": 1}, "ssl_handshake_timeout is only meaningful with ssl"),
        ({"ssl_shutdown_timeout": 1}, "ssl_shutdown_timeout is only meaningful with ssl"),
    ],
)
def test_unix_connections(run: Run, options: dict[str, Any], message: str) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        with pytest.raises(ValueError, match=message):
            await loop.create_unix_connection(asyncio.Protocol, "/nowhere", **options)

    run(main)


def test_accepted_sockets(run: Run) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left, right:
            for name in ("ssl_handshake_timeout", "ssl_shutdown_timeout"):
                with pytest.raises(ValueError, match=f"{name} is only meaningful with ssl"):
                    await loop.connect_accepted_socket(asyncio.Protocol, left, **{name: 1})

    run(main)


@pytest.mark.parametrize("unix", [False, True])
def test_servers(run: Run, unix: bool) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        create = loop.create_unix_server if unix else loop.create_server
        with pytest.raises(TypeError, match="ssl argument must be an SSLContext or None"):
            await create(asyncio.Protocol, ssl=True)
        for name in ("ssl_handshake_timeout", "ssl_shutdown_timeout"):
            with pytest.raises(ValueError, match=f"{name} is only meaningful with ssl"):
                await create(asyncio.Protocol, **{name: 1})

    run(main)
