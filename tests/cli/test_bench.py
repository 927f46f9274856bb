from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from eagerloop.cli import bench

from .conftest import ROOT, Command, assert_refused


def test_a_small_run_writes_all_it_promises(eagerloop: Command, folder: Path) -> None:
    done = eagerloop(
        *("bench", "lock", "switch", "--against", "asyncio", "--rounds", "2", "--scale", "0.02"),
        *("--json", "run.json", "--csv", "run.csv", "--svg", "run.svg"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "CPU time per operation" in done.stdout
    for path in ("run.json", "run.csv", "run.svg"):
        assert f"wrote {path}" in done.stdout
    content = json.loads((folder / "run.json").read_text())
    taken = [(each["round"], each["case"], each["implementation"]) for each in content["samples"]]
    assert taken == [
        (0, "switch", "eagerloop"),
        (0, "switch", "asyncio"),
        (0, "lock", "eagerloop"),
        (0, "lock", "asyncio"),
        (1, "switch", "asyncio"),
        (1, "switch", "eagerloop"),
        (1, "lock", "asyncio"),
        (1, "lock", "eagerloop"),
    ]
    assert content["environment"]["implementations"]["eagerloop"]["version"]
    assert len((folder / "run.csv").read_text().splitlines()) == 9
    assert (folder / "run.svg").read_text().startswith("<svg")

    same = eagerloop("bench", "--compare", "run.json", "run.json")
    assert same.returncode == 0
    assert "switch" in same.stdout
    assert "1.00" in same.stdout


def test_the_list_says_what_each_case_is(eagerloop: Command) -> None:
    done = eagerloop("bench", "--list", "sync")
    assert done.returncode == 0
    assert "one item through a Queue of 100 places" in done.stdout
    assert "switch" not in done.stdout


def test_wrong_calls_are_one_line(eagerloop: Command, folder: Path) -> None:
    assert_refused(eagerloop("bench", "swich"), "swich", "--list")
    assert_refused(eagerloop("bench", "switch", "--against", "trio"), "'trio'", "uvloop")
    assert_refused(eagerloop("bench", "switch", "--python", "/no/python"), "/no/python")
    assert_refused(eagerloop("bench", "--rounds", "0"), "--rounds")
    assert_refused(eagerloop("bench", "--compare", "a.json", "b.json"), "a.json")
    old = folder / "old"
    old.write_text("#!/bin/sh\necho 3 10 3.10.13\n")
    old.chmod(0o755)
    assert_refused(eagerloop("bench", "switch", "--python", str(old)), "Python 3.10.13")


def test_what_cannot_be_done_is_told_before_anything_is_measured(
    eagerloop: Command, folder: Path
) -> None:
    slow = ("bench", "switch", "--rounds", "10000")
    for option in ("--json", "--csv", "--svg"):
        assert_refused(eagerloop(*slow, option, "nowhere/file"), "cannot write", "nowhere/file")
    assert_refused(eagerloop(*slow, "--instructions", PATH=str(folder)), "needs valgrind")


def test_ctrl_c_keeps_what_was_measured(folder: Path) -> None:
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "eagerloop", "bench", "lock", "--against", "asyncio"),
            *("--rounds", "10000", "--scale", "0.01", "--json", "run.json"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        # a shell that starts a job in the background leaves SIGINT ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        while not (folder / "run.json").exists():
            time.sleep(0.01)
        time.sleep(5)  # some samples
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")
    assert "interrupted" in output
    assert json.loads((folder / "run.json").read_text())["samples"]


def test_a_reader_who_leaves_takes_no_results_along(folder: Path) -> None:
    """`eagerloop bench ... --json run.json | head -1`: the file is there before the first line is."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "eagerloop", "bench", "switch", "--against", "asyncio"),
            *("--rounds", "1", "--scale", "0.02", "--json", "run.json"),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    process.communicate(timeout=60)
    assert json.loads((folder / "run.json").read_text())["samples"]


def test_a_missing_peer_is_left_out_and_said(eagerloop: Command, folder: Path) -> None:
    (folder / "uvloop.py").write_text("raise ImportError('not today')")
    done = eagerloop(
        *("bench", "switch", "--against", "asyncio,uvloop", "--rounds", "1", "--scale", "0.02"),
        PYTHONPATH=f"{folder}",
    )
    assert done.returncode == 0
    assert "uvloop: left out, uvloop is not installed (not today)" in done.stdout


def test_a_result_does_not_tell_the_folders_of_the_machine() -> None:
    words = ["bench", "lines/tcp/1k/100", "--json", "/a/b/new.json", "--python=/c/python3.13"]
    assert bench.without_folders(words) == [
        *("bench", "lines/tcp/1k/100", "--json", "new.json", "--python=python3.13")
    ]
