"""Null: a loop without descriptors still sleeps and is woken."""

from __future__ import annotations

import threading
import time

import pytest

import eagerloop


def test_timers_and_threads() -> None:
    loop = eagerloop.EventLoop(poller="null")
    start = time.monotonic()
    loop.run_until_complete(eagerloop.sleep(0.01))
    assert time.monotonic() - start >= 0.01
    thread = threading.Timer(0.02, loop.call_soon_threadsafe, (loop.stop,))
    thread.start()
    loop.run_forever()
    thread.join()
    with pytest.raises(OSError, match="the null poller cannot watch descriptor 0"):
        loop.add_reader(0, print)
    loop.close()
