"""RecordScan: how many TLS records are complete in what was received, and where the last one ends.

OpenSSL tells by an exception that it wants more, which costs as much as reading a small record. The
header of a record is in clear, five bytes long, and says how long the record is; so we know.

    byte 0      content type: 20 change cipher spec, 21 alert, 22 handshake, 23 data, 24 heartbeat
    bytes 1, 2  version: 3 and a minor one
    bytes 3, 4  length of what follows, at most 16 KiB and what encryption adds

What does not look like this is not TLS, or damaged: `broken`, and OpenSSL is to say what is wrong.
"""

from __future__ import annotations

_HEADER = 5  # bytes
_LONGEST = 16384 + 2048  # bytes: the most that TLS 1.2 allows; 1.3 allows less


class RecordScan:
    __slots__ = ("boundary", "broken", "fed", "filled", "left", "records")

    def __init__(self) -> None:
        self.fed = 0  # bytes seen since the connection began
        self.boundary = 0  # of these, the bytes up to the end of the last complete record
        self.filled = 0  # bytes of the current header
        self.left = 0  # bytes missing of the current record, once its header is complete
        self.broken = False
        self.records = 0  # complete ones since the connection began

    def feed(self, data: bytes) -> None:
        """Look at what was received."""
        at = 0
        count = len(data)
        while at < count and not self.broken:
            if self.filled == 0 and count - at >= _HEADER:
                self.left = data[at + 3] * 256 + data[at + 4]
                self.broken = (
                    data[at] < 20 or data[at] > 24 or data[at + 1] != 3 or self.left > _LONGEST
                )
                if self.broken:
                    break
                self.filled = _HEADER
                at += _HEADER
            elif self.filled < _HEADER:
                self.header_byte(data[at])
                at += 1
            else:
                step = min(self.left, count - at)
                at += step
                self.left -= step
            if self.filled == _HEADER and self.left == 0:
                self.filled = 0
                self.boundary = self.fed + at
                self.records += 1
        self.fed += count

    def header_byte(self, byte: int) -> None:
        place = self.filled
        if place == 0:
            self.broken = byte < 20 or byte > 24
        elif place == 1:
            self.broken = byte != 3
        elif place == 3:
            self.left = byte * 256
        elif place == 4:
            self.left += byte
            self.broken = self.left > _LONGEST
        self.filled = place + 1
