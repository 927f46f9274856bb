"""What a queue raises instead of waiting.

These are the running Python's own classes, so that whoever catches asyncio's catches ours;
QueueShutDown is new in 3.13, and ours before that.
"""

from __future__ import annotations

import sys
from asyncio.queues import QueueEmpty, QueueFull

if sys.version_info >= (3, 13):
    from asyncio.queues import QueueShutDown
else:

    class QueueShutDown(Exception):
        """A put to, or a get from, a queue that has been shut down."""


__all__ = ("QueueEmpty", "QueueFull", "QueueShutDown")
