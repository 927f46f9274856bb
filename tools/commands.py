"""The manual's page of the command line, made of the commands themselves: a hook of mkdocs."""

from __future__ import annotations

from collections.abc import Iterator

import click

from eagerloop.cli import cli

PLACE = "<!-- commands -->"  # what a page has where they are to stand


def on_page_markdown(markdown: str, **_: object) -> str:
    """mkdocs calls this with every page."""
    return markdown.replace(PLACE, "\n".join(commands())) if PLACE in markdown else markdown


def commands() -> Iterator[str]:
    """Every command in Markdown, line by line."""
    context = click.Context(cli, info_name="eagerloop")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        yield from described(command, click.Context(command, context, info_name=name))


def described(command: click.Command, context: click.Context) -> Iterator[str]:
    path = context.command_path
    yield from (f"## {path}", "", "```console")
    yield " ".join(["$", path, *command.collect_usage_pieces(context)])
    yield from ("```", "")
    yield (command.help or "").replace("__", r"\_\_")
    yield from ("", "| option | what | default |", "|---|---|---|")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield row(parameter)
    if command.epilog:
        examples = command.epilog.partition(": ")[2].split(" | ")
        yield from ("", "```text", *examples, "```")
    yield ""


def row(option: click.Option) -> str:
    name = ", ".join(f"`{spelling}`" for spelling in option.opts)
    if not option.is_flag:
        name += f" {option.metavar or option.type.name.upper()}"
    default = f"`{option.default}`" if option.show_default else ""
    return f"| {name} | {option.help} | {default} |"
