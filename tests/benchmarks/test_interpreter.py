from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from eagerloop.benchmarks import interpreter


def script(folder: Path, text: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_this_python_has_ours() -> None:
    python = interpreter.examine(sys.executable, ["asyncio", "eagerloop"], "eagerloop")
    assert python.version == sys.version
    assert python.implementations["asyncio"]["version"] == sys.version.split()[0]
    assert "missing" not in python.implementations["eagerloop"]


def test_what_is_no_usable_python_is_named(tmp_path: Path) -> None:
    with pytest.raises(interpreter.Unusable, match="cannot be run"):
        interpreter.examine("/no/such/python", [], "asyncio")
    with pytest.raises(interpreter.Unusable, match="is not a Python"):
        interpreter.examine(script(tmp_path, "exit 1"), [], "asyncio")
    with pytest.raises(interpreter.Unusable, match=r"is Python 3\.9\.18; eagerloop needs 3\.11"):
        interpreter.examine(script(tmp_path, "echo 3 9 3.9.18"), [], "asyncio")


def test_settings_that_favour_one_loop_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    monkeypatch.setenv("EAGERLOOP_POLLER", "select")
    given = interpreter.Python(sys.executable, ["/a", "/b"]).environment()
    assert "PYTHONASYNCIODEBUG" not in given
    assert given["EAGERLOOP_POLLER"] == "select"
    assert given["PYTHONPATH"] == f"/a{os.pathsep}/b"
