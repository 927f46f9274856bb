"""The reaper: every exit reported once, with or without pidfds."""

from __future__ import annotations

import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

import eagerloop
from eagerloop.process import reaper
from eagerloop.process.reaper import PidfdWatch, Reaper, ThreadWatch

ways = pytest.mark.parametrize(
    "use_pidfd",
    [
        pytest.param(
            True, marks=pytest.mark.skipif(not reaper.can_use_pidfd(), reason="no pidfds")
        ),
        False,
    ],
)


def running() -> Any:
    return eagerloop.get_running_loop()


def child(code: str = "pass") -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code])


def shell(command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["/bin/sh", "-c", command])


async def exit_code(
    watcher: Reaper, process: subprocess.Popen[bytes], kind: type[object]
) -> int | None:
    loop = running()
    told = loop.create_future()
    watch = watcher.watch(process.pid, told.set_result)
    assert isinstance(watch, kind)
    code: int | None = await told
    process.returncode = -1 if code is None else code  # we have reaped it: Popen must not try
    return code


@ways
def test_reports_exit_codes_and_signals(use_pidfd: bool) -> None:
    async def main() -> None:
        watcher = Reaper(running(), use_pidfd=use_pidfd)
        kind = PidfdWatch if use_pidfd else ThreadWatch
        assert await exit_code(watcher, shell("exit 0"), kind) == 0
        assert await exit_code(watcher, shell("exit 7"), kind) == 7
        assert await exit_code(watcher, shell("kill -9 $$"), kind) == -signal.SIGKILL

    eagerloop.run(main())


@ways
def test_a_child_that_has_exited_already(use_pidfd: bool) -> None:
    async def main() -> None:
        process = shell("exit 3")
        while not reaper.has_exited(process.pid):
            time.sleep(0.001)
        watcher = Reaper(running(), use_pidfd=use_pidfd)
        assert await exit_code(watcher, process, object) == 3

    eagerloop.run(main())


@ways
def test_a_status_read_by_somebody_else_is_lost(use_pidfd: bool) -> None:
    async def main() -> None:
        process = shell("exit 3")
        os.waitpid(process.pid, 0)
        watcher = Reaper(running(), use_pidfd=use_pidfd)
        assert await exit_code(watcher, process, object) is None

    eagerloop.run(main())


@ways
def test_signals_reach_the_child(use_pidfd: bool) -> None:
    async def main() -> None:
        loop = running()
        process = child("import time; time.sleep(60)")
        told = loop.create_future()
        watch = Reaper(loop, use_pidfd=use_pidfd).watch(process.pid, told.set_result)
        watch.send_signal(signal.SIGTERM)
        assert await told == -signal.SIGTERM
        process.returncode = -signal.SIGTERM

    eagerloop.run(main())


def test_a_thread_leaves_the_zombie_to_the_loop() -> None:
    """No moment at which the pid is free and the exit not yet published."""

    async def main() -> None:
        loop = running()
        process = shell("exit 5")
        told = loop.create_future()
        before = set(threading.enumerate())
        Reaper(loop, use_pidfd=False).watch(process.pid, told.set_result)
        for thread in set(threading.enumerate()) - before:
            thread.join(30)
            assert not thread.is_alive()
        assert not told.done()
        # Raises ChildProcessError if the child has been reaped.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        assert await told == 5
        process.returncode = 5

    eagerloop.run(main())


def test_a_thread_outlives_its_loop(caplog: pytest.LogCaptureFixture) -> None:
    process = shell("sleep 0.3")

    async def main() -> None:
        Reaper(running(), use_pidfd=False).watch(process.pid, print)

    with caplog.at_level(logging.WARNING):
        eagerloop.run(main())
        deadline = time.monotonic() + 30
        while "is closed" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.01)
    assert f"that handles pid {process.pid} is closed" in caplog.text
    with pytest.raises(ChildProcessError):
        os.waitpid(process.pid, 0)
    process.returncode = 0


def test_a_child_reaped_by_its_thread_is_not_signalled(caplog: pytest.LogCaptureFixture) -> None:
    process = shell("sleep 0.3")

    async def main() -> Any:
        return Reaper(running(), use_pidfd=False).watch(process.pid, print)

    with caplog.at_level(logging.WARNING):
        loop = eagerloop.new_event_loop()
        watch = loop.run_until_complete(main())
        loop.close()
        deadline = time.monotonic() + 30
        while "is closed" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.01)
    process.returncode = 0
    watch.pid = os.getpid()  # whoever has it now
    with pytest.raises(ProcessLookupError):
        watch.send_signal(0)


@ways
def test_a_pid_that_is_another_childs_by_now_stays_watched(use_pidfd: bool) -> None:
    async def main() -> None:
        watcher = Reaper(running(), use_pidfd=use_pidfd)
        process = child("import time; time.sleep(60)")
        earlier = watcher.watch(process.pid, print)
        later = watcher.watch(process.pid, print)
        watcher.forget(earlier)
        assert list(watcher._watches) == [later]
        watcher.close()
        earlier.close()
        process.kill()
        process.wait()

    eagerloop.run(main())


def test_no_descriptor_left_costs_a_thread() -> None:
    async def main() -> None:
        loop = running()
        process = shell("exit 9")
        watcher = Reaper(loop)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest = os.open(os.devnull, os.O_RDONLY)
        os.close(lowest)
        told = loop.create_future()
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
        try:
            watch = watcher.watch(process.pid, told.set_result)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert isinstance(watch, ThreadWatch)
        assert await told == 9
        process.returncode = 9

    eagerloop.run(main())


@pytest.mark.skipif(not reaper.can_use_pidfd(), reason="no pidfds")
def test_close_gives_the_descriptors_back() -> None:
    async def main() -> None:
        before = len(os.listdir("/proc/self/fd"))
        watcher = Reaper(running())
        processes = [child("import time; time.sleep(60)") for _ in range(3)]
        for process in processes:
            watcher.watch(process.pid, print)
        assert len(os.listdir("/proc/self/fd")) == before + 3
        watcher.close()
        assert len(os.listdir("/proc/self/fd")) == before
        for process in processes:
            process.kill()
            assert process.wait() == -signal.SIGKILL

    eagerloop.run(main())


def test_has_exited_reads_nothing() -> None:
    process = shell("exit 4")
    while not reaper.has_exited(process.pid):
        time.sleep(0.001)
    assert process.wait() == 4
    assert reaper.has_exited(process.pid)
