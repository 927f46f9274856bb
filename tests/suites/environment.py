"""Where a suite runs: a virtual environment with the project and what its tests need, and its
source distribution, all under `build/suites`.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "suites"
VERSION = "{}.{}".format(*sys.version_info[:2])


@dataclass(frozen=True)
class Suite:
    """A project whose tests we run, unmodified."""

    name: str
    version: str
    requirements: tuple[str, ...]
    options: tuple[str, ...]  # of pytest, in place of the project's addopts
    parallel: bool = True  # whether xdist's workers will do

    def pinned(self) -> str:
        return f"{self.name}=={self.version}"


# left out by the projects' own runs, too: what needs the Internet, a container, or is a benchmark
SUITES = {
    "anyio": Suite(
        "anyio",
        "4.16.0",
        ("blockbuster", "hypothesis", "psutil", "pytest-mock", "trustme", "truststore"),
        ("-p", "anyio", "-p", "pytest_mock", "-m", "not network"),
        parallel=False,  # some look for the __main__ module's file
    ),
    "aiohttp": Suite(
        "aiohttp",
        "3.14.5",
        (
            "blockbuster",
            "coverage",
            "freezegun",
            "isal; python_version < '3.14'",
            "proxy.py",
            "pytest-codspeed",
            "pytest-mock",
            "trustme",
            "zlib-ng; python_version < '3.15'",
        ),
        (
            *("-m", "not dev_mode and not autobahn and not internal"),
            "--ignore-glob=*/test_benchmarks_*.py",
        ),
    ),
}
RUNNER = ("click", "pytest>=9", "pytest-timeout", "pytest-xdist", "rich")


def prepare(suite: Suite) -> tuple[Path, Path]:
    """The environment's Python, and the folder of the source distribution; both are kept."""
    home = FOLDER / f"venv-{VERSION}-{suite.name}"
    python = home / "bin" / "python"
    mark = home / "installed"
    wanted = [suite.pinned(), *RUNNER, *suite.requirements]
    if not mark.exists() or mark.read_text(encoding="utf-8").splitlines() != wanted:
        print(f"suites: making {home.relative_to(ROOT)}", flush=True)
        venv.create(home, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "-q", "--prefer-binary"]
        subprocess.run([*install, *wanted], check=True)
        (package,) = home.glob("lib/python*/site-packages")
        # the folder alone: our `tests` must not be found beside the project's
        (package / "eagerloop").symlink_to(ROOT / "eagerloop")
        mark.write_text("\n".join(wanted), encoding="utf-8")
    return python, _source(suite, python)


def _source(suite: Suite, python: Path) -> Path:
    source = FOLDER / f"{suite.name}-{suite.version}"
    if not source.exists():
        archive = FOLDER / f"{source.name}.tar.gz"
        if not archive.exists():
            download = [str(python), "-m", "pip", "download", "-q", "--no-deps", "-d", str(FOLDER)]
            subprocess.run(
                [*download, "--no-binary", suite.name, suite.pinned()], check=True, cwd=FOLDER
            )
        package = f"{source.name}/{suite.name}/"  # the tests must import what is installed
        with tarfile.open(archive) as packed:
            members = [each for each in packed.getmembers() if not each.name.startswith(package)]
            packed.extractall(FOLDER, members, filter="data")
    return source
