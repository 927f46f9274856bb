"""Every number of the library, with its unit and its reason. asyncio's own keep asyncio's names."""

from __future__ import annotations

# an enumeration is compared by identity: `_sendfile_compatible` must hold the stdlib's members
from asyncio.constants import _SendfileMode as _SendfileMode
from typing import Final

# connections
LOG_THRESHOLD_FOR_CONNLOST_WRITES: Final = (
    5  # writes to a lost connection before each further one is logged
)
ACCEPT_RETRY_DELAY: Final = 1  # seconds without accepting after the system ran out of descriptors

# debug mode
DEBUG_STACK_DEPTH: Final = (
    10  # frames kept of where a future or handle was made: each costs time and memory
)

# TLS
SSL_HANDSHAKE_TIMEOUT: Final = 60.0  # seconds, as nginx allows
SSL_SHUTDOWN_TIMEOUT: Final = 30.0  # seconds, as nginx's lingering_time
FLOW_CONTROL_HIGH_WATER_SSL_READ: Final = 256  # KiB of decrypted data before reading pauses
FLOW_CONTROL_HIGH_WATER_SSL_WRITE: Final = 512  # KiB of undelivered data before writing pauses

# sendfile
SENDFILE_FALLBACK_READBUFFER_SIZE: Final = 256 * 1024  # bytes read from the file at a time
SENDFILE_UNSENT_BYTES: Final = 192 * 1024  # in the kernel, not sent: three of the largest segments

# executors
THREAD_JOIN_TIMEOUT: Final = 300  # seconds that run() waits for the default executor's threads
