"""Scheduler: calls from everywhere, debug checks, descriptors."""

from __future__ import annotations

import gc
import os
import socket
import threading
import time

import pytest

import eagerloop
from eagerloop.core.watch import Channel

Loop = eagerloop.EventLoop


def test_threadsafe_calls_wake_a_waiting_loop(loop: Loop) -> None:
    def call_in_a_while() -> None:
        time.sleep(0.05)
        loop.call_soon_threadsafe(loop.stop)

    thread = threading.Thread(target=call_in_a_while)
    start = time.monotonic()
    thread.start()
    loop.run_forever()
    thread.join()
    assert 0.04 < time.monotonic() - start < 5


def test_threadsafe_calls_come_in_order(loop: Loop) -> None:
    seen: list[int] = []

    def call() -> None:
        for n in range(20_000):
            loop.call_soon_threadsafe(seen.append, n)
        loop.call_soon_threadsafe(loop.stop)

    thread = threading.Thread(target=call)
    thread.start()
    loop.run_forever()
    thread.join()
    assert seen == list(range(20_000))


def test_closed() -> None:
    loop = eagerloop.EventLoop()
    loop.close()
    for call in (loop.call_soon, loop.call_soon_threadsafe):
        with pytest.raises(RuntimeError, match="Event loop is closed"):
            call(print)
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        loop.call_later(1, print)


def test_debug_mode_knows_its_thread_and_its_callbacks(loop: Loop) -> None:
    loop.set_debug(True)
    with pytest.raises(TypeError, match="a callable object was expected by call_soon"):
        loop.call_soon(5)  # type: ignore[arg-type]

    async def coroutine() -> None: ...

    with pytest.raises(TypeError, match=r"coroutines cannot be used with call_soon\(\)"):
        loop.call_soon(coroutine)

    async def main() -> list[str]:
        said: list[str] = []

        def call() -> None:
            try:
                loop.call_soon(print)
            except RuntimeError as exc:
                said.append(str(exc))

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        return said

    assert "Non-thread-safe operation" in loop.run_until_complete(main())[0]


def test_a_reader_is_replaced_and_removed(loop: Loop) -> None:
    left, right = socket.socketpair()
    seen: list[str] = []
    try:
        loop.add_reader(left, seen.append, "first")
        loop.add_reader(left, lambda: (seen.append("second"), loop.stop()))
        loop.add_writer(left, print)
        assert loop.remove_writer(left)
        right.send(b"x")
        loop.run_forever()
        assert seen == ["second"]
        assert loop.remove_reader(left)
        assert not loop.remove_reader(left)
    finally:
        left.close()
        right.close()


def test_a_descriptor_that_cannot_be_polled(loop: Loop, tmp_path: os.PathLike[str]) -> None:
    if loop.poller != "epoll":
        pytest.skip("only epoll refuses files")
    with open(os.path.join(tmp_path, "file"), "wb") as file, pytest.raises(PermissionError):
        loop.add_reader(file, print)
    assert loop._poller_object.watched == 1


def test_clock_of_a_subclass_is_honoured() -> None:
    class Jumping(eagerloop.EventLoop):
        offset = 0.0

        def time(self) -> float:
            return super().time() + self.offset

    loop = Jumping()
    seen: list[int] = []
    loop.call_later(1000, seen.append, 1)
    loop.call_soon(setattr, loop, "offset", 1001.0)
    loop.run_until_complete(eagerloop.sleep(0))
    loop.run_until_complete(eagerloop.sleep(0))
    assert seen == [1]
    loop.close()


def test_a_flush_that_could_not_be_asked_for_can_be_again(loop: Loop) -> None:
    testcapi = pytest.importorskip("_testcapi")

    class Held(Channel):
        flushed = 0

        def flush(self) -> None:
            self.flushed += 1

    channel = Held()
    failed = False
    for n in range(20):
        try:
            testcapi.set_nomemory(n, n + 1)
            loop._flush_later(channel)
        except MemoryError:
            failed = True
            continue
        finally:
            testcapi.remove_mem_hooks()
        break
    assert failed
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert channel.flushed == 1


def test_a_queue_that_the_collector_changes_can_be_looked_at(loop: Loop) -> None:
    left = 3

    def add(phase: str, info: object) -> None:
        nonlocal left
        if phase == "start" and left > 0:
            left -= 1
            for _ in range(200):
                loop.call_soon(int)

    threshold = gc.get_threshold()
    held: list[list[int]] = [[] for _ in range(200)]  # else the next list is one that lies ready
    gc.callbacks.append(add)
    gc.set_threshold(1)
    try:
        seen = loop._ready
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(add)
        held.clear()
    assert all(entry is not None for entry in seen)
    loop.call_soon(loop.stop)
    loop.run_forever()
