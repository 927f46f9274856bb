"""A fork's child can start a loop of its own and never touches its parent's."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable

import pytest

import eagerloop

pytestmark = pytest.mark.filterwarnings(
    # Python 3.12's advice about forking with threads around; forking is what is tested here.
    "ignore:This process .* is multi-threaded, use of fork:DeprecationWarning"
)


def forked(work: Callable[[], object]) -> str:
    """What `work` returns, or raises, in a forked child."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            try:
                answer = repr(work())
            except BaseException:  # told to the parent, whatever it is
                answer = traceback.format_exc()
            os.write(writing, answer.encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as answers:
        text = answers.read().decode()
    assert os.waitpid(pid, 0) == (pid, 0)
    return text


async def echo() -> int:
    """Uses timers, descriptors, an executor, a child process and signals."""
    loop = eagerloop.get_running_loop()
    one, two = socket.socketpair()
    with one, two:
        one.setblocking(False)
        two.setblocking(False)
        await loop.sock_sendall(one, b"hello")
        assert await loop.sock_recv(two, 10) == b"hello"
    heard = loop.create_future()
    loop.add_signal_handler(signal.SIGUSR1, heard.set_result, None)
    os.kill(os.getpid(), signal.SIGUSR1)
    await heard
    loop.remove_signal_handler(signal.SIGUSR1)
    await eagerloop.sleep(0.001)
    assert await eagerloop.to_thread(int, "5") == 5
    child = await eagerloop.create_subprocess_exec("/bin/sh", "-c", "exit 3")
    return await child.wait()


def test_a_loop_in_the_child_of_a_process_without_loops() -> None:
    assert forked(lambda: eagerloop.run(echo())) == "3"


def test_a_loop_in_the_child_of_a_running_loop() -> None:
    """The parent's loop is as if it did not exist, and goes on undisturbed."""

    async def main() -> None:
        assert forked(asyncio._get_running_loop) == "None"
        assert forked(eagerloop.current_task).startswith("Traceback")
        assert forked(lambda: eagerloop.run(echo())) == "3"
        assert await echo() == 3

    eagerloop.run(main())


def test_the_childs_work_wakes_nobody_in_the_parent() -> None:
    """Readiness, timers and wake-ups of the parent stay its own while children come and go."""

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        one, two = socket.socketpair()
        one.setblocking(False)
        two.setblocking(False)
        received = []
        loop.add_reader(two, lambda: received.append(two.recv(10)))

        def child() -> int:
            # The parent's descriptors are open here too: closing and unwatching them must not
            # reach the parent's poller.
            loop.remove_reader(two)
            two.close()
            one.close()
            return eagerloop.run(echo())

        for number in range(3):
            assert forked(child) == "3"
            one.send(b"%d" % number)
            await eagerloop.sleep(0.01)
        assert received == [b"0", b"1", b"2"]
        loop.remove_reader(two)
        one.close()
        two.close()

    eagerloop.run(main())


@pytest.mark.parametrize("use", ["run", "watch", "callback"])
def test_the_parents_loop_in_the_child_is_a_clear_error(use: str) -> None:
    loop = eagerloop.new_event_loop()
    loop.run_until_complete(eagerloop.sleep(0))

    def work() -> None:
        if use == "run":
            loop.run_forever()
        elif use == "watch":
            loop.add_reader(0, print)
        else:
            loop.call_soon(print)
            loop.run_until_complete(loop.create_future())

    answer = forked(work)
    assert "RuntimeError" in answer, answer
    assert f"process {os.getpid()}" in answer
    assert "new" in answer
    loop.run_until_complete(eagerloop.sleep(0.001))
    loop.close()


def test_the_child_may_close_its_copy_of_the_parents_loop() -> None:
    async def main() -> None:
        loop = eagerloop.get_running_loop()
        server = await loop.create_server(eagerloop.Protocol, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()

        def work() -> int:
            try:
                loop.close()
            except RuntimeError:  # it was running when we forked
                pass
            return eagerloop.run(echo())

        assert forked(work) == "3"
        # Were the listener gone from the parent's poller, nobody would answer.
        transport, _ = await eagerloop.wait_for(
            loop.create_connection(eagerloop.Protocol, *address), 20
        )
        transport.close()
        server.close()
        await server.wait_closed()

    eagerloop.run(main())


def test_a_signal_to_the_child_does_not_reach_the_parent() -> None:
    async def main() -> None:
        loop = eagerloop.get_running_loop()
        heard: list[int] = []
        loop.add_signal_handler(signal.SIGUSR1, heard.append, 1)

        def work() -> bool:
            os.kill(os.getpid(), signal.SIGUSR1)
            time.sleep(0.01)
            return bool(heard)

        forked(work)
        await eagerloop.sleep(0.02)
        assert heard == []
        os.kill(os.getpid(), signal.SIGUSR1)
        await eagerloop.sleep(0.02)
        assert heard == [1]
        loop.remove_signal_handler(signal.SIGUSR1)

    eagerloop.run(main())


def test_a_fork_in_another_thread_of_a_process_with_a_running_loop() -> None:
    async def main() -> None:
        answers: list[str] = []
        thread = threading.Thread(
            target=lambda: answers.append(forked(lambda: eagerloop.run(echo())))
        )
        thread.start()
        while thread.is_alive():
            await eagerloop.sleep(0.001)
        thread.join()
        assert answers == ["3"]

    eagerloop.run(main())


def test_the_wakeup_fd_is_not_the_parents() -> None:
    async def main() -> None:
        assert forked(lambda: signal.set_wakeup_fd(-1)) == "-1"

    eagerloop.run(main())


def test_a_fork_inside_a_task_that_goes_on_in_the_child_is_stopped() -> None:
    """The child of a careless fork must not serve the parent's connections too."""
    reading, writing = os.pipe()

    async def main() -> int:
        pid = os.fork()
        if pid == 0:
            sys.stderr = open(os.devnull, "w")
            await eagerloop.sleep(0)
            await eagerloop.sleep(0.01)
            os.write(writing, b"the child went on")
            os._exit(1)
        await eagerloop.sleep(0.1)
        return pid

    parent = os.getpid()
    try:
        pid = eagerloop.run(main())
    except BaseException as exc:
        if os.getpid() == parent:
            raise
        os.write(writing, repr(exc).encode())
        os._exit(0)
    assert os.waitpid(pid, 0) == (pid, 0)
    os.close(writing)
    with open(reading, "rb") as answers:
        text = answers.read().decode()
    assert text.startswith("RuntimeError"), text
    assert f"process {parent}" in text


@pytest.mark.parametrize("work", ["sys.exit(3)", "raise KeyboardInterrupt", "os._exit(4)"])
def test_an_exit_of_the_child_is_the_childs_alone(work: str) -> None:
    """It has its code and nothing to say, whatever the parent's tasks were about to do."""
    program = f"""
import os, sys, eagerloop

async def waits():
    await eagerloop.sleep(60)

async def main():
    waiting = eagerloop.create_task(waits())
    await eagerloop.sleep(0)
    pid = os.fork()
    if pid == 0:
        {work}
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

eagerloop.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    codes = {"sys.exit(3)": 3, "raise KeyboardInterrupt": -signal.SIGINT, "os._exit(4)": 4}
    assert done.stdout == f"{codes[work]}\n"
    assert done.returncode == 0
    ends = done.stderr.splitlines()[-1:]
    assert ends == (["KeyboardInterrupt"] if "Keyboard" in work else [])
