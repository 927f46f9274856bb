"""Child processes as streams: communicate, wait, and what a cancelled communicate keeps."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

import eagerloop
from eagerloop.subprocess import DEVNULL, PIPE, STDOUT, Process

CAT = "/bin/cat"


async def python(code: str, **options: Any) -> Process:
    return await eagerloop.create_subprocess_exec(sys.executable, "-c", code, **options)


def test_the_constants_are_subprocesss() -> None:
    assert (PIPE, STDOUT, DEVNULL) == (subprocess.PIPE, subprocess.STDOUT, subprocess.DEVNULL)


def test_communicate_sends_reads_and_waits() -> None:
    async def main() -> None:
        process = await python(
            "import sys; data = sys.stdin.read(); print(data.upper()); sys.exit('sorry')",
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
        )
        assert repr(process) == f"<Process {process.pid}>"
        assert process.returncode is None
        assert isinstance(process.stdin, eagerloop.StreamWriter)
        assert isinstance(process.stdout, eagerloop.StreamReader)
        assert isinstance(process.stderr, eagerloop.StreamReader)
        assert await process.communicate(b"quiet") == (b"QUIET\n", b"sorry\n")
        assert process.returncode == 1
        assert await process.wait() == 1

    eagerloop.run(main())


@pytest.mark.parametrize("data", [None, b""])
def test_communicate_without_input_closes_stdin(data: bytes | None) -> None:
    async def main() -> None:
        process = await eagerloop.create_subprocess_exec(CAT, stdin=PIPE, stdout=PIPE)
        assert await process.communicate(data) == (b"", None)

    eagerloop.run(main())


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_input_of_every_kind(kind: Any) -> None:
    async def main() -> None:
        process = await eagerloop.create_subprocess_exec(CAT, stdin=PIPE, stdout=PIPE)
        assert await process.communicate(kind(b"abc")) == (b"abc", None)

    eagerloop.run(main())


def test_without_pipes_there_are_no_streams() -> None:
    async def main() -> None:
        process = await eagerloop.create_subprocess_exec("/bin/true")
        assert (process.stdin, process.stdout, process.stderr) == (None, None, None)
        assert await process.communicate() == (None, None)
        assert process.returncode == 0

    eagerloop.run(main())


def test_stderr_into_stdout_and_devnull() -> None:
    async def main() -> None:
        command = "echo one; echo two >&2"
        process = await eagerloop.create_subprocess_shell(command, stdout=PIPE, stderr=STDOUT)
        assert await process.communicate() == (b"one\ntwo\n", None)
        process = await eagerloop.create_subprocess_shell(command, stdout=DEVNULL, stderr=PIPE)
        assert await process.communicate() == (None, b"two\n")
        process = await eagerloop.create_subprocess_shell("cat", stdin=DEVNULL, stdout=PIPE)
        assert await process.communicate() == (b"", None)

    eagerloop.run(main())


def test_a_dialogue_by_lines() -> None:
    async def main() -> None:
        process = await eagerloop.create_subprocess_exec(CAT, stdin=PIPE, stdout=PIPE)
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(50):
            process.stdin.write(b"%d\n" % number)
            await process.stdin.drain()
            assert await process.stdout.readline() == b"%d\n" % number
        process.stdin.close()
        await process.stdin.wait_closed()
        assert await process.stdout.read() == b""
        assert await process.wait() == 0

    eagerloop.run(main())


def test_the_limit_stops_a_child_that_talks_too_much() -> None:
    """Flow control reaches the child: what nobody reads stays in its pipe."""

    async def main() -> None:
        process = await python(
            "import os\nfor n in range(400): os.write(1, bytes(1000))", stdout=PIPE, limit=1000
        )
        await eagerloop.sleep(0.3)
        assert process.stdout is not None
        assert len(process.stdout._buffer) < 200_000
        assert process.returncode is None
        total = 0
        while data := await process.stdout.read(5000):
            total += len(data)
        assert total == 400_000
        assert await process.wait() == 0

    eagerloop.run(main())


def test_cancelled_communicate_keeps_the_output() -> None:
    async def main() -> None:
        process = await python(
            "import sys, time\n"
            "print('first', flush=True); print('warned', file=sys.stderr, flush=True)\n"
            "time.sleep(0.4)\n"
            "print('second')",
            stdout=PIPE,
            stderr=PIPE,
        )
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await eagerloop.wait_for(process.communicate(), 0.05)
        assert await process.communicate() == (b"first\nsecond\n", b"warned\n")
        assert await process.communicate() == (b"", b"")

    eagerloop.run(main())


def test_cancelled_communicate_keeps_what_is_still_to_be_sent() -> None:
    async def main() -> None:
        data = os.urandom(1_000_000)
        process = await python(
            "import sys, time; time.sleep(0.3); sys.stdout.buffer.write(sys.stdin.buffer.read())",
            stdin=PIPE,
            stdout=PIPE,
        )
        with pytest.raises(TimeoutError):
            await eagerloop.wait_for(process.communicate(data), 0.05)
        assert await process.communicate() == (data, None)

    eagerloop.run(main())


@pytest.mark.parametrize("again", [b"more", b""])
def test_input_after_a_cancelled_communicate_is_refused(again: bytes) -> None:
    async def main() -> None:
        process = await eagerloop.create_subprocess_exec("/bin/sleep", "60", stdin=PIPE)
        with pytest.raises(TimeoutError):
            await eagerloop.wait_for(process.communicate(b"input"), 0.02)
        with pytest.raises(ValueError, match="Cannot send input after starting communication"):
            await process.communicate(again)
        process.kill()
        await process.communicate()
        assert process.returncode == -signal.SIGKILL

    eagerloop.run(main())


def test_communicate_bears_a_child_that_does_not_read() -> None:
    async def main() -> None:
        process = await eagerloop.create_subprocess_shell("echo done", stdin=PIPE, stdout=PIPE)
        assert await process.communicate(bytes(1_000_000)) == (b"done\n", None)
        assert process.returncode == 0

    eagerloop.run(main())


def test_drain_tells_that_the_child_has_stopped_reading() -> None:
    async def main() -> None:
        process = await eagerloop.create_subprocess_exec("/bin/true", stdin=PIPE)
        assert process.stdin is not None
        process.stdin.write(bytes(1_000_000))
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            await process.stdin.drain()
        await process.wait()

    eagerloop.run(main())


def test_wait_returns_though_a_grandchild_holds_the_pipe() -> None:
    async def main() -> None:
        process = await eagerloop.create_subprocess_shell("sleep 60 & echo $!", stdout=PIPE)
        assert process.stdout is not None
        grandchild = int(await process.stdout.readline())
        assert await eagerloop.wait_for(process.wait(), 20) == 0
        os.kill(grandchild, signal.SIGKILL)
        assert await process.stdout.read() == b""

    eagerloop.run(main())


def test_signals() -> None:
    async def main() -> None:
        for name, expected in (("terminate", signal.SIGTERM), ("kill", signal.SIGKILL)):
            process = await eagerloop.create_subprocess_exec("/bin/sleep", "60")
            getattr(process, name)()
            assert await process.wait() == -expected
        process = await eagerloop.create_subprocess_exec("/bin/sleep", "60")
        process.send_signal(signal.SIGUSR1)
        assert await process.wait() == -signal.SIGUSR1
        with pytest.raises(ProcessLookupError):
            process.send_signal(signal.SIGUSR1)

    eagerloop.run(main())


def test_many_waiters_and_a_cancelled_one() -> None:
    async def main() -> None:
        process = await eagerloop.create_subprocess_exec("/bin/sleep", "60")
        waiters = [eagerloop.create_task(process.wait()) for _ in range(10)]
        await eagerloop.sleep(0)
        waiters[3].cancel()
        process.kill()
        results = await eagerloop.gather(*waiters, return_exceptions=True)
        assert isinstance(results.pop(3), eagerloop.CancelledError)
        assert results == [-signal.SIGKILL] * 9

    eagerloop.run(main())


def test_text_mode_is_refused() -> None:
    async def main() -> None:
        for option in ({"text": True}, {"encoding": "utf-8"}, {"errors": "strict"}):
            with pytest.raises(ValueError, match="must be"):
                await eagerloop.create_subprocess_exec(CAT, **option)
            with pytest.raises(ValueError, match="must be"):
                await eagerloop.create_subprocess_shell(CAT, **option)

    eagerloop.run(main())


def test_debug_mode_logs_communicate(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        process = await eagerloop.create_subprocess_exec(CAT, stdin=PIPE, stdout=PIPE)
        await process.communicate(b"four")

    with caplog.at_level("DEBUG", "asyncio"):
        eagerloop.run(main(), debug=True)
    assert "communicate: feed stdin (4 bytes)" in caplog.text
    assert "communicate: close stdin" in caplog.text
    assert "communicate: read stdout" in caplog.text


def test_asyncios_own_function_works_on_our_loop() -> None:
    async def main() -> bytes | None:
        process = await asyncio.create_subprocess_exec(CAT, stdin=PIPE, stdout=PIPE)
        out, _ = await process.communicate(b"theirs")
        return out

    assert eagerloop.run(main()) == b"theirs"
