"""The `eagerloop` command.

One file per command. This file knows only their names and one-line helps, so that `eagerloop run`
costs the user's program no import that it does not need: a command's module is imported when it
is called.

Errors of use (a script that is not there, a bad option, a poller this machine lacks) are one line
on stderr and exit code 2. A traceback from here is a bug of ours; the user's own traceback is
untouched.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

__all__ = ("cli", "main")

# Name -> the line in `eagerloop --help`. The command itself is `<name>.command` in the file of
# that name.
COMMANDS = {
    "run": "Run a script or a module on eagerloop.",
    "repl": "An interactive prompt with top-level await.",
    "info": "Tell which build, Python and poller run here.",
    "bench": "Measure eagerloop against other event loops.",
}

EPILOG = "Example: eagerloop run --eager app.py --port 8000"


class Commands(click.Group):
    """A group whose commands are imported when they are called, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def print_version(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    import eagerloop

    click.echo(f"eagerloop {eagerloop.__version__}")
    ctx.exit()


@click.command(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=print_version,
    help="Print the version and exit.",
)
def cli() -> None:
    """Run, inspect and measure asyncio programs on eagerloop."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 1 failed, 2 wrongly called, 130 interrupted."""
    try:
        code = cli.main(
            args=None if arguments is None else list(arguments),
            prog_name="eagerloop",
            standalone_mode=False,
        )
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(2)
    except click.ClickException as error:
        click.echo(one_line(error), err=True)
        sys.exit(error.exit_code)
    except (
        click.Abort
    ):  # Ctrl-C, or the end of the terminal's input, inside one of our own commands
        sys.exit(130)
    except OSError as error:  # our output cannot be written; a program's own error ends in `run`
        click.echo(f"eagerloop: {error}", err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def one_line(error: click.ClickException) -> str:
    """`eagerloop run: what is wrong. where help is`, whatever number of lines click made of it."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "eagerloop"
    text = " ".join(error.format_message().split()).rstrip(".")
    end = "" if text.endswith("?") else "."
    hint = f" Try '{path} --help'." if isinstance(error, click.UsageError) else ""
    return f"{path}: {text}{end}{hint}"
