"""The pipes of a child: all of them or none, each end with its owner."""

from __future__ import annotations

import fcntl
import os
import resource
import subprocess
import sys

import pytest

import eagerloop
from eagerloop.process.stdio import StandardPipes
from eagerloop.subprocess import DEVNULL, PIPE, STDOUT
from tests.conftest import descriptors


def test_both_ends() -> None:
    pipes = StandardPipes((PIPE, PIPE, STDOUT))
    assert list(pipes.ours) == [0, 1]
    assert pipes.targets[2] == STDOUT
    stdin, stdout, stderr = pipes.targets
    process = subprocess.Popen("/bin/cat", stdin=stdin, stdout=stdout, stderr=stderr)
    pipes.hand_over(process)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is None
    process.stdin.write(b"through the cat")
    process.stdin.close()
    assert process.stdout.read() == b"through the cat"
    process.stdout.close()
    assert process.wait() == 0


def test_close_leaves_nothing() -> None:
    before = descriptors()
    StandardPipes((PIPE, PIPE, PIPE)).close()
    assert descriptors() == before


@pytest.mark.parametrize("spare", range(6))
def test_all_or_none(spare: int) -> None:
    before = descriptors()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + spare, hard))
        with pytest.raises(OSError, match="Too many open files"):
            StandardPipes((PIPE, PIPE, PIPE))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert descriptors() == before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux's pipes have a size to set")
def test_the_size_of_the_pipes() -> None:
    async def main() -> None:
        child = await eagerloop.create_subprocess_exec(
            "/bin/cat", stdin=PIPE, stdout=PIPE, stderr=DEVNULL, pipesize=4096
        )
        process = child._transport.get_extra_info("subprocess")
        for file in (process.stdin, process.stdout):
            assert fcntl.fcntl(file, fcntl.F_GETPIPE_SZ) == 4096
        await child.communicate()

    eagerloop.run(main())
