# cython: nonecheck=True
"""The awaitables of StreamReader's methods: each is one read and knows when it can be served.

A read is an Operation (core/operation.py): what is there already is handed over in its first poll.
Else it leaves itself with the reader, which asks `is_ready` as packets come and wakes the task only
when the answer is yes: a line of ten packets costs one wake-up.

Waking takes nothing out of the buffer; `finish` does, when the task runs again. So a read that is
cancelled in between loses no data, and a read that finds its bytes taken by another waits again.

A `start` kept in a read is the place below which no separator begins. It counts from the beginning
of the stream (`ByteQueue.taken`), so that it stays right when others read meanwhile.
"""

from __future__ import annotations

from asyncio.exceptions import IncompleteReadError, LimitOverrunError
from typing import TYPE_CHECKING, Any

from ..core import runtime
from ..core.operation import Operation

if TYPE_CHECKING:
    from asyncio import Future

    from .reader import StreamReader


class Reading(Operation):
    """What all reads share; the subclasses say when they are ready and what they take."""

    __slots__ = ("reader", "waiter")

    _qualname = "StreamReader.read"

    def __init__(self, reader: StreamReader) -> None:
        self.begin(reader)

    def begin(self, reader: StreamReader) -> None:
        self.reader = reader
        self.waiter: Future[None] | None = None  # None: it has not waited yet

    def prepare(self) -> None:
        """Check the arguments, when the read first runs."""

    def is_ready(self) -> bool:
        """True: `finish` has what it needs, or an error to raise."""
        return self.reader._queue.size() > 0

    def finish(self) -> bytes:
        """Take the result out of the buffer; called when ready, or at the end of the stream."""
        raise NotImplementedError

    def method(self) -> str:
        """The name for the error about two reads at once: asyncio's."""
        return "read"

    def _poll(self) -> bool:
        reader = self.reader
        if self.waiter is None:
            self.prepare()
            if reader._exception is not None:
                raise reader._exception
        if self.is_ready() or reader._eof:
            self.value = self.finish()
            return True
        if reader._exception is not None:
            raise reader._exception
        self.waiter = reader._wait(self)
        self.value = self.waiter
        return False

    def _fail(self, exc: BaseException) -> bool:
        reader = self.reader
        if reader._waiter is self.waiter:
            reader._waiter = None
            reader._reading = None
        try:
            raise exc
        finally:
            del exc  # interpreted, this frame is in its traceback


class WaitForData(Reading):
    """`_wait_for_data`: until any byte comes, or the end; takes nothing."""

    __slots__ = ("name",)
    name: str

    def is_ready(self) -> bool:
        return True  # asked only when a packet came

    def method(self) -> str:
        return self.name

    def _poll(self) -> bool:
        if self.waiter is not None:
            self.value = None
            return True
        self.waiter = self.reader._wait(self)
        self.value = self.waiter
        return False


class Read(Reading):
    """Up to `count` bytes, as soon as there is one."""

    __slots__ = ("count",)
    count: int

    def is_ready(self) -> bool:
        return self.count == 0 or self.reader._queue.size() > 0

    def finish(self) -> bytes:
        return self.reader._take(min(self.count, self.reader._queue.size()))


class ReadAll(Reading):
    """Everything until the end of the stream."""

    __slots__ = ()

    def is_ready(self) -> bool:
        return False

    def finish(self) -> bytes:
        return self.reader._take(self.reader._queue.size())


class ReadExactly(Reading):
    """`count` bytes, not one less."""

    __slots__ = ("count",)

    _qualname = "StreamReader.readexactly"
    count: int

    def prepare(self) -> None:
        if self.count < 0:
            raise ValueError("readexactly size can not be less than zero")

    def is_ready(self) -> bool:
        return self.reader._queue.size() >= self.count

    def finish(self) -> bytes:
        size = self.reader._queue.size()
        if size < self.count:
            raise IncompleteReadError(self.reader._take(size), self.count)
        return self.reader._take(self.count)

    def method(self) -> str:
        return "readexactly"


class ReadUntil(Reading):
    """Up to and including the separator that ends first; of those that end there, the shortest."""

    __slots__ = ("separator", "end", "longest", "match", "start")

    _qualname = "StreamReader.readuntil"

    def __init__(self, reader: StreamReader, separator: Any) -> None:
        self.begin(reader)
        self.look_for(separator)

    def look_for(self, separator: Any) -> None:
        self.separator = separator  # several: a tuple
        self.longest = 0
        self.start = 0
        self.match = -1  # where the separator found begins and ends, from the buffer's front
        self.end = -1

    def prepare(self) -> None:
        if isinstance(self.separator, tuple):
            # the shortest first: of those that end at the same place it is found first
            separators = tuple(sorted(self.separator, key=len))
            if not separators:
                raise ValueError("Separator should contain at least one element")
            self.separator = separators
            self.longest = len(separators[len(separators) - 1])
            shortest = len(separators[0])
        else:
            self.longest = shortest = len(self.separator)
        if shortest == 0:
            raise ValueError("Separator should be at least one-byte string")

    def is_ready(self) -> bool:
        queue = self.reader._queue
        start = self.start - queue.taken
        if self.match >= 0 and self.match == start and not queue.exposed:
            return True  # found when the packet came, and nobody has taken anything since
        size = queue.size()
        # others may have read past what was looked through, or changed the lent buffer
        start = max(0, min(start, size))
        if type(self.separator) is tuple:
            self.find_first(start)
        else:
            self.match = queue.find(self.separator, start)
            if self.match >= 0:
                self.end = self.match + self.longest
        if self.match >= 0:
            self.start = queue.taken + self.match
            return True
        start = max(0, size + 1 - self.longest)
        self.start = queue.taken + start
        return start > self.reader._limit

    def find_first(self, start: int) -> None:
        queue = self.reader._queue
        self.match = self.end = -1
        for separator in self.separator:
            match = queue.find(separator, start)
            if match >= 0:
                end = match + len(separator)
                if self.end < 0 or end < self.end:
                    self.match = match
                    self.end = end

    def finish(self) -> bytes:
        reader = self.reader
        if self.match >= 0:
            if self.match > reader._limit:
                raise LimitOverrunError(
                    "Separator is found, but chunk is longer than limit", self.match
                )
            return reader._take(self.end)
        looked = self.start - reader._queue.taken
        if looked > reader._limit:
            raise LimitOverrunError("Separator is not found, and chunk exceed the limit", looked)
        raise IncompleteReadError(reader._take(reader._queue.size()), None)

    def method(self) -> str:
        return "readuntil"


class ReadLine(ReadUntil):
    """Up to and including the newline, or what is left at the end of the stream."""

    __slots__ = ()

    _qualname = "StreamReader.readline"

    def finish(self) -> bytes:
        reader = self.reader
        queue = reader._queue
        if self.match >= 0:
            if self.match <= reader._limit:
                return reader._take(self.end)
            reader._take(self.end)
            raise ValueError("Separator is found, but chunk is longer than limit")
        if self.start - queue.taken > reader._limit:
            reader._take(queue.size())
            raise ValueError("Separator is not found, and chunk exceed the limit")
        return reader._take(queue.size())


class NextLine(ReadLine):
    """A line for `async for`, which ends with the stream."""

    __slots__ = ()

    _qualname = "StreamReader.__anext__"

    def _poll(self) -> bool:
        if not ReadLine._poll(self):
            return False
        if len(self.value) == 0:
            self.value = None
            raise StopAsyncIteration
        return True


# A factory for each, for compiled a constructor is several calls.


def wait_for_data(reader: StreamReader, name: str) -> WaitForData:
    made = WaitForData.__new__(WaitForData)
    made.begin(reader)
    made.name = name
    return made


def read(reader: StreamReader, count: int) -> Read:
    made = runtime.new_untracked(Read)
    made.begin(reader)
    made.count = count
    return made


def read_all(reader: StreamReader) -> ReadAll:
    made = ReadAll.__new__(ReadAll)
    made.begin(reader)
    return made


def read_exactly(reader: StreamReader, count: int) -> ReadExactly:
    made = runtime.new_untracked(ReadExactly)
    made.begin(reader)
    made.count = count
    return made


def read_until(reader: StreamReader, separator: Any) -> ReadUntil:
    made = ReadUntil.__new__(ReadUntil)
    made.begin(reader)
    made.look_for(separator)
    return made


def read_line(reader: StreamReader) -> ReadLine:
    made = runtime.new_untracked(ReadLine)
    made.begin(reader)
    made.look_for(b"\n")
    return made


def next_line(reader: StreamReader) -> NextLine:
    made = runtime.new_untracked(NextLine)
    made.begin(reader)
    made.look_for(b"\n")
    return made


runtime.stock(Read)
runtime.stock(ReadExactly)
runtime.stock(ReadLine)
runtime.stock(NextLine)
