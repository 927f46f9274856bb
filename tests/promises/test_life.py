"""A loop's life: whatever it held when it ended, and wherever, nothing crashes and nothing stays."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

import eagerloop
from tests.conftest import Run, descriptors
from tests.net.peers import Echo, Recorder, port_of

Loop = eagerloop.EventLoop


class Held:
    """Something to be held."""


def test_a_loop_in_a_cycle_of_its_own_callbacks_is_collected() -> None:
    before = descriptors()
    loop = Loop()
    loop.call_later(1000, lambda: loop).cancel()
    loop.create_future().add_done_callback(lambda _: loop)
    left, right = socket.socketpair()
    loop.add_reader(left, lambda: loop)
    gone = weakref.ref(loop)
    with pytest.warns(ResourceWarning, match="unclosed event loop"):
        loop = None  # type: ignore[assignment]
        gc.collect()
    gc.collect()  # of the recorded warning, whose source the loop is
    assert gone() is None
    left.close()
    right.close()
    assert len(descriptors()) == len(before)


@pytest.mark.parametrize("where", ["here", "another thread"])
def test_the_last_reference_may_be_anywhere(where: str) -> None:
    """Transport, server, timer and task of a closed loop, dropped by a thread that never ran it."""
    loop = Loop()
    bag: list[Any] = []

    async def main() -> None:
        server = await loop.create_server(Echo, "127.0.0.1", 0)
        transport, protocol = await loop.create_connection(Recorder, "127.0.0.1", port_of(server))
        transport.write(b"x")
        await protocol.wait_for(1)
        transport.close()
        await protocol.lost
        server.close()
        await server.wait_closed()
        bag.extend([server, transport, protocol, loop.call_later(1000, bag.append, 1)])
        bag.append(asyncio.current_task())

    loop.run_until_complete(main())
    loop.close()
    bag.append(loop)
    gone = weakref.ref(loop)
    loop = None  # type: ignore[assignment]

    def drop() -> None:
        bag.clear()
        gc.collect()

    if where == "here":
        drop()
    else:
        thread = threading.Thread(target=drop)
        thread.start()
        thread.join()
    assert gone() is None


def test_what_a_context_holds_goes_with_its_tasks_and_connections(run: Run) -> None:
    held: contextvars.ContextVar[Held] = contextvars.ContextVar("held")

    async def main() -> weakref.ref[Held]:
        loop = eagerloop.get_running_loop()

        async def talk() -> weakref.ref[Held]:
            something = Held()
            held.set(something)
            server = await loop.create_server(Echo, "127.0.0.1", 0)
            transport, protocol = await loop.create_connection(
                Recorder, "127.0.0.1", port_of(server)
            )
            transport.write(b"x")
            await protocol.wait_for(1)
            await asyncio.sleep(0.001)
            loop.call_later(1000, print).cancel()
            transport.close()
            await protocol.lost
            server.close()
            await server.wait_closed()
            return weakref.ref(something)

        gone = await asyncio.create_task(talk())
        await asyncio.sleep(0)
        gc.collect()
        return gone

    assert run(main)() is None


def test_a_generator_dropped_in_debug_mode() -> None:
    """uvloop crashed there (#730): the finaliser is called from the collector."""
    ended: list[int] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            ended.append(1)

    async def main() -> None:
        for _ in range(50):
            generator = numbers()
            assert await anext(generator) == 1
            del generator
        gc.collect()
        while len(ended) < 50:
            await asyncio.sleep(0)

    eagerloop.run(main(), debug=True)


@pytest.mark.parametrize("exit_with", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("method", ["connection_made", "data_received", "connection_lost"])
def test_a_way_out_of_the_program_leads_out_of_a_protocol(
    run: Run, method: str, exit_with: type[BaseException]
) -> None:
    """And leaves a loop that can be closed, without a descriptor that stays."""

    class Leaving(asyncio.Protocol):
        pass

    def leave(self: Any, *_: Any) -> None:
        raise exit_with("out")

    setattr(Leaving, method, leave)
    left, right = socket.socketpair()
    left.setblocking(False)

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        transport, _ = await loop.create_connection(Leaving, sock=left)
        try:
            right.send(b"x")
            await asyncio.sleep(0.01)
        finally:  # the runner cancels who is left
            transport.abort()
        await asyncio.sleep(10)

    with pytest.raises(exit_with, match="out"):
        run(main)
    right.close()
    left.close()
    gc.collect()


def test_the_interpreter_ends_while_names_are_looked_up() -> None:
    """The look-up was given up; nothing waits for it longer than it takes, and nothing is said."""
    program = """if True:
        import asyncio, socket, time, eagerloop
        socket.getaddrinfo = lambda *_, **__: time.sleep(0.5)
        async def main():
            looking = [asyncio.create_task(asyncio.open_connection("name", 1)) for _ in range(3)]
            await asyncio.sleep(0.05)
            for task in looking:
                task.cancel()
            await asyncio.wait(looking)
        loop = eagerloop.new_event_loop()
        loop.run_until_complete(main())
        loop.close()
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_endpoints_on_one_port_come_and_go(run: Run) -> None:
    """reuse_port: no datagram finds a transport that is gone, and no port stays taken."""

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        kept, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0), reuse_port=True
        )
        address = kept.get_extra_info("sockname")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(100):
                one, _ = await loop.create_datagram_endpoint(
                    asyncio.DatagramProtocol, local_addr=address, reuse_port=True
                )
                for _ in range(5):
                    sender.sendto(b"%d" % number, address)
                if number % 2:
                    await asyncio.sleep(0)
                one.close()
        kept.close()
        await asyncio.sleep(0.01)
        again, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=address)
        again.close()

    run(main)


async def served() -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
    await reader.read()
    writer.close()
    server.close()
    await server.wait_closed()


async def spawned() -> None:
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()


async def signalled() -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, int)


async def threaded() -> None:
    await asyncio.to_thread(int)


class OwnClock(Loop):
    def time(self) -> float:
        return super().time()


@pytest.mark.parametrize("kind", [Loop, OwnClock])
@pytest.mark.parametrize("work", [served, spawned, signalled, threaded])
def test_a_closed_loop_needs_no_collection(
    kind: type[Loop], work: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """As asyncio's: a program that makes many loops, or switched the collector off, keeps none."""
    gc.collect()
    gc.disable()
    try:
        with eagerloop.Runner(loop_factory=kind) as runner:
            gone = weakref.ref(runner.get_loop())
            runner.run(work())
        del runner
        assert gone() is None
    finally:
        gc.enable()


def test_what_a_closed_loop_is_asked_afterwards() -> None:
    loop = Loop()
    loop.close()
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        loop.add_signal_handler(signal.SIGUSR1, int)
    assert not loop.remove_signal_handler(signal.SIGUSR1)
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        loop.add_reader(0, int)
    assert not loop.remove_reader(0)
    loop.close()
