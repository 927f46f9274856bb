"""The manual: its samples run, its reference has every name, its lists of switches are complete."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

import eagerloop
from eagerloop.cli import COMMANDS, cli
from tools import commands

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
REFERENCE = ROOT / "docs" / "reference"
SAMPLE = re.compile(r"^```python( title=\S+)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MAIN = "async def main() -> None: ...\n"  # the reader's own


def samples(page: Path) -> tuple[list[str], list[str]]:
    """The samples of a page that run, and those that are files of the reader's (they have a title)."""
    found = SAMPLE.findall(page.read_text(encoding="utf-8"))
    return [code for title, code in found if not title], [code for title, code in found if title]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if samples(page)[0]], ids=lambda page: page.stem
)
def test_samples_run(page: Path, tmp_path: Path) -> None:
    script = tmp_path / "sample.py"
    script.write_text(MAIN + "\n".join(samples(page)[0]))
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_samples_that_are_files_compile() -> None:
    files = [code for page in PAGES for code in samples(page)[1]]
    assert files
    for code in files:
        compile(code, "sample", "exec")


def test_commands_that_pages_show_can_be_called() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    shown = re.findall(r"^\$ eagerloop (.*)$", text, re.MULTILINE)
    assert len(shown) > 5
    group = click.Context(cli)
    for line in shown:
        name, *words = shlex.split(line, comments=True)
        command = cli.get_command(group, name)
        assert command is not None, line
        context = click.Context(command, **command.context_settings)
        command.make_parser(context).parse_args(words)  # raises NoSuchOption


def test_targets_that_pages_name_are_in_the_makefile() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    pages = [*PAGES, ROOT / "CONTRIBUTING.md"]
    named = {
        name
        for page in pages
        for name in re.findall(r"(?:`|^\$ )make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)
    }
    assert named <= set(targets)


def reference() -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in sorted(REFERENCE.glob("*.md")))


def public(owner: object) -> list[str]:
    return [name for name in dir(owner) if not name.startswith("_")]


def test_every_name_is_in_the_reference() -> None:
    text = reference()
    names = [name for name in eagerloop.__all__ if not name.startswith("_")]
    known = set(re.findall(r"^::: eagerloop\.(?:install\.)?(\w+)$", text, re.MULTILINE))
    known.update(re.findall(r"`(\w+)", text))
    assert [name for name in names if name not in known] == []


def test_every_method_of_the_loop_is_in_the_reference() -> None:
    listed = re.findall(r"^::: eagerloop\.EventLoop\.(\w+)$", reference(), re.MULTILINE)
    others = {"slow_callback_duration", "poller"}  # a number, and a name that is ours
    assert sorted(listed) == sorted(set(public(eagerloop.EventLoop)) - others)


@pytest.mark.parametrize(
    "owner",
    [
        *(getattr(eagerloop, name) for name in ("EventLoop", "Runner", "Server", "TaskGroup")),
        *(getattr(eagerloop, name) for name in ("Future", "Task", "Handle", "TimerHandle")),
        *(getattr(eagerloop, name) for name in ("Lock", "Event", "Condition", "Semaphore")),
        *(getattr(eagerloop, name) for name in ("Barrier", "Queue", "Timeout")),
        *(getattr(eagerloop, name) for name in ("StreamReader", "StreamWriter")),
        eagerloop.subprocess.Process,
    ],
    ids=lambda owner: owner.__name__,
)
def test_what_is_public_says_what_it_does(owner: type) -> None:
    silent = [
        name
        for name in public(owner)
        if callable(member := inspect.getattr_static(owner, name)) and not member.__doc__
    ]
    assert silent == []


def test_the_page_of_commands_is_made_of_them() -> None:
    page = commands.on_page_markdown(f"before\n{commands.PLACE}\nafter")
    for name in COMMANDS:
        assert f"## eagerloop {name}\n" in page
    assert "$ eagerloop run [OPTIONS] TARGET [ARGUMENTS]..." in page
    assert "| `--rounds` INTEGER RANGE | Samples of each. | `5` |" in page
    assert commands.on_page_markdown("nothing to fill in") == "nothing to fill in"
    assert commands.PLACE in (REFERENCE / "command.md").read_text(encoding="utf-8")


def test_every_environment_variable_is_described() -> None:
    sources = [*(ROOT / "eagerloop").rglob("*.py"), ROOT / "setup.py"]
    used = {
        name
        for source in sources
        for name in re.findall(r'"(EAGERLOOP_[A-Z_]+)"', source.read_text(encoding="utf-8"))
    }
    used.remove("EAGERLOOP_BENCH_CERTIFICATE")  # between two processes of the benchmark
    page = (REFERENCE / "environment.md").read_text(encoding="utf-8")
    assert used == set(re.findall(r"EAGERLOOP_[A-Z_]+", page))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
