"""The subprocess transport: what the protocol hears, and that nothing is ever left behind."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import subprocess
import sys
import time
import warnings
from typing import Any

import pytest

import eagerloop
from eagerloop.subprocess import DEVNULL

BLOCKED = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)")


class Listener(eagerloop.SubprocessProtocol):
    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []
        self.output = {1: bytearray(), 2: bytearray()}
        self.lost: eagerloop.Future[BaseException | None] = eagerloop.Future()
        self.exited = eagerloop.Event()
        self.arrived = eagerloop.Event()

    def connection_made(self, transport: Any) -> None:
        self.heard.append(("made",))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.heard.append(("data", fd))
        self.output[fd] += data
        self.arrived.set()

    def pipe_connection_lost(self, fd: int, exc: BaseException | None) -> None:
        self.heard.append(("pipe", fd))

    def process_exited(self) -> None:
        self.heard.append(("exited",))
        self.exited.set()

    def connection_lost(self, exc: BaseException | None) -> None:
        self.heard.append(("lost",))
        self.lost.set_result(exc)


async def start(*command: str, **options: Any) -> tuple[Any, Listener]:
    loop = eagerloop.get_running_loop()
    transport, protocol = await loop.subprocess_exec(Listener, *command, **options)
    return transport, protocol


def children() -> set[int]:
    found = set()
    for task in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{task}/children") as listing:
            found |= {int(pid) for pid in listing.read().split()}
    return found


def is_zombie_or_running(pid: int) -> bool:
    return os.path.exists(f"/proc/{pid}")


def test_the_protocol_hears_everything_in_order() -> None:
    async def main() -> None:
        code = "import sys; sys.stdout.write('out'); sys.stderr.write('err'); sys.exit(3)"
        transport, protocol = await start(sys.executable, "-c", code)
        assert isinstance(transport, asyncio.SubprocessTransport)
        assert protocol.heard[0] == ("made",)
        assert transport.get_returncode() is None
        assert await protocol.lost is None
        assert protocol.output == {1: b"out", 2: b"err"}
        heard = protocol.heard
        assert heard[-1] == ("lost",)
        assert heard.count(("exited",)) == 1
        for fd in (0, 1, 2):
            assert heard.count(("pipe", fd)) == 1
        for fd in (1, 2):
            assert heard.index(("data", fd)) < heard.index(("pipe", fd))
        assert transport.get_returncode() == 3
        with pytest.raises(ProcessLookupError):
            transport.send_signal(signal.SIGTERM)
        transport.close()
        assert not is_zombie_or_running(transport.get_pid())

    eagerloop.run(main())


def test_stdin_reaches_the_child_and_repr_tells_the_pipes() -> None:
    async def main() -> None:
        transport, protocol = await start("/bin/cat", stderr=None)
        pid = transport.get_pid()
        text = repr(transport)
        assert text.startswith(f"<ChildTransport pid={pid} running stdin=<WritePipeTransport ")
        assert "stdout=<ReadPipeTransport " in text
        assert "stderr" not in text
        assert transport.get_pipe_transport(2) is None
        assert transport.get_pipe_transport(9) is None
        stdin = transport.get_pipe_transport(0)
        stdin.write(b"through the cat")
        stdin.close()
        await protocol.lost
        assert protocol.output[1] == b"through the cat"
        assert repr(transport).startswith(f"<ChildTransport pid={pid} returncode=0")
        transport.close()
        assert repr(transport).startswith(f"<ChildTransport closed pid={pid} returncode=0")

    eagerloop.run(main())


def test_no_pipes_at_all() -> None:
    async def main() -> None:
        transport, protocol = await start("/bin/true", stdin=None, stdout=DEVNULL, stderr=DEVNULL)
        await protocol.lost
        assert protocol.heard == [("made",), ("exited",), ("lost",)]
        assert transport.get_returncode() == 0
        transport.close()

    eagerloop.run(main())


def test_shell_command() -> None:
    async def main() -> None:
        loop = eagerloop.get_running_loop()
        for command in ("echo $((6 * 7))", b"echo $((6 * 7))"):
            transport, protocol = await loop.subprocess_shell(Listener, command, stdin=None)
            await protocol.lost
            assert protocol.output[1] == b"42\n"
            transport.close()

    eagerloop.run(main())


def test_close_kills_a_running_child() -> None:
    async def main() -> None:
        transport, protocol = await start(*BLOCKED)
        await protocol.arrived.wait()
        transport.close()
        transport.close()
        assert transport.is_closing()
        await protocol.lost
        assert protocol.heard[-1] == ("lost",)
        assert protocol.heard.count(("exited",)) == 1
        assert transport.get_returncode() == -signal.SIGKILL
        assert not is_zombie_or_running(transport.get_pid())

    eagerloop.run(main())


def test_close_does_not_kill_a_child_that_has_exited() -> None:
    """The loop has not heard of the exit yet; its status is neither lost nor replaced."""

    async def main() -> None:
        transport, protocol = await start("/bin/sh", "-c", "read line; exit 6")
        transport.get_pipe_transport(0).write(b"go\n")
        os.waitid(os.P_PID, transport.get_pid(), os.WEXITED | os.WNOWAIT)
        assert transport.get_returncode() is None
        transport.close()
        await protocol.lost
        assert transport.get_returncode() == 6

    eagerloop.run(main())


def test_signals() -> None:
    async def main() -> None:
        for method, args, expected in (
            ("terminate", (), signal.SIGTERM),
            ("kill", (), signal.SIGKILL),
            ("send_signal", (signal.SIGUSR1,), signal.SIGUSR1),
        ):
            transport, protocol = await start(*BLOCKED)
            await protocol.arrived.wait()
            send = getattr(transport, method)
            send(*args)
            await protocol.exited.wait()
            assert transport.get_returncode() == -expected
            await protocol.lost
            with pytest.raises(ProcessLookupError):
                send(*args)
            transport.close()

    eagerloop.run(main())


def test_wait_ends_at_the_exit_though_a_grandchild_holds_the_pipes() -> None:
    async def main() -> None:
        transport, protocol = await start("/bin/sh", "-c", "sleep 60 & echo $!; exit 2", stdin=None)
        async with eagerloop.timeout(20):
            assert await transport._wait() == 2
        assert not protocol.lost.done()
        await protocol.arrived.wait()
        os.kill(int(protocol.output[1]), signal.SIGKILL)
        await protocol.lost
        transport.close()

    eagerloop.run(main())


def test_wait_can_be_cancelled_and_repeated() -> None:
    async def main() -> None:
        transport, protocol = await start(*BLOCKED)
        with pytest.raises(TimeoutError):
            await eagerloop.wait_for(transport._wait(), 0.01)
        waiting = [eagerloop.create_task(transport._wait()) for _ in range(5)]
        await eagerloop.sleep(0)
        transport.kill()
        assert await eagerloop.gather(*waiting) == [-signal.SIGKILL] * 5
        assert await transport._wait() == -signal.SIGKILL
        await protocol.lost
        transport.close()

    eagerloop.run(main())


def test_a_child_reaped_by_somebody_else(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        transport, protocol = await start("/bin/sh", "-c", "read line; exit 4")
        pid = transport.get_pid()
        transport.get_pipe_transport(0).write(b"go\n")
        assert os.waitpid(pid, 0) == (pid, 4 << 8)
        transport.kill()  # must not reach whoever has the pid now
        await protocol.lost
        assert transport.get_returncode() == 255
        transport.close()
        expected = f"child process pid {pid} exit status already read:  will report returncode 255"
        assert [record.getMessage() for record in caplog.records] == [expected]

    with caplog.at_level(logging.WARNING, "asyncio"):
        eagerloop.run(main())


def test_a_child_reaped_through_its_popen_keeps_its_code(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        transport, protocol = await start("/bin/sh", "-c", "exit 4", stdin=None)
        assert transport.get_extra_info("subprocess").wait() == 4
        await protocol.lost
        assert transport.get_returncode() == 4
        transport.close()

    eagerloop.run(main())
    assert caplog.records == []


def test_an_ignored_sigchld_is_reported_and_hangs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """With SIG_IGN the kernel reaps children by itself."""
    previous = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:

        async def main() -> int:
            transport, protocol = await start("/bin/sh", "-c", "sleep 0.05", stdin=None)
            await protocol.lost
            transport.close()
            return int(transport.get_returncode())

        assert eagerloop.run(main()) == 255
    finally:
        signal.signal(signal.SIGCHLD, previous)
    assert "exit status already read" in caplog.text


def test_stopped_is_not_exited() -> None:
    async def main() -> None:
        transport, protocol = await start(*BLOCKED)
        await protocol.arrived.wait()
        transport.send_signal(signal.SIGSTOP)
        await eagerloop.sleep(0.05)
        assert transport.get_returncode() is None
        transport.send_signal(signal.SIGCONT)
        transport.terminate()
        await protocol.lost
        assert transport.get_returncode() == -signal.SIGTERM
        transport.close()

    eagerloop.run(main())


TRACER = """
import ctypes, os, sys, time
SEIZE, WALL = 0x4206, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
pid = int(sys.argv[1])
print("seized" if libc.ptrace(SEIZE, pid, None, None) == 0 else "refused", flush=True)
time.sleep(0.3)
os.waitpid(pid, WALL)
"""


def test_a_traced_child_keeps_its_status() -> None:
    """It has exited, and cannot be reaped before its tracer has done so."""

    async def main() -> str:
        transport, protocol = await start("/bin/sh", "-c", "read line; exit 6")
        pid = transport.get_pid()
        tracer, traced = await start(sys.executable, "-c", TRACER, str(pid))
        await traced.arrived.wait()
        transport.get_pipe_transport(0).write(b"go\n")
        await protocol.lost
        assert transport.get_returncode() == 6
        await traced.lost
        transport.close()
        tracer.close()
        return traced.output[1].decode().strip()

    if eagerloop.run(main()) == "refused":
        pytest.skip("this system lets nobody be traced")


def test_signals_reach_a_child_that_outlives_its_loop() -> None:
    async def main() -> Any:
        transport, _ = await start(*BLOCKED, stdin=None, stdout=None, stderr=None)
        return transport

    transport = eagerloop.run(main())
    popen = transport.get_extra_info("subprocess")
    transport.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, popen.pid, os.WSTOPPED)
    transport.kill()
    assert popen.wait(20) == -signal.SIGKILL
    transport.kill()
    transport.close()


def test_close_kills_nobody_who_has_the_pid_by_now() -> None:
    async def main() -> None:
        gone, _ = await start(*BLOCKED)
        other, listener = await start(*BLOCKED)
        await listener.arrived.wait()
        popen = gone.get_extra_info("subprocess")
        popen.kill()
        os.waitpid(popen.pid, 0)  # by somebody who leaves the pid to the next child
        popen.pid = other.get_pid()
        gone.close()
        await eagerloop.sleep(0.05)
        assert other.get_returncode() is None
        other.close()
        assert await other._wait() == -signal.SIGKILL

    eagerloop.run(main())


def test_an_unclosed_transport_warns_and_kills() -> None:
    pid = 0

    async def main() -> None:
        nonlocal pid
        transport, _ = await start(*BLOCKED, stdin=None, stdout=None, stderr=None)
        pid = transport.get_pid()

    loop = eagerloop.new_event_loop()
    loop.run_until_complete(main())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loop.close()
        gc.collect()
    assert [str(warning.message) for warning in caught] == [
        f"unclosed transport <ChildTransport pid={pid} running>",
        f"subprocess {pid} is still running",  # Popen's own
    ]
    deadline = time.monotonic() + 20
    while children() and time.monotonic() < deadline:
        subprocess._cleanup()  # type: ignore[attr-defined]
        time.sleep(0.01)
    assert children() == set()
