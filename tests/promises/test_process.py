"""Promises about children, signals and forks that a program under load relies on."""

from __future__ import annotations

import gc
import os
import resource
import signal
import subprocess
import sys
import threading
import time

import pytest

import eagerloop
from eagerloop.process.child import ChildTransport
from eagerloop.subprocess import PIPE
from eagerloop.transports.pipe import ReadPipeTransport
from eagerloop.transports.writepipe import WritePipeTransport

COUNT = 1000


def test_a_thousand_children_at_once() -> None:
    """All running at the same time, each answering through its pipes; no thread, nothing left."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 5 * COUNT
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"needs {needed} descriptors, the hard limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    try:

        async def main() -> None:
            before = set(os.listdir("/proc/self/fd"))
            threads = threading.active_count()
            children = [
                await eagerloop.create_subprocess_exec("/bin/cat", stdin=PIPE, stdout=PIPE)
                for _ in range(COUNT)
            ]
            assert all(child.returncode is None for child in children)
            assert threading.active_count() == threads
            answers = await eagerloop.gather(
                *(child.communicate(b"%d" % number) for number, child in enumerate(children))
            )
            assert answers == [(b"%d" % number, None) for number in range(COUNT)]
            assert {child.returncode for child in children} == {0}
            await eagerloop.sleep(0)
            assert set(os.listdir("/proc/self/fd")) <= before

        eagerloop.run(main())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("path", ["/dev/stdin", "/proc/self/fd/0"])
def test_stdin_can_be_opened_by_name(path: str) -> None:
    async def main() -> bytes | None:
        child = await eagerloop.create_subprocess_exec("/bin/cat", path, stdin=PIPE, stdout=PIPE)
        out, _ = await child.communicate(b"by name")
        return out

    assert eagerloop.run(main()) == b"by name"


def test_stdout_and_stderr_can_be_opened_by_name() -> None:
    async def main() -> tuple[bytes | None, bytes | None]:
        child = await eagerloop.create_subprocess_shell(
            "echo out > /dev/stdout; echo err > /proc/self/fd/2", stdout=PIPE, stderr=PIPE
        )
        return await child.communicate()

    assert eagerloop.run(main()) == (b"out\n", b"err\n")


def test_the_users_sigchld_handler_and_children_are_left_alone() -> None:
    """A handler is called for every child, and the user reaps his own with waitpid."""
    seen: list[int] = []
    previous = signal.signal(signal.SIGCHLD, lambda number, frame: seen.append(number))
    try:

        async def main() -> None:
            own = subprocess.Popen(["/bin/sh", "-c", "exit 9"])
            child = await eagerloop.create_subprocess_exec("/bin/true")
            assert await child.wait() == 0
            assert own.wait() == 9

        eagerloop.run(main())
        assert signal.getsignal(signal.SIGCHLD) is not previous
    finally:
        signal.signal(signal.SIGCHLD, previous)
    assert seen


def test_a_sigchld_callback_of_the_loop_works_beside_children() -> None:
    async def main() -> None:
        loop = eagerloop.get_running_loop()
        heard = eagerloop.Event()
        loop.add_signal_handler(signal.SIGCHLD, heard.set)
        child = await eagerloop.create_subprocess_exec("/bin/sh", "-c", "exit 3")
        assert await child.wait() == 3
        await eagerloop.wait_for(heard.wait(), 20)
        loop.remove_signal_handler(signal.SIGCHLD)

    eagerloop.run(main())


def test_spawn_failures_leak_no_descriptor() -> None:
    """Whether the program is missing, or the descriptors run out at any point of the start."""

    async def main() -> None:
        before = sorted(os.listdir("/proc/self/fd"))
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest = os.dup(0)
        os.close(lowest)
        started = failed = 0
        for spare in range(16):
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + spare, hard))
            try:
                child = await eagerloop.create_subprocess_exec(
                    "/bin/true", stdin=PIPE, stdout=PIPE, stderr=PIPE
                )
            except OSError:
                failed += 1
            else:
                started += 1
                await child.communicate()
                assert child.returncode == 0
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert started
        assert failed
        await eagerloop.sleep(0.01)
        assert sorted(os.listdir("/proc/self/fd")) == before

    eagerloop.run(main())


def test_a_reaped_pid_is_never_signalled(monkeypatch: pytest.MonkeyPatch) -> None:
    """send_signal in every turn until the exit is published: none reaches a pid that is free."""
    reaped: set[int] = set()
    late: list[int] = []
    waitpid, kill, to_pidfd = os.waitpid, os.kill, signal.pidfd_send_signal

    def spy_waitpid(pid: int, options: int) -> tuple[int, int]:
        found = waitpid(pid, options)
        reaped.add(found[0])
        return found

    def spy_kill(pid: int, signum: int) -> None:
        if pid in reaped:
            late.append(pid)
        kill(pid, signum)

    async def main() -> None:
        for _ in range(10):
            child = await eagerloop.create_subprocess_exec("/bin/sleep", "60")
            while child.returncode is None:
                child.kill()
                await eagerloop.sleep(0)
            child.kill()
            assert await child.wait() == -signal.SIGKILL

    monkeypatch.setattr(os, "waitpid", spy_waitpid)
    monkeypatch.setattr(os, "kill", spy_kill)
    eagerloop.run(main())
    assert late == []
    assert reaped - {0}
    assert signal.pidfd_send_signal is to_pidfd


def test_a_burst_of_signals_under_load_loses_none() -> None:
    """Each is sent after the previous one was handled: as many callbacks as signals."""

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        handled = eagerloop.Queue[int]()
        busy = True

        def spin() -> None:
            if busy:
                loop.call_soon(spin)

        loop.add_signal_handler(signal.SIGUSR1, handled.put_nowait, 1)
        loop.call_soon(spin)
        for _ in range(500):
            os.kill(os.getpid(), signal.SIGUSR1)
            await eagerloop.wait_for(handled.get(), 20)
        busy = False
        assert handled.empty()
        loop.remove_signal_handler(signal.SIGUSR1)

    eagerloop.run(main())


def test_queued_signals_are_counted() -> None:
    """Real-time signals are queued by the kernel, and each is a callback, as in asyncio."""

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        count = 0

        def heard() -> None:
            nonlocal count
            count += 1

        loop.add_signal_handler(signal.SIGRTMIN, heard)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
        for _ in range(10):
            os.kill(os.getpid(), signal.SIGRTMIN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGRTMIN])
        await eagerloop.sleep(0.05)
        loop.remove_signal_handler(signal.SIGRTMIN)
        assert count == 10

    eagerloop.run(main())


def test_idle_after_a_signal() -> None:
    """A handled signal leaves nothing behind that keeps the loop awake."""

    async def main() -> float:
        loop = eagerloop.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, int)
        os.kill(os.getpid(), signal.SIGUSR1)
        await eagerloop.sleep(0.01)
        before = time.process_time()
        await eagerloop.sleep(0.5)
        spent = time.process_time() - before
        loop.remove_signal_handler(signal.SIGUSR1)
        return spent

    assert eagerloop.run(main()) < 0.25


def test_output_larger_than_every_buffer_through_communicate() -> None:
    size = 20_000_000

    async def main() -> None:
        code = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])"
        child = await eagerloop.create_subprocess_exec(
            sys.executable, "-c", code, stdin=PIPE, stdout=PIPE
        )
        data = b"%d" % size + bytes(size)
        out, _ = await child.communicate(data)
        assert out == data[::-1]

    eagerloop.run(main())


def test_children_that_are_gone_leave_no_object_behind() -> None:
    def transports() -> list[object]:
        gc.collect()
        kinds = (ChildTransport, ReadPipeTransport, WritePipeTransport)
        return [found for found in gc.get_objects() if type(found) in kinds]

    # another test's traceback may keep some
    before = {id(found): found for found in transports()}

    def remaining() -> list[object]:
        return [found for found in transports() if id(found) not in before]

    async def main() -> None:
        for _ in range(30):
            child = await eagerloop.create_subprocess_exec(
                "/bin/cat", stdin=PIPE, stdout=PIPE, stderr=PIPE
            )
            assert await child.communicate(b"data") == (b"data", b"")
        del child
        # on a busy machine the last pipe's end may be a turn away
        async with eagerloop.timeout(10):
            while remaining():
                await eagerloop.sleep(0.01)

    eagerloop.run(main())
    assert remaining() == []
