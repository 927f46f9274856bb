"""ByteQueue: bytes in by the packet, out by the slice.

It holds what a stream has received and nobody has read yet, in one of two shapes:

  chunk   one received `bytes` object, used up to `head`. The common case, a packet that is read
          before the next one comes: nothing is copied in, and a read of all of it hands out the
          very object that came from the socket.
  store   a bytearray, as soon as a packet comes while another waits; it appends in place and drops
          its front without moving the rest.

`lend()` gives the store to callers who want to change it behind our back (asyncio's
`reader._buffer`); from then on the queue keeps to that one object.
"""

from __future__ import annotations

from typing import TypeAlias

from ..core import runtime

Data: TypeAlias = "bytes | bytearray | memoryview"


class ByteQueue:
    __slots__ = ("chunk", "exposed", "head", "store", "taken")

    def __init__(self) -> None:
        self.chunk: bytes | None = None  # at most one of chunk and store holds bytes
        self.head = 0  # how many bytes of chunk are used up
        self.store: bytearray | None = None
        self.exposed = False  # someone holds the store
        self.taken = 0  # bytes taken since the beginning: the absolute position of the front

    def size(self) -> int:
        if self.chunk is not None:
            return len(self.chunk) - self.head
        return 0 if self.store is None else len(self.store)

    def append(self, data: Data) -> None:
        """Add `data`; `bytes` are kept as they are, everything else is copied."""
        if self.chunk is None and self.store is None and type(data) is bytes:
            self.chunk = data
        else:
            store = self.fold()
            store += data

    def find(self, separator: Data, start: int) -> int:
        """The first position of `separator` at or after `start`, or -1."""
        if self.chunk is None:
            return -1 if self.store is None else runtime.bytes_find(self.store, separator, start)
        position = runtime.bytes_find(self.chunk, separator, self.head + start)
        return -1 if position < 0 else position - self.head

    def take(self, count: int) -> bytes:
        """Remove and return the first `count` bytes; there are as many."""
        self.taken += count
        chunk = self.chunk
        if chunk is not None:
            head = self.head
            end = head + count
            if end < len(chunk):
                self.head = end
                return runtime.bytes_cut(chunk, head, end)
            self.chunk = None
            self.head = 0
            return chunk if head == 0 else runtime.bytes_cut(chunk, head, end)
        store = self.store
        if store is None:
            return b""
        if count < len(store):
            data = runtime.bytes_cut(store, 0, count)
            del store[:count]
            return data
        data = bytes(store)
        if self.exposed:
            store.clear()
        else:
            self.store = None
        return data

    def lend(self) -> bytearray:
        """All of it as one bytearray, which the caller may change."""
        self.exposed = True
        return self.fold()

    def fold(self) -> bytearray:
        """Go over to the store."""
        store = self.store
        if store is None:
            store = self.store = bytearray()
        if self.chunk is not None:
            with memoryview(self.chunk) as view:
                store += view[self.head :]
            self.chunk = None
            self.head = 0
        return store
