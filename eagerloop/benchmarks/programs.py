"""Cases of real programs: the frameworks people run, and the pipes of a child process."""

from __future__ import annotations

import subprocess

from .case import Case, NetCase, TaskCase
from .implementations import Implementation

PIECE = b"x" * 64 * 1024


async def pipe(on: Implementation, n: int) -> int:
    """Pieces of 64 KiB to `cat` and back: one operation is one piece."""
    child = await on.aio.create_subprocess_exec(
        "cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    for _ in range(n):
        child.stdin.write(PIECE)
        await child.stdin.drain()
        await child.stdout.readexactly(len(PIECE))
    child.stdin.close()
    await child.wait()
    return n


async def spawn(on: Implementation, n: int) -> int:
    """Start `true` and wait for its end."""
    for _ in range(max(1, n // 100)):
        child = await on.aio.create_subprocess_exec("true")
        await child.wait()
    return max(1, n // 100)


def http(server: str, connections: int, usual: bool) -> NetCase:
    return NetCase(
        f"{server}/http/{connections}",
        f'"Hello, world!" by {server}, {connections} connections',
        usual,
        server,
        "http",
        connections,
    )


CASES: tuple[Case, ...] = (
    http("aiohttp", 1, False),
    http("aiohttp", 100, True),
    http("uvicorn", 1, False),
    http("uvicorn", 100, True),
    TaskCase("pipe", "64 KiB through `cat` and back", True, pipe, 3_000),
    TaskCase("spawn", "start a process and wait for its end", False, spawn, 10_000),
)
