"""`eagerloop repl`: a prompt whose lines may `await`.

Two threads, as in `python -m asyncio`: the loop runs in the main thread, where signals arrive;
the console reads lines in another, so that tasks go on while you type. Each line is compiled to a
function; if the compiler made it a coroutine it becomes a task, and the console waits for it.
"""

from __future__ import annotations

import ast
import code
import concurrent.futures
import contextvars
import inspect
import sys
import threading
import types
from typing import Any

import click

EPILOG = "Example: eagerloop repl --eager, and then: await asyncio.sleep(1, 'hello')"
AWAITS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Console(code.InteractiveConsole):
    """A console that runs what it compiled on the loop of another thread."""

    def __init__(self, loop: Any, names: dict[str, Any]) -> None:
        super().__init__(names)
        self.compile.compiler.flags |= AWAITS
        self.loop = loop
        self.context = contextvars.copy_context()  # one for all lines: a variable set stays set
        self.running: Any = None  # the task of the line that is being waited for
        self.interrupted = False

    def runcode(self, code: types.CodeType) -> None:
        outcome: concurrent.futures.Future[object] = concurrent.futures.Future()
        self.interrupted = False
        self.loop.call_soon_threadsafe(self.start, code, outcome, context=self.context)
        try:
            outcome.result()
        except SystemExit:
            raise
        except BaseException:
            # the prompt outlives whatever a line raises, KeyboardInterrupt included
            if self.interrupted:
                self.write("\nKeyboardInterrupt\n")
            else:
                self.showtraceback()

    def start(self, code: types.CodeType, outcome: concurrent.futures.Future[object]) -> None:
        """In the loop's thread: run the line, or start it and let its end complete `outcome`."""
        function = types.FunctionType(code, self.locals)
        try:
            result = function()
        except BaseException as error:  # carried to the console's thread, which reports it
            outcome.set_exception(error)
            return
        if not inspect.iscoroutine(result):
            outcome.set_result(result)
            return
        self.running = self.loop.create_task(result, context=self.context)
        self.running.add_done_callback(lambda task: self.finish(task, outcome))

    def finish(self, task: Any, outcome: concurrent.futures.Future[object]) -> None:
        self.running = None
        if task.cancelled():
            outcome.set_exception(concurrent.futures.CancelledError())
        elif (error := task.exception()) is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(task.result())

    def interrupt(self) -> None:
        """Ctrl-C: cancel the line that runs. A prompt waits on: its thread cannot be interrupted."""
        if self.running is not None:
            self.interrupted = True
            self.running.cancel()


@click.command(epilog=EPILOG)
@click.option(
    "--eager", is_flag=True, help="Start every task eagerly: up to its first wait, at once."
)
@click.option("--debug", is_flag=True, help="asyncio's debug mode.")
@click.option("--poller", metavar="NAME", help="epoll or select; the best there is when not given.")
def command(eager: bool, debug: bool, poller: str | None) -> None:
    """Open a prompt with top-level await on a running eagerloop.

    asyncio and eagerloop are imported. Ctrl-C cancels the line that runs, Ctrl-D leaves.
    """
    import asyncio

    import eagerloop

    try:
        loop = eagerloop.new_event_loop(poller=poller, eager=eager)
    except (ValueError, OSError) as error:  # no such poller, or this kernel refuses it
        raise click.UsageError(str(error)) from None
    if debug:
        loop.set_debug(True)
    asyncio.set_event_loop(loop)
    names = {
        "__name__": "__main__",
        "__doc__": None,
        "__builtins__": __builtins__,
        "asyncio": asyncio,
        "eagerloop": eagerloop,
    }
    console = Console(loop, names)
    sys.exit(converse(console, banner(loop)))


def banner(loop: Any) -> str:
    import eagerloop

    build = "compiled" if eagerloop.compiled() else "interpreted"
    return (
        f"eagerloop {eagerloop.__version__} ({build}, {loop.poller}) "
        f"on Python {sys.version.split()[0]}, {sys.platform}\n"
        'Use "await" directly instead of "asyncio.run()". Ctrl-D leaves.'
    )


def converse(console: Console, greeting: str) -> int:
    """Run the loop here and the console in a thread until it is left; return the exit code."""
    loop = console.loop
    left: list[int] = []

    def read_lines() -> None:
        status = 0
        try:
            set_up_editing(console)
            console.interact(greeting, exitmsg="")
        except SystemExit as leave:
            status = exit_status(leave)
        finally:
            left.append(status)
            loop.call_soon_threadsafe(loop.stop)

    reading = threading.Thread(target=read_lines, name="eagerloop-repl", daemon=True)
    reading.start()
    while not left:
        try:
            loop.run_forever()
        except KeyboardInterrupt:
            console.interrupt()
        except SystemExit:
            if console.running is None:  # of a task in the background: it ends the program
                raise
            # Of the line that runs: its task carries it to the console, which then is left.
    close(loop)
    return left[0]


def exit_status(leave: SystemExit) -> int:
    """The code that `sys.exit(x)` gives a process, printing x when it is a message."""
    if leave.code is None:
        return 0
    if isinstance(leave.code, int):
        return leave.code
    click.echo(leave.code, err=True)
    return 1


def set_up_editing(console: Console) -> None:
    """Line editing and completion where readline is there; a pipe or a bare build does without."""
    if not sys.stdin.isatty():
        return
    try:
        import readline
        import rlcompleter
    except ImportError:  # a Python built without readline
        return
    readline.set_completer(rlcompleter.Completer(console.locals).complete)
    readline.parse_and_bind("tab: complete")


def close(loop: Any) -> None:
    """What Runner does at the end: cancel what still runs, finish generators and the executor."""
    import asyncio

    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    asyncio.set_event_loop(None)
    loop.close()
