"""`eagerloop run`: a program as `__main__`, with eagerloop installed before its first line.

The program sees what `python app.py` or `python -m app` would show it: `sys.argv`, `sys.path[0]`,
`__main__`, the exit code, and its own traceback with no frame of ours in it.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from types import TracebackType

import click

EPILOG = "Examples: eagerloop run app.py --port 8000 | eagerloop run --eager -m package.server"


@click.command(
    epilog=EPILOG,
    context_settings={"allow_interspersed_args": False},
)
@click.option(
    "-m", "as_module", is_flag=True, help="TARGET is a module or package, as in python -m."
)
@click.option(
    "--eager", is_flag=True, help="Start every task eagerly: up to its first wait, at once."
)
@click.option(
    "--debug", is_flag=True, help="asyncio's debug mode: slow callbacks, lost exceptions, ..."
)
@click.option("--poller", metavar="NAME", help="epoll or select; the best there is when not given.")
@click.option(
    "--replace", is_flag=True, help="Also put eagerloop in the place of the asyncio module."
)
@click.argument("target")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(
    as_module: bool,
    eager: bool,
    debug: bool,
    poller: str | None,
    replace: bool,
    target: str,
    arguments: tuple[str, ...],
) -> None:
    """Run TARGET, a script (or a folder or zip file with a __main__.py), on eagerloop.

    asyncio.run, asyncio.TaskGroup and all other names of asyncio are eagerloop's inside it.
    What stands behind TARGET belongs to the program.
    """
    check_target(target, as_module)
    prepare(eager=eager, debug=debug, poller=poller, replace=replace)
    try:
        if as_module:
            run_module(target, arguments)
        else:
            run_script(target, arguments)
    except SystemExit:
        raise
    except BaseException as error:  # as the interpreter does it: print, then the exit code it uses
        die_of(error)


def check_target(target: str, as_module: bool) -> None:
    """Refuse a script or module that is not there, before anything is imported or changed."""
    if not as_module:
        if not os.path.exists(target):
            raise click.UsageError(f"there is no script {target!r}")
        if os.path.isdir(target) and not os.path.exists(os.path.join(target, "__main__.py")):
            raise click.UsageError(f"the folder {target!r} has no __main__.py to run")
        if not os.path.isdir(target):
            try:
                with open(target, "rb"):
                    pass
            except OSError as error:  # not ours to read, or nothing that can be read
                raise click.UsageError(f"cannot read {target!r}: {error.strerror}") from None
        return
    if not all(part.isidentifier() for part in target.split(".")):
        raise click.UsageError(f"{target!r} is not a module's name")
    # Only the first part: looking for the rest would import the parents before eagerloop is
    # installed.
    from importlib.util import find_spec

    sys.path.insert(0, os.getcwd())
    found = find_spec(target.partition(".")[0])
    del sys.path[0]
    if found is None:
        raise click.UsageError(f"there is no module {target!r}")


def prepare(*, eager: bool, debug: bool, poller: str | None, replace: bool) -> None:
    """Install eagerloop as the options say; child processes inherit `debug` and `poller`."""
    if debug:
        os.environ["PYTHONASYNCIODEBUG"] = "1"
    if poller is not None:
        os.environ["EAGERLOOP_POLLER"] = poller
    import eagerloop

    try:
        eagerloop.new_event_loop().close()
    except (ValueError, OSError) as error:
        # An unknown poller, or one that this kernel refuses: better now than deep inside the
        # program.
        raise click.UsageError(str(error)) from None
    try:
        eagerloop.install(eager=eager, replace=replace)
    except RuntimeError as error:  # something imported asyncio before us, a .pth file for instance
        raise click.UsageError(str(error)) from None


def run_script(path: str, arguments: tuple[str, ...]) -> None:
    sys.argv[:] = [path, *arguments]
    # A folder or a zip file is put first by runpy itself.
    set_first_path(os.path.dirname(os.path.abspath(path)) if path.endswith(".py") else None)
    runpy.run_path(path, run_name="__main__")


def run_module(name: str, arguments: tuple[str, ...]) -> None:
    sys.argv[:] = [name, *arguments]
    set_first_path(os.getcwd())
    try:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    except ImportError as error:
        # runpy's own word for "no such module": its frame raised it, nothing of the program has
        # run.
        if error.name in (None, name) and not ran_user_code(error):  # 3.15 tells the name
            raise click.UsageError(str(error)) from None
        raise


def set_first_path(folder: str | None) -> None:
    """Give the program the `sys.path[0]` that the interpreter would have given it.

    With `python -m eagerloop` the first entry is the current folder, with the `eagerloop` script
    it is the folder of that script; the program was promised neither. Under `python -P` there is
    no such entry.
    """
    if not sys.flags.safe_path:
        sys.path[:1] = [] if folder is None else [folder]


def ran_user_code(error: BaseException) -> bool:
    return users_part(error.__traceback__) is not None


def users_part(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback from the program's first frame on: without click's, runpy's and ours."""
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__name__") not in PASSED_THROUGH:
            return traceback
        traceback = traceback.tb_next
    return None


PASSED_THROUGH = frozenset(
    {__name__, "runpy", "importlib._bootstrap", "importlib._bootstrap_external"}
)


def die_of(error: BaseException) -> None:
    """End as the interpreter does: the traceback, then exit code 1 or death by SIGINT."""
    if isinstance(error, click.ClickException) and not ran_user_code(error):
        raise error
    trimmed = users_part(error.__traceback__)
    sys.excepthook(type(error), error.with_traceback(trimmed), trimmed)
    if isinstance(error, KeyboardInterrupt):
        # A shell tells "was interrupted" from "failed" by the signal that ended the process.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGINT)
    sys.exit(1)
