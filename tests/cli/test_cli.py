from __future__ import annotations

import subprocess
import sys

import pytest

import eagerloop as package
from eagerloop.cli import COMMANDS

from .conftest import Command, assert_refused


def test_help_lists_every_command(eagerloop: Command) -> None:
    done = eagerloop("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for name, line in COMMANDS.items():
        assert name in done.stdout
        assert line in done.stdout
    assert "Example: eagerloop run" in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_has_an_example(eagerloop: Command, name: str) -> None:
    done = eagerloop(name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Usage: eagerloop {name}" in done.stdout
    assert "Example" in done.stdout
    assert f"eagerloop {name}" in done.stdout.partition("Example")[2]


def test_version(eagerloop: Command) -> None:
    assert eagerloop("--version").stdout == f"eagerloop {package.__version__}\n"


def test_no_command_is_help_and_a_wrong_call(eagerloop: Command) -> None:
    done = eagerloop()
    assert done.returncode == 2
    assert "Commands:" in done.stderr


def test_an_unknown_command_is_one_line(eagerloop: Command) -> None:
    assert_refused(eagerloop("ruin"), "ruin", "eagerloop --help")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_bad_option_is_one_line(eagerloop: Command, name: str) -> None:
    assert_refused(eagerloop(name, "--speed"), f"eagerloop {name}: ", "--speed")


def test_a_misspelt_option_ends_in_one_mark(eagerloop: Command) -> None:
    done = eagerloop("info", "--jason")
    assert_refused(done, "Did you mean '--json'? Try 'eagerloop info --help'.")


@pytest.mark.parametrize("words", [("info",), ("bench", "--list")])
def test_a_full_disk_is_one_line(words: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "eagerloop", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "eagerloop: [Errno 28] No space left on device\n")


def test_the_command_imports_no_more_than_it_needs() -> None:
    code = "import sys, eagerloop.cli.run; print('rich' in sys.modules, 'code' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
