from __future__ import annotations

import asyncio
import threading

import pytest

import eagerloop as package
from eagerloop.cli.repl import Console, exit_status

from .conftest import Command, assert_refused


def answers(output: str) -> list[str]:
    """What was printed after the banner, without the prompts."""
    lines = [line.replace(">>> ", "").replace("... ", "") for line in output.splitlines()]
    return [line for line in lines if line]


def test_lines_may_await(eagerloop: Command) -> None:
    done = eagerloop(
        "repl",
        stdin=(
            "import contextvars\n"
            "await asyncio.sleep(0, 'slept')\n"
            "x = await asyncio.sleep(0, 21)\n"
            "x * 2\n"
            "type(asyncio.get_running_loop()).__name__\n"
        ),
    )
    assert done.returncode == 0
    assert answers(done.stdout) == ["'slept'", "42", "'EventLoop'"]
    banner = done.stderr.splitlines()[0]
    assert banner.startswith(f"eagerloop {package.__version__} (")


def test_an_error_does_not_end_it(eagerloop: Command) -> None:
    done = eagerloop("repl", stdin="1 / 0\nawait asyncio.sleep(0, 'on')\nx = (\n\n")
    assert done.returncode == 0
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "'on'" in done.stdout


def test_a_context_variable_stays_set(eagerloop: Command) -> None:
    lines = [
        "import contextvars",
        "var = contextvars.ContextVar('var')",
        "_ = var.set(5)",
        "async def get(): return var.get()",
        "",
        "await get()",
    ]
    assert answers(eagerloop("repl", stdin="\n".join(lines) + "\n").stdout) == ["5"]


def test_tasks_run_between_lines_and_are_cancelled_at_the_end(eagerloop: Command) -> None:
    lines = [
        "async def hang():",
        "    try:",
        "        await asyncio.sleep(60)",
        "    finally:",
        "        print('cancelled')",
        "",
        "task = asyncio.ensure_future(hang())",
        "await asyncio.sleep(0)",
    ]
    done = eagerloop("repl", stdin="\n".join(lines) + "\n")
    assert done.returncode == 0
    assert answers(done.stdout) == ["cancelled"]


def test_leaving_with_a_code(eagerloop: Command) -> None:
    assert eagerloop("repl", stdin="exit(3)\n").returncode == 3
    assert exit_status(SystemExit()) == 0
    assert exit_status(SystemExit("words")) == 1


def test_a_wrong_poller_is_one_line(eagerloop: Command) -> None:
    assert_refused(eagerloop("repl", "--poller", "magic"), "magic")


def test_ctrl_c_cancels_the_line_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = package.new_event_loop()
    names = {"asyncio": asyncio}
    console = Console(loop, names)
    written: list[str] = []
    monkeypatch.setattr(console, "write", written.append)
    typing = threading.Thread(target=lambda: console.push("await asyncio.sleep(60)"))
    typing.start()
    while console.running is None:
        loop.run_until_complete(package.sleep(0.001))
    console.interrupt()
    while typing.is_alive():
        loop.run_until_complete(package.sleep(0.001))
    typing.join()
    loop.close()
    assert written == ["\nKeyboardInterrupt\n"]
