"""Flow control and feeding: who waits for room, who is told of the end, who gets the bytes."""

from __future__ import annotations

import gc

import pytest

import eagerloop
from eagerloop.streams import FlowControlMixin, StreamReader, StreamReaderProtocol
from tests.conftest import Run


def test_drain_of_what_is_not_paused_takes_no_turn(run: Run) -> None:
    async def main() -> None:
        others: list[int] = []
        eagerloop.get_running_loop().call_soon(others.append, 1)
        await FlowControlMixin()._drain_helper()
        assert not others

    run(main)


def test_all_who_wait_go_on_when_writing_resumes(run: Run) -> None:
    async def main() -> None:
        flow = FlowControlMixin()
        flow.pause_writing()
        tasks = [eagerloop.create_task(flow._drain_helper()) for _ in range(3)]
        await eagerloop.sleep(0)
        tasks[1].cancel()
        await eagerloop.sleep(0)
        assert flow._drain_waiters is not None
        assert len(flow._drain_waiters) == 2
        flow.resume_writing()
        await eagerloop.gather(tasks[0], tasks[2])
        assert not flow._drain_waiters

    run(main)


@pytest.mark.parametrize("exc", [None, BrokenPipeError("cut")])
def test_who_waits_learns_how_the_connection_was_lost(run: Run, exc: Exception | None) -> None:
    async def main() -> None:
        flow = FlowControlMixin()
        flow.pause_writing()
        waiting = eagerloop.create_task(flow._drain_helper())
        await eagerloop.sleep(0)
        flow.connection_lost(exc)
        if exc is None:
            await waiting
        else:
            with pytest.raises(BrokenPipeError, match="cut"):
                await waiting
        with pytest.raises(ConnectionResetError, match="Connection lost"):
            await flow._drain_helper()

    run(main)


def test_pausing_twice_is_a_bug_of_the_transport(run: Run) -> None:
    async def main() -> None:
        flow = FlowControlMixin()
        with pytest.raises(AssertionError):
            flow.resume_writing()
        flow.pause_writing()
        with pytest.raises(AssertionError):
            flow.pause_writing()

    run(main)


def test_the_mixin_knows_no_close_waiter(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(NotImplementedError):
            FlowControlMixin()._get_close_waiter(None)

    run(main)


def test_data_goes_to_the_reader_by_its_own_feed_data(run: Run) -> None:
    class Counting(StreamReader):
        fed = 0

        def feed_data(self, data: bytes) -> None:  # type: ignore[override]
            self.fed += len(data)
            super().feed_data(data)

    async def main() -> None:
        reader = Counting()
        protocol = StreamReaderProtocol(reader)
        protocol.data_received(b"abc")
        assert reader.fed == 3
        assert await reader.read(9) == b"abc"

    run(main)


def test_data_for_a_reader_that_is_gone_is_dropped(run: Run) -> None:
    async def main() -> None:
        reader: StreamReader | None = StreamReader()
        protocol = StreamReaderProtocol(reader)
        del reader
        gc.collect()
        protocol.data_received(b"abc")
        assert protocol._stream_reader is None

    run(main)
