"""TLSState: one end of a TLS connection, without the connection.

Bytes go in by `feed` and `write` and come out by `read` and `output`; nothing here waits or does
I/O. Python's `ssl` does the cryptography, between two buffers in memory (`ssl.MemoryBIO`), which
works over any transport, inside another TLS connection, and with bytes that came before TLS began.

The states and what may follow, as one end of the connection sees it:

    NEW        nothing has happened
    HANDSHAKE  hello and keys; application data may not be sent yet
    OPEN       data both ways
    FLUSHING   we are to end, and what was written before is not all encrypted yet
    SHUTDOWN   our close_notify is out; theirs is awaited
    CLOSED     over, for whatever reason

Rules
- `read` is asked only when `has_record`: so a wait costs no exception (tlsrecords.py). Records are counted here, for
  asking OpenSSL and its buffers costs as much as decrypting a small one.
- After each call there may be `output`: hellos, tickets, key updates, alerts, close_notify. After
  an error it is the fatal alert, which tells the other end why.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from .tlsrecords import RecordScan

if TYPE_CHECKING:
    Data = bytes | bytearray | memoryview

NEW, HANDSHAKE, OPEN, FLUSHING, SHUTDOWN, CLOSED = range(6)
_NEW, _HANDSHAKE, _OPEN, _FLUSHING, _SHUTDOWN, _CLOSED = range(6)

NAMES = ("NEW", "HANDSHAKE", "OPEN", "FLUSHING", "SHUTDOWN", "CLOSED")
NEXT = (
    (HANDSHAKE, CLOSED),
    (OPEN, CLOSED),
    (FLUSHING, CLOSED),
    (SHUTDOWN, CLOSED),
    (CLOSED,),
    (),
)

_RECORD = 16384  # bytes of data in a record

# SSLSyscallError: OpenSSL's way to say the same of a memory buffer
_WANT_MORE = (ssl.SSLWantReadError, ssl.SSLSyscallError)

# A peer that goes on sending, or never finished the handshake, gets our close_notify all the same.
_UNANSWERED = ("APPLICATION_DATA_AFTER_CLOSE_NOTIFY", "SHUTDOWN_WHILE_IN_INIT")


class TLSState:
    """One end of a TLS connection.

    Args:
        context: certificates and options.
        server_side: which end.
        server_hostname: a client's: whom it wants to speak to.

    Raises:
        ValueError: the context checks host names and there is none to check.
    """

    __slots__ = (
        "consumed",
        "eof",
        "encrypt",
        "established",
        "full",
        "get",
        "incoming",
        "outgoing",
        "put",
        "raw",
        "read",
        "scan",
        "ssl_object",
        "state",
        "strange",
        "taken",
    )

    def __init__(
        self, context: ssl.SSLContext, server_side: bool, server_hostname: str | None
    ) -> None:
        if context.check_hostname and not server_side and not server_hostname:
            raise ValueError("check_hostname requires server_hostname")
        self.state: int = _NEW
        self.established = False  # the handshake was done once, whatever came after
        self.eof = False  # their close_notify came
        self.full = False  # the last read filled its buffer: OpenSSL may hold the rest of a record
        self.strange = False  # something other than data was read since `answered` was asked
        self.scan = RecordScan()
        self.taken = 0  # of its records, those that were certainly read
        self.consumed = 0  # bytes of these, or less
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        self.ssl_object = context.wrap_bio(
            self.incoming,
            self.outgoing,
            server_side=server_side,
            server_hostname=server_hostname or None,
        )
        # the C object behind it, without a Python frame per call
        self.raw: Any = getattr(self.ssl_object, "_sslobj", self.ssl_object)
        # what runs per record, looked up once
        self.read: Any = self.raw.read
        self.encrypt: Any = self.raw.write
        self.put: Any = self.incoming.write
        self.get: Any = self.outgoing.read

    def advance(self, state: int) -> None:
        """Go on to `state`; RuntimeError if the table has no such step."""
        if state not in NEXT[self.state]:
            raise RuntimeError(f"TLS cannot go from {NAMES[self.state]} to {NAMES[state]}")
        self.state = state

    def feed(self, data: bytes) -> None:
        """Take what was received."""
        if not self.eof:  # nothing may come behind their close_notify, and none of it is ever read
            self.put(data)
            self.scan.feed(data)

    def unread(self) -> int:
        """Received bytes that are not decrypted yet."""
        pending: int = self.incoming.pending
        return pending

    def handshake(self) -> bool:
        """Go on with the handshake; True when it is done. ssl.SSLError: it failed."""
        try:
            self.raw.do_handshake()
        except _WANT_MORE:
            return False
        self.advance(_OPEN)
        self.established = True
        if self.unread() == self.scan.fed - self.scan.boundary:  # no record of data came with it
            self.taken = self.scan.records
            self.consumed = self.scan.boundary
        return True

    def complete(self) -> int:
        """An upper bound of the bytes that can be read without waiting; 0: none.

        Each record has data, as far as we know. One that has none, as those of a handshake, makes
        us read once in vain; OpenSSL says so, and it is counted.
        """
        if self.scan.broken:
            return _RECORD  # OpenSSL is to say what is wrong
        if self.full:
            pending: int = self.raw.pending()
            if pending > 0:
                return pending
            self.full = False
            self.take()
        if self.scan.records > self.taken:
            return self.scan.boundary - self.consumed
        return 0

    def is_last(self) -> bool:
        """Whether one record is waiting, and no more."""
        return self.scan.records - self.taken == 1

    def take(self) -> None:
        """A record was read to its end."""
        self.taken += 1
        if self.taken == self.scan.records:
            self.consumed = self.scan.boundary

    def want_more(self) -> None:
        """OpenSSL says that it has read all there is; the last of it was no data."""
        self.full = False
        self.taken = self.scan.records
        self.consumed = self.scan.boundary
        self.strange = True

    def answered(self) -> bool:
        """Whether OpenSSL may have written something while we read: to data it has no answer."""
        strange = self.strange or self.scan.records > self.taken
        self.strange = False
        return strange

    def has_record(self) -> bool:
        return self.complete() > 0

    def read_bytes(self, count: int) -> bytes:
        """At most `count` bytes of one record, or b"" if there was no data in it or `eof`."""
        try:
            data: bytes = self.read(count)
        except _WANT_MORE:
            self.want_more()
            return b""
        except ssl.SSLZeroReturnError:
            data = b""
        self.after_read(len(data), count)
        return data

    def read_into(self, target: memoryview, room: int) -> int:
        """Fill `target` (of `room` bytes) from one record; 0 as with `read_bytes`."""
        try:
            count: int = self.read(room, target)
        except _WANT_MORE:
            self.want_more()
            return 0
        except ssl.SSLZeroReturnError:
            count = 0
        self.after_read(count, room)
        return count

    def after_read(self, count: int, room: int) -> None:
        self.full = count == room
        if count == 0:
            self.eof = self.strange = True
        elif not self.full:
            self.take()

    def discard(self, scratch: memoryview) -> ssl.SSLError | None:
        """Decrypt what was received and forget it: unread, it would pile up for as long as the peer
        sends. An error is returned.
        """
        try:
            while not self.eof and self.complete() > 0:
                if self.read_into(scratch, len(scratch)) == 0:
                    break
        except ssl.SSLError as exc:  # damaged records
            return exc
        return None

    def write(self, data: Data) -> int:
        """Encrypt; how many bytes, 0: none before more is received."""
        try:
            count: int = self.encrypt(data)
        except _WANT_MORE:
            return 0
        return count

    def shut_down(self) -> bool:
        """Say close_notify, once; True: theirs came too, or never will."""
        try:
            self.raw.shutdown()
        except _WANT_MORE:
            return False
        except ssl.SSLError as exc:
            if exc.reason not in _UNANSWERED:
                raise
        return True

    def output(self) -> bytes:
        """What is to be sent."""
        data: bytes = self.get()
        return data
