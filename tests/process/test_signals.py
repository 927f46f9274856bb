"""Signals as callbacks: asyncio's errors, prompt delivery, clean ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

import eagerloop


@pytest.fixture(autouse=True)
def defaults_again() -> Iterator[None]:
    before = {sig: signal.getsignal(sig) for sig in (signal.SIGUSR1, signal.SIGINT, signal.SIGALRM)}
    yield
    for sig, handler in before.items():
        assert signal.getsignal(sig) == handler, sig
    assert signal.set_wakeup_fd(-1) == -1


def test_the_callback_gets_its_arguments() -> None:
    async def main() -> list[tuple[int, ...]]:
        loop = eagerloop.get_running_loop()
        seen: list[tuple[int, ...]] = []
        done = loop.create_future()

        def handler(*args: int) -> None:
            seen.append(args)
            done.set_result(None)

        loop.add_signal_handler(signal.SIGUSR1, handler, 1, 2)
        os.kill(os.getpid(), signal.SIGUSR1)
        assert seen == []  # never inside the program's own code
        await done
        return seen

    assert eagerloop.run(main()) == [(1, 2)]


def test_the_last_callback_wins_and_remove_tells() -> None:
    async def main() -> None:
        loop = eagerloop.get_running_loop()
        seen: list[str] = []
        loop.add_signal_handler(signal.SIGUSR1, seen.append, "first")
        loop.add_signal_handler(signal.SIGUSR1, seen.append, "second")
        os.kill(os.getpid(), signal.SIGUSR1)
        await eagerloop.sleep(0.01)
        assert seen == ["second"]
        assert loop.remove_signal_handler(signal.SIGUSR1) is True
        assert loop.remove_signal_handler(signal.SIGUSR1) is False
        assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL
        loop.add_signal_handler(signal.SIGINT, seen.append, "int")
        assert loop.remove_signal_handler(signal.SIGINT) is True
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    eagerloop.run(main())


@pytest.mark.parametrize(
    ("sig", "error", "text"),
    [
        ("boom", TypeError, "sig must be an int, not 'boom'"),
        (1.5, TypeError, "sig must be an int, not 1.5"),
        (0, ValueError, "invalid signal number 0"),
        (-1, ValueError, "invalid signal number -1"),
        (signal.NSIG + 1, ValueError, f"invalid signal number {signal.NSIG + 1}"),
        (signal.SIGKILL, RuntimeError, f"sig {signal.SIGKILL} cannot be caught"),
    ],
)
def test_what_is_no_signal_to_catch(
    loop: eagerloop.EventLoop, sig: int, error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as caught:
        loop.add_signal_handler(sig, print)
    assert str(caught.value) == text
    if error is RuntimeError:
        assert loop.remove_signal_handler(sig) is False
    else:
        with pytest.raises(error):
            loop.remove_signal_handler(sig)


def test_coroutines_are_refused(loop: eagerloop.EventLoop) -> None:
    async def handler() -> None: ...

    started = handler()
    for callback in (handler, started):
        with pytest.raises(TypeError, match="coroutines cannot be used with add_signal_handler"):
            loop.add_signal_handler(signal.SIGUSR1, callback)  # type: ignore[arg-type]
    started.close()


def test_a_closed_loop_takes_no_handler() -> None:
    loop = eagerloop.new_event_loop()
    loop.close()
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        loop.add_signal_handler(signal.SIGUSR1, print)


def test_only_the_main_thread_may(loop: eagerloop.EventLoop) -> None:
    errors: list[BaseException] = []

    def attempt() -> None:
        try:
            loop.add_signal_handler(signal.SIGUSR1, print)
        except RuntimeError as exc:
            errors.append(exc)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert [str(exc) for exc in errors] == [
        "set_wakeup_fd only works in main thread of the main interpreter"
    ]


def test_a_signal_ends_a_blocking_poll() -> None:
    """Nothing is scheduled: only the signal can end the wait."""

    async def main() -> float:
        loop = eagerloop.get_running_loop()
        done = loop.create_future()
        loop.add_signal_handler(signal.SIGALRM, done.set_result, None)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        started = time.monotonic()
        await done
        return time.monotonic() - started

    assert 0.04 < eagerloop.run(main()) < 5


def test_a_signal_delivered_to_another_thread_ends_the_poll() -> None:
    async def main() -> None:
        loop = eagerloop.get_running_loop()
        done = loop.create_future()
        loop.add_signal_handler(signal.SIGUSR1, done.set_result, None)
        release = threading.Event()
        thread = threading.Thread(target=release.wait)
        thread.start()
        assert thread.ident is not None
        loop.call_later(0.02, threading.Thread(target=_later, args=(thread.ident,)).start)
        await eagerloop.wait_for(done, 20)
        release.set()
        thread.join()

    def _later(ident: int) -> None:
        time.sleep(0.05)  # the loop is in its poll again
        signal.pthread_kill(ident, signal.SIGUSR1)

    eagerloop.run(main())


def test_handlers_of_python_run_during_a_poll() -> None:
    """A plain signal.signal handler, no add_signal_handler anywhere."""
    seen: list[int] = []
    previous = signal.signal(signal.SIGALRM, lambda number, frame: seen.append(number))
    try:

        async def main() -> None:
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            deadline = eagerloop.get_running_loop().time() + 20
            wake = eagerloop.get_running_loop().create_future()
            eagerloop.get_running_loop().call_at(deadline, wake.set_result, None)
            while not seen:
                await eagerloop.sleep(0.01)
            wake.cancel()

        eagerloop.run(main())
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert seen == [signal.SIGALRM]


def test_ctrl_c_during_a_blocking_poll_ends_run() -> None:
    """In a process of its own, as a user has it: one line on stderr names KeyboardInterrupt."""
    code = (
        "import eagerloop\n"
        "async def main():\n"
        "    print('ready', flush=True)\n"
        "    try:\n"
        "        await eagerloop.get_running_loop().create_future()\n"
        "    except eagerloop.CancelledError:\n"
        "        print('cancelled', flush=True)\n"
        "        raise\n"
        "eagerloop.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.1)  # it is in its poll now
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert out == b"cancelled\n"
    assert b"KeyboardInterrupt" in err
    assert process.returncode == -signal.SIGINT


def test_a_loop_without_runner_is_interrupted_too(loop: eagerloop.EventLoop) -> None:
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        loop.call_later(0.02, os.kill, os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            loop.run_forever()
    finally:
        signal.signal(signal.SIGINT, previous)
    assert not loop.is_running()


def test_several_loops_in_turn_each_hear_their_own() -> None:
    for turn in range(3):

        async def main(turn: int = turn) -> int:
            loop = eagerloop.get_running_loop()
            heard = loop.create_future()
            loop.add_signal_handler(signal.SIGUSR1, heard.set_result, turn)
            loop.call_later(0.01, os.kill, os.getpid(), signal.SIGUSR1)
            return await eagerloop.wait_for(heard, 20)

        assert eagerloop.run(main()) == turn
        assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL
        assert signal.set_wakeup_fd(-1) == -1


def test_one_loop_run_several_times_keeps_its_handler(loop: eagerloop.EventLoop) -> None:
    heard: list[int] = []
    loop.add_signal_handler(signal.SIGUSR1, heard.append, 1)

    async def hear() -> None:
        count = len(heard)
        os.kill(os.getpid(), signal.SIGUSR1)
        while len(heard) == count:
            await eagerloop.sleep(0.001)

    for _ in range(3):
        loop.run_until_complete(hear())
    assert heard == [1, 1, 1]
    loop.remove_signal_handler(signal.SIGUSR1)


def test_a_signal_between_two_runs_is_not_lost(loop: eagerloop.EventLoop) -> None:
    heard: list[int] = []
    loop.add_signal_handler(signal.SIGUSR1, heard.append, 1)
    os.kill(os.getpid(), signal.SIGUSR1)
    loop.run_until_complete(eagerloop.sleep(0.01))
    assert heard == [1]
    loop.remove_signal_handler(signal.SIGUSR1)


def test_the_users_wakeup_fd_comes_back() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    assert signal.set_wakeup_fd(writing) == -1
    try:
        eagerloop.run(eagerloop.sleep(0.01))
    finally:
        assert signal.set_wakeup_fd(-1) == writing
        os.close(reading)
        os.close(writing)


def test_the_users_wakeup_fd_hears_what_no_handler_takes() -> None:
    reader, writer = socket.socketpair()
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)
        previous = signal.signal(signal.SIGUSR1, lambda *_: None)
        signal.set_wakeup_fd(writer.fileno())
        try:

            async def main() -> None:
                loop = eagerloop.get_running_loop()
                loop.add_signal_handler(signal.SIGUSR2, print)
                signal.raise_signal(signal.SIGUSR1)
                await eagerloop.sleep(0.01)
                assert reader.recv(10) == bytes([signal.SIGUSR1])
                loop.remove_signal_handler(signal.SIGUSR2)
                signal.raise_signal(signal.SIGUSR1)  # too late for a turn of the loop

            eagerloop.run(main())
            assert reader.recv(10) == bytes([signal.SIGUSR1])
        finally:
            assert signal.set_wakeup_fd(-1) == writer.fileno()
            signal.signal(signal.SIGUSR1, previous)


def test_a_full_or_closed_wakeup_fd_of_the_user_stops_no_loop() -> None:
    reader, writer = socket.socketpair()
    with reader, writer:
        writer.setblocking(False)
        previous = signal.signal(signal.SIGUSR1, lambda *_: None)
        signal.set_wakeup_fd(writer.fileno())
        with pytest.raises(BlockingIOError):
            while True:
                writer.send(b"x" * 4096)
        try:

            async def main() -> None:
                signal.raise_signal(signal.SIGUSR1)
                await eagerloop.sleep(0.01)
                number = writer.fileno()
                spare, theirs = os.pipe()
                writer.close()
                os.dup2(theirs, number)  # the number is another file's
                signal.raise_signal(signal.SIGUSR1)
                await eagerloop.sleep(0.01)
                os.close(theirs)
                os.close(number)
                assert os.read(spare, 1) == b""
                os.close(spare)

            eagerloop.run(main())
        finally:
            assert signal.set_wakeup_fd(-1) == -1
            signal.signal(signal.SIGUSR1, previous)


def test_a_signal_during_another_loops_run_is_not_lost(loop: eagerloop.EventLoop) -> None:
    heard: list[str] = []
    loop.add_signal_handler(signal.SIGUSR1, heard.append, "first")

    async def other() -> None:
        signal.raise_signal(signal.SIGUSR1)
        await eagerloop.sleep(0.01)
        assert heard == []

    eagerloop.run(other())
    loop.run_until_complete(eagerloop.sleep(0.01))
    assert heard == ["first"]
    loop.remove_signal_handler(signal.SIGUSR1)


def test_a_loop_closed_during_anothers_run_leaves_that_its_waker() -> None:
    first = eagerloop.new_event_loop()
    first.add_signal_handler(signal.SIGUSR1, print)

    async def other() -> list[str]:
        heard: list[str] = []
        eagerloop.get_running_loop().add_signal_handler(signal.SIGUSR2, heard.append, "second")
        first.close()
        signal.raise_signal(signal.SIGUSR2)
        await eagerloop.sleep(0.01)
        eagerloop.get_running_loop().remove_signal_handler(signal.SIGUSR2)
        return heard

    assert eagerloop.run(other()) == ["second"]
    assert signal.set_wakeup_fd(-1) == -1


def test_a_loop_in_a_thread_leaves_the_wakeup_fd_alone() -> None:
    during: list[int] = []

    def work() -> None:
        eagerloop.run(eagerloop.sleep(0.05))

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.02)
    during.append(signal.set_wakeup_fd(-1))
    thread.join()
    assert during == [-1]


def test_an_exception_in_the_callback_is_reported(loop: eagerloop.EventLoop) -> None:
    contexts: list[dict[str, object]] = []
    loop.set_exception_handler(lambda _, context: contexts.append(context))

    def handler() -> None:
        raise ZeroDivisionError

    loop.add_signal_handler(signal.SIGUSR1, handler)
    os.kill(os.getpid(), signal.SIGUSR1)
    loop.run_until_complete(eagerloop.sleep(0.01))
    assert isinstance(contexts[0]["exception"], ZeroDivisionError)
    loop.remove_signal_handler(signal.SIGUSR1)
