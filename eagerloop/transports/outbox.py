"""Outbox: bytes that wait to be sent, in order. It does no I/O.

Strategy. Small pieces are copied into one bytearray, which costs less than a buffer each in sendmsg and lets go of the
caller's objects; a large `bytes` is kept as it is, uncopied; anything mutable is copied, so the caller may change it
at once. Sending takes from the front: `pieces[first:]`, without the first `offset` bytes, is what is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Buffer = bytes | bytearray | memoryview

JOIN_BYTES = 512  # up to here a copy is cheaper than a buffer of its own
ARENA_BYTES = 65536  # one bytearray takes no more: its front is freed only when all of it is sent


class Outbox:
    """A queue of pieces, each bytes or bytearray."""

    __slots__ = ("pieces", "first", "offset", "size")

    def __init__(self) -> None:
        self.pieces: list[bytes | bytearray] = []
        self.first = 0
        self.offset = 0
        self.size = 0

    def append(self, data: Buffer) -> None:
        """Adds bytes at the end."""
        length = len(data)
        if length > JOIN_BYTES:
            self.pieces.append(data if type(data) is bytes else bytes(data))
        else:
            last = self.pieces[-1] if self.pieces else None
            if type(last) is bytearray and len(last) < ARENA_BYTES:
                last += data
            else:
                self.pieces.append(bytearray(data))
        self.size += length

    def consume(self, count: int) -> None:
        """Forgets the first `count` bytes: they are sent."""
        self.size -= count
        if self.size == 0:
            self.clear()
        else:
            count += self.offset
            while count >= len(self.pieces[self.first]):
                count -= len(self.pieces[self.first])
                self.pieces[self.first] = b""
                self.first += 1
            self.offset = count
            if self.first > 64 and self.first * 2 > len(self.pieces):
                del self.pieces[: self.first]
                self.first = 0

    def clear(self) -> None:
        """Forgets everything."""
        self.pieces.clear()
        self.first = 0
        self.offset = 0
        self.size = 0


def water_marks(high: int | None, low: int | None, default_bytes: int) -> tuple[int, int]:
    """(high, low) in bytes, each from the other or from the default where it is None.

    Raises:
        ValueError: not high >= low >= 0.
    """
    if high is None:
        high = default_bytes if low is None else 4 * low
    if low is None:
        low = high // 4
    if not high >= low >= 0:
        raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
    return high, low
