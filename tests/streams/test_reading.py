"""The reads: when they are ready, what they take, how they fail; all of them against a model."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import eagerloop
from eagerloop.streams import StreamReader
from tests.conftest import Run

Outcome = tuple[str, Any]


def outcome(task: asyncio.Task[Any]) -> Outcome:
    """What a finished task came to, in comparable form."""
    exc = task.exception()
    if exc is None:
        return "value", task.result()
    if isinstance(exc, asyncio.IncompleteReadError):
        return "incomplete", (exc.partial, exc.expected)
    if isinstance(exc, asyncio.LimitOverrunError):
        return "overrun", (exc.args[0], exc.consumed)
    return type(exc).__name__, str(exc)


class Model:
    """A StreamReader as plain as can be: all reads look at all the bytes each time."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.data = b""
        self.eof = False

    def take(self, count: int) -> bytes:
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def read(self, n: int) -> Outcome | None:
        if n < 0:
            return ("value", self.take(len(self.data))) if self.eof else None
        if n == 0 or self.data or self.eof:
            return "value", self.take(n)
        return None

    def readexactly(self, n: int) -> Outcome | None:
        if len(self.data) >= n:
            return "value", self.take(n)
        if self.eof:
            return "incomplete", (self.take(len(self.data)), n)
        return None

    def readuntil(self, separators: tuple[bytes, ...]) -> Outcome | None:
        ends = [
            (self.data.find(sep) + len(sep), len(sep)) for sep in separators if sep in self.data
        ]
        if ends:
            end, length = min(ends)
            if end - length > self.limit:
                text = "Separator is found, but chunk is longer than limit"
                return "overrun", (text, end - length)
            return "value", self.take(end)
        looked = len(self.data) + 1 - max(map(len, separators))
        if looked > self.limit:
            return "overrun", ("Separator is not found, and chunk exceed the limit", looked)
        if self.eof:
            return "incomplete", (self.take(len(self.data)), None)
        return None

    def readline(self) -> Outcome | None:
        before = self.data
        result = self.readuntil((b"\n",))
        if result is None or result[0] == "value":
            return result
        if result[0] == "incomplete":
            return "value", result[1][0]
        self.data = before.partition(b"\n")[2]
        return "ValueError", result[1][0]


separators = st.lists(
    st.text("ab\n", min_size=1, max_size=3).map(str.encode), min_size=1, max_size=3
)


class Source(asyncio.ReadTransport):
    """What a reader pauses and resumes, in turn."""

    paused = False

    def pause_reading(self) -> None:
        assert not self.paused
        self.paused = True

    def resume_reading(self) -> None:
        assert self.paused
        self.paused = False


class ReaderMachine(RuleBasedStateMachine):
    """One reader fed and read in any order, with at most one read waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = eagerloop.new_event_loop()
        self.reader = StreamReader(limit=8, loop=self.loop)
        self.model = Model(limit=8)
        self.source = Source()
        self.reader.set_transport(self.source)
        self.looking = False
        self.waiting: tuple[asyncio.Task[Any], Any] | None = None

    @initialize(looking=st.booleans())
    def look(self, looking: bool) -> None:
        self.looking = looking

    def settle(self) -> None:
        for _ in range(3):
            self.loop.run_until_complete(eagerloop.sleep(0))
        if self.waiting is not None:
            task, expected = self.waiting
            want = expected()
            assert task.done() == (want is not None)
            if want is not None:
                assert outcome(task) == want
                self.waiting = None
        if self.looking:  # which changes how the bytes are kept
            assert self.reader._buffer == self.model.data
        assert self.reader.at_eof() == (self.model.eof and not self.model.data)
        if self.source.paused:  # then nobody waits, and there is more than one may want
            assert self.waiting is None
            assert len(self.model.data) > self.model.limit

    def begin(self, read: Coroutine[Any, Any, Any], expected: Any) -> None:
        self.waiting = (self.loop.create_task(read), expected)
        self.settle()

    @precondition(lambda self: not self.model.eof)
    @rule(data=st.text("ab\n", max_size=9).map(str.encode))
    def feed(self, data: bytes) -> None:
        self.reader.feed_data(data)
        self.model.data += data
        self.settle()

    @precondition(lambda self: not self.model.eof)
    @rule()
    def feed_eof(self) -> None:
        self.reader.feed_eof()
        self.model.eof = True
        self.settle()

    @precondition(lambda self: self.waiting is None)
    @rule(n=st.integers(-1, 9))
    def read(self, n: int) -> None:
        self.begin(self.reader.read(n), lambda: self.model.read(n))

    @precondition(lambda self: self.waiting is None)
    @rule(n=st.integers(0, 30))
    def readexactly(self, n: int) -> None:
        self.begin(self.reader.readexactly(n), lambda: self.model.readexactly(n))

    @precondition(lambda self: self.waiting is None)
    @rule()
    def readline(self) -> None:
        self.begin(self.reader.readline(), self.model.readline)

    @precondition(lambda self: self.waiting is None)
    @rule(several=separators)
    def readuntil(self, several: list[bytes]) -> None:
        self.begin(
            self.reader.readuntil(tuple(several)), lambda: self.model.readuntil(tuple(several))
        )

    @precondition(lambda self: self.waiting is not None)
    @rule()
    def cancel(self) -> None:
        assert self.waiting is not None
        task, _ = self.waiting
        self.waiting = None
        task.cancel()
        self.settle()
        assert task.cancelled()
        assert self.reader._waiter is None

    @precondition(lambda self: self.waiting is not None and not self.model.eof)
    @rule(data=st.text("ab\n", min_size=1, max_size=9).map(str.encode))
    def cancel_as_data_comes(self, data: bytes) -> None:
        """The read is woken and cancelled in the same turn: its bytes stay."""
        assert self.waiting is not None
        task, _ = self.waiting
        self.waiting = None
        self.reader.feed_data(data)
        self.model.data += data
        task.cancel()
        self.settle()
        assert task.cancelled()

    def teardown(self) -> None:
        if self.waiting is not None:
            self.cancel()
        assert self.reader._buffer == self.model.data
        self.loop.close()


TestReaderMachine = ReaderMachine.TestCase
TestReaderMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


async def a_turn() -> None:
    await eagerloop.sleep(0)


def test_nothing_happens_before_it_is_awaited(run: Run) -> None:
    async def main() -> None:
        reader = StreamReader()
        reader.feed_data(b"abc")
        reads = [reader.read(1), reader.readexactly(-1), reader.readuntil(b"")]
        assert reader._buffer == b"abc"
        for read in reads:
            read.close()

    run(main)


@pytest.mark.parametrize(
    ("separator", "text"),
    [
        (b"", "Separator should be at least one-byte string"),
        ((b"", b"x"), "Separator should be at least one-byte string"),
        ((), "Separator should contain at least one element"),
    ],
)
def test_bad_separators(run: Run, separator: Any, text: str) -> None:
    async def main() -> None:
        reader = StreamReader()
        with pytest.raises(ValueError, match=text):
            await reader.readuntil(separator)

    run(main)


def test_a_negative_size_for_readexactly(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="readexactly size can not be less than zero"):
            await StreamReader().readexactly(-2)

    run(main)


def test_what_is_there_is_read_without_giving_up_the_turn(run: Run) -> None:
    async def main() -> None:
        reader = StreamReader()
        reader.feed_data(b"one\ntwo\nthree")
        others: list[int] = []
        eagerloop.get_running_loop().call_soon(others.append, 1)
        assert await reader.readline() == b"one\n"
        assert await reader.readuntil(b"w") == b"tw"
        assert await reader.readexactly(2) == b"o\n"
        assert await reader.read(99) == b"three"
        assert not others

    run(main)


def test_a_line_in_ten_packets_wakes_once(run: Run) -> None:
    async def main() -> None:
        reader = StreamReader()
        line = eagerloop.create_task(reader.readline())
        await a_turn()
        first = reader._waiter
        for _ in range(9):
            reader.feed_data(b"x")
            await a_turn()
        assert reader._waiter is first
        reader.feed_data(b"\n")
        assert await line == b"x" * 9 + b"\n"

    run(main)


def test_bytes_taken_between_wake_and_resume_are_waited_for_again(run: Run) -> None:
    async def main() -> None:
        reader = StreamReader()
        slow = eagerloop.create_task(reader.readexactly(3))
        await a_turn()
        reader.feed_data(b"abc")
        assert await reader.read(2) == b"ab"
        await a_turn()
        assert not slow.done()
        reader.feed_data(b"de")
        assert await slow == b"cde"

    run(main)


def test_a_line_changed_between_wake_and_resume_is_looked_for_again(run: Run) -> None:
    async def main() -> None:
        reader: Any = eagerloop.StreamReader()
        task = eagerloop.create_task(reader.readline())
        await eagerloop.sleep(0)
        reader.feed_data(b"one\ntwo")
        reader._buffer[:] = b"longer\ntwo"
        assert await task == b"longer\n"
        assert bytes(reader._buffer) == b"two"

    run(main)


def test_a_separator_is_found_although_another_read_shifts_the_buffer(run: Run) -> None:
    async def main() -> None:
        reader = StreamReader()
        until = eagerloop.create_task(reader.readuntil(b"--"))
        await a_turn()
        reader.feed_data(b"abcdef-")
        assert await reader.read(6) == b"abcdef"
        reader.feed_data(b"-")
        assert await until == b"--"

    run(main)


def test_two_waiting_reads_are_an_error(run: Run) -> None:
    async def main() -> None:
        reader = StreamReader()
        first = eagerloop.create_task(reader.read(1))
        await a_turn()
        for read, name in [
            (reader.readline(), "readuntil"),
            (reader.readexactly(1), "readexactly"),
            (reader._wait_for_data("mine"), "mine"),
        ]:
            text = rf"{name}\(\) called while another coroutine is already waiting"
            with pytest.raises(RuntimeError, match=text):
                await read
        reader.feed_eof()
        assert await first == b""

    run(main)


def test_an_exception_reaches_the_waiting_read_and_all_later_ones(run: Run) -> None:
    async def main() -> None:
        reader = StreamReader()
        read = eagerloop.create_task(reader.read())
        await a_turn()
        reader.set_exception(ConnectionResetError("gone"))
        for late in (read, reader.readline(), reader.read(0), reader.readexactly(1)):
            with pytest.raises(ConnectionResetError, match="gone"):
                await late
        assert isinstance(reader.exception(), ConnectionResetError)

    run(main)


def test_a_read_that_has_its_bytes_does_not_fail_with_what_comes_after(run: Run) -> None:
    async def main() -> None:
        reader = StreamReader()
        read = eagerloop.create_task(reader.readline())
        await a_turn()
        reader.feed_data(b"whole\n")
        reader.set_exception(ConnectionResetError())
        assert await read == b"whole\n"

    run(main)


def test_wait_for_data_takes_nothing(run: Run) -> None:
    async def main() -> None:
        reader = StreamReader()
        wait = eagerloop.create_task(reader._wait_for_data("test"))
        await a_turn()
        reader.feed_data(b"x")
        await wait
        assert reader._buffer == b"x"

    run(main)


def test_lines_of_a_stream(run: Run) -> None:
    async def main() -> list[bytes]:
        reader = StreamReader()
        reader.feed_data(b"a\nb\n\nlast")
        reader.feed_eof()
        return [line async for line in reader]

    assert run(main) == [b"a\n", b"b\n", b"\n", b"last"]


def test_a_read_is_a_coroutine_to_asyncio(run: Run) -> None:
    async def main() -> None:
        reader = StreamReader()
        read = reader.readline()
        assert eagerloop.iscoroutine(read)
        with pytest.raises(TimeoutError):
            await eagerloop.wait_for(read, 0.01)
        reader.feed_data(b"late\n")
        assert await eagerloop.wait_for(reader.readline(), 1) == b"late\n"

    run(main)
