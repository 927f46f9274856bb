"""Promise: who makes a connection when memory runs out gets MemoryError, and does not wait for ever."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import eagerloop
from eagerloop import _build

Loop = eagerloop.EventLoop
testcapi = pytest.importorskip("_testcapi")

ALLOCATIONS = 130  # more than making a connection takes


async def connect(loop: Loop, fail: Callable[[], None]) -> Any:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    try:
        fail()
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
        return transport
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()


async def endpoint(loop: Loop, fail: Callable[[], None]) -> Any:
    fail()
    transport, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    return transport


async def write_pipe(loop: Loop, fail: Callable[[], None]) -> Any:
    reading, writing = os.pipe()
    file = open(writing, "wb", 0)
    try:
        fail()
        transport, _ = await loop.connect_write_pipe(asyncio.Protocol, file)
        return transport
    except BaseException:
        file.close()
        raise
    finally:
        os.close(reading)


@pytest.fixture
def no_collections() -> Iterator[None]:
    """A callback of the collector's, as hypothesis has one, is not to be the one without memory."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.skipif(not _build.compiled(), reason="interpreted, every line allocates")
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # an accepted fate of what was half made
@pytest.mark.usefixtures("no_collections")
@pytest.mark.parametrize("make", [connect, endpoint, write_pipe])
def test_a_connection_is_made_or_refused(loop: Loop, make: Callable[..., Any]) -> None:
    async def attempt(n: int) -> None:
        async with asyncio.timeout(5):
            try:
                transport = await make(loop, lambda: testcapi.set_nomemory(n, n + 1))
            finally:
                testcapi.remove_mem_hooks()
        transport.abort()

    loop.set_exception_handler(lambda loop, context: None)
    for _ in range(2):  # what is imported or kept at the first time
        loop.run_until_complete(attempt(1_000_000))
    refused = 0
    for n in range(1, ALLOCATIONS):
        try:
            loop.run_until_complete(attempt(n))
        except MemoryError as exc:
            exc.with_traceback(None)  # the interpreter's last one is never freed, nor what it knows
            refused += 1
            for task in asyncio.all_tasks(loop):  # the loop itself had none, to step it
                assert task._fut_waiter is None  # type: ignore[attr-defined]
                loop.call_soon(task._step, asyncio.CancelledError())  # type: ignore[attr-defined]
        loop.run_until_complete(eagerloop.sleep(0))
        loop.run_until_complete(eagerloop.sleep(0))
    assert refused > 5
    loop.set_exception_handler(None)
