"""Look-ups by c-ares, where aiodns is installed, and the refusal where it isn't."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import sys
from typing import Any

import pytest

from eagerloop.eventloop import EventLoop

needs_aiodns = pytest.mark.skipif(
    importlib.util.find_spec("aiodns") is None, reason="aiodns is not installed"
)


def run(main: Any, **options: Any) -> None:
    with asyncio.Runner(loop_factory=lambda: EventLoop(**options)) as runner:
        runner.run(main())


@needs_aiodns
@pytest.mark.parametrize("kind", [0, socket.SOCK_STREAM, socket.SOCK_DGRAM])
@pytest.mark.parametrize("host", ["localhost", b"localhost"])
def test_answers_are_the_c_librarys(
    monkeypatch: pytest.MonkeyPatch, kind: int, host: str | bytes
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "run_in_executor", None, raising=False)
        for port in (80, "80", "http"):
            options: Any = {"family": socket.AF_INET, "type": kind}
            found = await loop.getaddrinfo(host, port, **options)
            assert found == socket.getaddrinfo(host, port, socket.AF_INET, kind)

    monkeypatch.setenv("EAGERLOOP_RESOLVER", "aiodns")
    run(main)


@needs_aiodns
def test_an_unknown_name() -> None:
    async def main() -> None:
        with pytest.raises(socket.gaierror):
            await asyncio.get_running_loop().getaddrinfo("nobody.invalid", 80)

    run(main, resolver="aiodns")


def test_aiodns_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiodns", None)
    with pytest.raises(ValueError, match="pip install aiodns") as caught:
        EventLoop(resolver="aiodns")
    assert caught.value.__cause__ is not None


def test_no_such_resolver() -> None:
    with pytest.raises(ValueError, match="resolver must be 'executor' or 'aiodns', not 'magic'"):
        EventLoop(resolver="magic")
