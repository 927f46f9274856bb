"""Backlog: what an application wrote and TLS has not encrypted yet, in pieces for good records.

A record has room for 16 KiB. Small writes are joined until one is full, for each record costs time
and 22 bytes; large ones are cut, for all at once would fill memory while the transport is full.
Buffers that may change after `write` are copied, `bytes` are not.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tlsstate import Data

RECORD = 16384  # bytes of data in a record
PIECE = 8 * RECORD  # bytes to encrypt before the transport may say that it has enough
_RECORD = RECORD
_PIECE = PIECE


class Backlog:
    __slots__ = ("pieces", "size")

    def __init__(self) -> None:
        self.pieces: deque[Data] = deque()
        self.size = 0  # bytes

    def append(self, data: Data) -> None:
        if type(data) is not bytes:
            data = bytes(data)
        if len(data) > 0:
            self.pieces.append(data)
            self.size += len(data)

    def take(self) -> Data:
        """The next bytes to encrypt; there are some."""
        pieces = self.pieces
        data = pieces.popleft()
        size = len(data)
        if size > _PIECE:
            view = memoryview(data)
            pieces.appendleft(view[_PIECE:])
            self.size -= _PIECE
            return view[:_PIECE]
        if len(pieces) > 0 and size + len(pieces[0]) <= _RECORD:
            joined = [data]
            while len(pieces) > 0 and size + len(pieces[0]) <= _RECORD:
                data = pieces.popleft()
                joined.append(data)
                size += len(data)
            data = b"".join(joined)
        self.size -= size
        return data

    def give_back(self, data: Data, used: int) -> None:
        """Put back what was taken, without its first `used` bytes."""
        if used < len(data):
            rest = memoryview(data)[used:]
            self.pieces.appendleft(rest if type(rest.obj) is bytes else bytes(rest))
            self.size += len(data) - used

    def clear(self) -> None:
        self.pieces.clear()
        self.size = 0
