"""A transfer by hand that is cancelled, at any point: the file stands behind the last byte sent."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from typing import Any

import pytest

from tests.conftest import Run
from tests.net.peers import Recorder, nonblocking_pair
from tests.net.test_sendfile import DATA, NotAFile, read_all


class SlowFile(NotAFile):
    """Waits in each read until it is let go on."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def readinto(self, buffer: Any) -> int:
        self.begun.set()
        assert self.go_on.wait(10)
        return super().readinto(buffer)


@pytest.mark.parametrize("on_transport", [True, False])
def test_cancelled_while_a_thread_reads(run: Run, on_transport: bool) -> None:
    """The read moves the file when it ends, so that is waited for, and the file put back."""
    slow = SlowFile(DATA)

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with right:
            transport, protocol = await loop.create_connection(Recorder, sock=left)
            other, peer = nonblocking_pair()
            sending = loop.create_task(
                loop.sendfile(transport, slow, 1000)
                if on_transport
                else loop.sock_sendfile(other, slow, 1000)
            )
            while not slow.begun.is_set():
                await asyncio.sleep(0.001)
            sending.cancel()
            await asyncio.sleep(0.01)
            sending.cancel()
            await asyncio.sleep(0.01)
            slow.go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await sending
            await loop.shutdown_default_executor()
            assert slow.tell() == 1000
            assert transport.is_reading()
            other.close()
            peer.close()
            transport.abort()
            await protocol.lost

    run(main)


def test_cancelled_before_a_thread_reads(run: Run) -> None:
    """All threads have work: nobody waits for one, and the read does not come later."""
    held = threading.Event()

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(1))
        holding = loop.run_in_executor(None, held.wait, 10)
        origin = NotAFile(DATA)
        with left, right:
            sending = loop.create_task(loop.sock_sendfile(left, origin))
            await asyncio.sleep(0.01)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            assert not holding.done()
            held.set()
            await loop.shutdown_default_executor()
            assert origin.tell() == 0

    run(main)


def test_cancelled_in_the_middle_of_a_piece(run: Run) -> None:
    origin = NotAFile(DATA)

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with right:
            sending = loop.create_task(loop.sock_sendfile(left, origin))
            await asyncio.sleep(0.05)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            left.close()
            assert await read_all(right) == DATA[: origin.tell()]

    run(main)
