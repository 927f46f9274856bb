"""What binds a synchronisation primitive to the loop of its first use that had to wait."""

from __future__ import annotations

import threading
from asyncio.events import AbstractEventLoop, _get_running_loop

_global_lock = threading.Lock()


class _LoopBoundMixin:
    _loop: AbstractEventLoop | None = None

    def _get_loop(self) -> AbstractEventLoop | None:
        running = _get_running_loop()
        if self._loop is None:
            # two threads may both be the first
            with _global_lock:
                if self._loop is None:
                    self._loop = running
        if running is not self._loop:
            raise RuntimeError(f"{self!r} is bound to a different event loop")
        return running
