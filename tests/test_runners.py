"""Runner and run(): a loop's life, and Ctrl-C."""

from __future__ import annotations

import asyncio
import contextvars
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Generator
from typing import Any

import pytest

import eagerloop

variable = contextvars.ContextVar("variable", default=0)


async def give(result: Any) -> Any:
    await eagerloop.sleep(0)
    return result


class Awaitable:
    def __await__(self) -> Generator[Any, None, str]:
        return (yield from give("awaited").__await__())


def test_run_gives_the_result_and_closes_the_loop() -> None:
    loops = []

    async def main() -> str:
        loops.append(eagerloop.get_running_loop())
        return "result"

    assert eagerloop.run(main()) == "result"
    assert isinstance(loops[0], eagerloop.EventLoop)
    assert loops[0].is_closed()


def test_run_takes_whatever_is_awaitable() -> None:
    assert eagerloop.run(Awaitable()) == "awaited"
    wrong: Any = 1
    with pytest.raises(TypeError, match="a coroutine or an awaitable is required"):
        eagerloop.run(wrong)


def test_run_does_not_nest() -> None:
    async def main() -> None:
        coro = give(1)
        with pytest.raises(RuntimeError, match=r"asyncio.run\(\) cannot be called from a running"):
            eagerloop.run(coro)
        with pytest.raises(RuntimeError, match=r"Runner.run\(\) cannot be called from a running"):
            eagerloop.Runner().run(coro)
        coro.close()

    eagerloop.run(main())


@pytest.mark.parametrize("debug", [False, True])
def test_debug(debug: bool) -> None:
    async def main() -> bool:
        return eagerloop.get_running_loop().get_debug()

    assert eagerloop.run(main(), debug=debug) is debug


def test_eager_starts_tasks_at_once() -> None:
    async def at_once() -> int:
        return 1

    async def main() -> bool:
        return eagerloop.create_task(at_once()).done()

    assert eagerloop.run(main(), eager=True)
    assert not eagerloop.run(main())


def test_a_loop_factory_makes_the_loop_and_it_is_not_set() -> None:
    made = []

    def factory() -> eagerloop.AbstractEventLoop:
        made.append(eagerloop.new_event_loop())
        return made[0]

    async def main() -> None:
        assert eagerloop.get_running_loop() is made[0]

    eagerloop.run(main(), loop_factory=factory)
    assert made[0].is_closed()
    loop = asyncio.SelectorEventLoop()
    assert eagerloop.run(give("theirs"), loop_factory=lambda: loop) == "theirs"


def test_leftover_tasks_are_cancelled_and_their_errors_told() -> None:
    reports: list[dict[str, Any]] = []

    async def leftover() -> None:
        try:
            await eagerloop.sleep(10)
        except asyncio.CancelledError:
            raise ZeroDivisionError from None

    async def main() -> Any:
        loop: Any = eagerloop.get_running_loop()
        loop.set_exception_handler(lambda _, context: reports.append(context))
        task = loop.create_task(leftover())
        await eagerloop.sleep(0)
        return task

    task = eagerloop.run(main())
    assert [report["message"] for report in reports] == [
        "unhandled exception during asyncio.run() shutdown"
    ]
    assert reports[0]["task"] is task
    assert isinstance(reports[0]["exception"], ZeroDivisionError)


def test_async_generators_are_closed() -> None:
    closed = []

    async def numbers() -> Any:
        try:
            yield 1
        finally:
            closed.append(True)

    async def main() -> Any:
        generator = numbers()
        await anext(generator)
        return generator

    kept = eagerloop.run(main())
    assert closed
    del kept


def test_a_runner_keeps_its_loop_and_context() -> None:
    async def add() -> int:
        before = variable.get()
        variable.set(before + 1)
        return before

    with eagerloop.Runner() as runner:
        loop = runner.get_loop()
        assert [runner.run(add()) for _ in range(3)] == [0, 1, 2]
        assert runner.get_loop() is loop
    assert loop.is_closed()
    assert variable.get() == 0
    with pytest.raises(RuntimeError, match="Runner is closed"):
        runner.get_loop()
    runner.close()


def test_a_future_can_be_run() -> None:
    with eagerloop.Runner() as runner:
        future: Any = runner.get_loop().create_future()
        future.set_result("done")
        assert runner.run(future) == "done"


def test_ctrl_c_cancels_the_task_then_raises() -> None:
    cleaned = []

    async def main() -> None:
        eagerloop.get_running_loop().call_later(0.01, os.kill, os.getpid(), signal.SIGINT)
        try:
            await eagerloop.sleep(10)
        finally:
            cleaned.append(True)

    with pytest.raises(KeyboardInterrupt) as caught:
        eagerloop.run(main())
    assert cleaned
    cancelled = caught.value.__context__
    assert isinstance(cancelled, eagerloop.CancelledError)
    assert not caught.value.__suppress_context__  # the traceback tells where the program was
    assert "main" in {frame.name for frame in traceback.extract_tb(cancelled.__traceback__)}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_of_a_task_that_goes_on_is_no_error() -> None:
    async def main() -> str:
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await eagerloop.sleep(10)
        except asyncio.CancelledError:
            return "saved"
        return "slept"

    assert eagerloop.run(main()) == "saved"


def test_ctrl_c_of_a_task_that_is_cancelled_anyway() -> None:
    async def main() -> None:
        task: Any = eagerloop.current_task()
        task.cancel()
        os.kill(os.getpid(), signal.SIGINT)
        await eagerloop.sleep(10)

    with pytest.raises(asyncio.CancelledError):
        eagerloop.run(main())


def test_a_second_ctrl_c_raises_where_the_program_is() -> None:
    program = """
import os, signal, time, eagerloop
async def main():
    os.kill(os.getpid(), signal.SIGINT)
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(10)
    except KeyboardInterrupt:
        print("second")
        raise
try:
    eagerloop.run(main())
except KeyboardInterrupt:
    print("out")
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert result.stdout.split() == ["second", "out"], result.stderr


def test_a_handler_of_the_program_is_kept() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:

        async def main() -> None:
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN

        eagerloop.run(main())
    finally:
        signal.signal(signal.SIGINT, before)
