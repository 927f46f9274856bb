"""Null: a poller without descriptors, for tests of what lies above it. It waits by sleeping."""

from __future__ import annotations

import threading
from typing import Any

from ..core.poller import Poller


class Null(Poller):
    """Knows no descriptor; `wake` ends a wait."""

    name = "null"

    def __init__(self) -> None:
        Poller.__init__(self)
        self.awake = threading.Event()

    def wait(self, ring: Any, timeout: float) -> None:
        if timeout != 0:
            self.awake.wait(None if timeout < 0 else timeout)
        self.awake.clear()

    def wake(self) -> None:
        """Ends the wait, from any thread."""
        self.awake.set()

    def change(self, fd: int, before: int, after: int) -> None:
        if after:
            raise OSError(f"the null poller cannot watch descriptor {fd}: choose another poller")

    def close(self) -> None:
        """Nothing to give back."""
