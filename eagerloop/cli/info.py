"""`eagerloop info`: what runs here, and why it is this and not something faster."""

from __future__ import annotations

import json
import os
import platform
import sys

import click

EPILOG = "Example: eagerloop info --json"


@click.command(epilog=EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def command(as_json: bool) -> None:
    """Tell which build of eagerloop runs, on which Python, with which poller."""
    facts = gather_facts()
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(name.replace("_", " "), describe(value))
    Console().print(table, markup=False)


def gather_facts() -> dict[str, object]:
    import eagerloop

    compiled = eagerloop.compiled()
    try:
        loop = eagerloop.EventLoop()
    except (ValueError, OSError) as error:  # EAGERLOOP_POLLER names one that this machine lacks
        raise click.UsageError(str(error)) from None
    poller = loop.poller
    loop.close()
    return {
        "version": eagerloop.__version__,
        "build": "compiled" if compiled else "interpreted",
        "reason": reason(compiled),
        "location": os.path.dirname(os.path.abspath(eagerloop.__file__)),
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "executable": sys.executable,
        "gil": getattr(sys, "_is_gil_enabled", lambda: True)(),
        "poller": poller,
        "pollers": available_pollers(),
        "platform": platform.platform(),
    }


def reason(compiled: bool) -> str:
    """Why this build: the question that an `interpreted` on a server always raises."""
    if compiled:
        return "its extension modules were found beside the sources"
    if os.environ.get("EAGERLOOP_PURE", "") not in ("", "0"):
        return "EAGERLOOP_PURE is set"
    return "no extension modules for this Python: installed without a C compiler, or not built"


def available_pollers() -> list[str]:
    """The names that `--poller` and EAGERLOOP_POLLER take here, best first."""
    import eagerloop

    names = []
    for name in ("epoll", "select"):
        try:
            eagerloop.new_event_loop(poller=name).close()
        except (ValueError, OSError):  # not on this platform
            continue
        names.append(name)
    return names


def describe(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return ", ".join(value) if isinstance(value, list) else str(value)
