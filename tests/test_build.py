"""setup.py's promise: everything is compiled or nothing is, and it says which and why.

Built is a package of two small pairs by the real setup.py, for the whole one takes minutes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eagerloop import _pure
from tools.pairs import ROOT

pytest.importorskip("Cython", reason="this environment was not made for building")
pytestmark = pytest.mark.skipif(_pure.wanted(), reason="a build is the same in both modes")

GOOD = "def twice(number):\n    return 2 * number\n"
LAYOUT = "cdef object twice(object number)\n"
FILES = {
    "eagerloop/__init__.py": "",
    "eagerloop/core/__init__.py": "",
    "eagerloop/core/kernel.h": "",
    "eagerloop/core/runtime.h": "",
    "eagerloop/core/runtime.pxd": "",
    "eagerloop/core/runtime.py": "",
    "eagerloop/core/one.py": GOOD,
    "eagerloop/core/one.pxd": LAYOUT,
    "eagerloop/core/two.py": GOOD,
    "eagerloop/core/two.pxd": LAYOUT,
    "pyproject.toml": "[project]\nname = 'eagerloop'\nversion = '0'\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copy(ROOT / "setup.py", tmp_path)
    return tmp_path


def build(project: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if "EAGERLOOP" not in name}
    return subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace"],
        cwd=project,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def libraries(project: Path) -> list[str]:
    return sorted(path.name.partition(".")[0] for path in project.glob("eagerloop/**/*.so"))


def test_each_pair_but_the_runtime_is_compiled(project: Path) -> None:
    done = build(project, EAGERLOOP_BUILD="require")
    assert done.returncode == 0, done.stderr
    assert libraries(project) == ["one", "two"]
    assert not list(project.glob("eagerloop/**/*.c"))


def test_a_build_brings_up_to_date_what_changed(project: Path) -> None:
    build(project)
    before = {path: path.stat().st_mtime_ns for path in project.glob("eagerloop/**/*.so")}
    (project / "eagerloop/core/two.py").write_text(GOOD.replace("2", "3"))
    assert build(project).returncode == 0
    changed = [path.name[:3] for path, made in before.items() if path.stat().st_mtime_ns != made]
    assert changed == ["two"]
    (project / "eagerloop/core/runtime.h").write_text("/* changed */\n")
    assert build(project).returncode == 0
    assert all(path.stat().st_mtime_ns != made for path, made in before.items())


def test_pure_compiles_nothing_and_removes_what_was_compiled(project: Path) -> None:
    build(project)
    assert libraries(project) == ["one", "two"]
    done = build(project, EAGERLOOP_BUILD="pure")
    assert done.returncode == 0
    assert libraries(project) == []
    assert "installing interpreted, as EAGERLOOP_BUILD=pure asks" in done.stdout


@pytest.mark.parametrize("fault", ["no compiler", "broken source"])
def test_a_failure_leaves_nothing_compiled(project: Path, fault: str) -> None:
    compiler = "false" if fault == "no compiler" else "cc"
    if fault == "broken source":
        build(project)
        (project / "eagerloop/core/two.py").write_text("def twice(number:\n")
    done = build(project, CC=compiler)
    assert done.returncode == 0, done.stderr
    assert "eagerloop: installing interpreted, for compiling failed: " in done.stdout
    assert libraries(project) == []
    assert build(project, CC=compiler, EAGERLOOP_BUILD="require").returncode != 0


def test_an_unknown_mode_is_refused(project: Path) -> None:
    done = build(project, EAGERLOOP_BUILD="maybe")
    assert done.returncode == 1
    assert done.stderr.strip() == "EAGERLOOP_BUILD=maybe: the choices are pure and require"
