"""The tests of other projects that may fail here, and why: exclusions by their own plain words."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Known:
    """One pattern with its reason."""

    suite: str
    way: str  # a pattern too: "*eager"
    test: str
    reason: str


KNOWN = (
    Known(
        "anyio",
        "*",
        "tests/test_to_thread.py::test_asyncio_run_does_not_leak_event_loop",
        "a thread of anyio's holds the loop until it has seen that it shall end; a run that ends "
        "without a system call leaves it no time for that before the test looks",
    ),
    Known(
        "anyio",
        "loop*",
        "tests/test_taskgroups.py::test_asyncio_call_graph*",
        "the stdlib's call graph (3.14) records awaits between its own futures only; with asyncio "
        "replaced it passes",
    ),
    Known(
        "aiohttp",
        "*",
        "tests/test_web_functional.py::test_keepalive_expires_on_time*",
        "loop.time is a mock: our timers follow the clock itself",
    ),
    Known(
        "aiohttp",
        "*eager",
        "tests/test_client_functional.py::test_ssl_client_shutdown_timeout*",
        "a race of the test: what comes in the turn of its sleep(0) wakes the eager reader while the "
        "connector closes, and aiohttp refuses the reader's next read (RuntimeError). Over TLS the "
        "first write of a turn, here the headers, goes out at once and the body when the turn ends, "
        "so a client on the same loop may read them a turn apart. The stdlib's eager loop fails alike "
        "(4 of 300 runs on 3.13) if the server is in another thread; no lazy loop does, for there the "
        "reader and the close are in one turn",
    ),
    Known(
        "aiohttp",
        "*eager",
        "tests/test_connector.py::test_tcp_connector_dns_throttle_requests_cancelled_when_close*",
        "counts the turns of a lazy task; fails with the stdlib's eager factory (3.12) too",
    ),
    Known(
        "aiohttp",
        "*eager",
        "tests/test_connector.py::test_tcp_connector_cancel_dns_error_captured*",
        "counts the turns of a lazy task; fails with the stdlib's eager factory (3.12) too",
    ),
)


def why(suite: str, way: str, test: str) -> str | None:
    """The reason why the test may fail, if there is one."""
    for each in KNOWN:
        if each.suite == suite and fnmatchcase(way, each.way):
            if test == each.test or fnmatchcase(test, each.test):
                return each.reason
    return None
