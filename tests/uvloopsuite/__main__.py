"""uvloop's own suite against eagerloop: ``python -m tests.uvloopsuite``.

The source distribution comes from PyPI and is not edited: a package of ours stands in uvloop's place.
Each module runs in a process of its own, in a virtual environment of its own under build/.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.uvloopsuite import listed

ROOT = Path(__file__).resolve().parents[2]
STANDIN = Path(__file__).with_name("standin")
VERSION = "0.23.0"  # the list is of this one
WANTED = ["aiohttp>=3.10.5", "psutil", "pyOpenSSL", "pytest>=9"]  # by its tests
STYLE = "test_sourcecode"  # flake8 and mypy on uvloop's sources: nothing runs on a loop
ROW = "{:<24}{:>8}{:>8}{:>8}{:>8}{:>9}"


@dataclass
class Module:
    """What became of a module's tests: name -> outcome, detail."""

    name: str
    outcomes: dict[str, tuple[str, str]] = field(default_factory=dict)
    again: list[str] = field(default_factory=list)  # passed when run again alone
    seconds: float = 0.0

    def failed(self) -> list[str]:
        return [name for name, (outcome, _) in self.outcomes.items() if outcome == "failed"]


@dataclass(frozen=True)
class Suite:
    """The unpacked distribution, who runs it, and the limits in seconds."""

    source: Path
    python: Path
    test_seconds: float
    module_seconds: float
    pure: bool

    def modules(self) -> list[str]:
        return sorted(path.stem for path in self.source.glob("tests/test_*.py"))

    def run(self, name: str, entries: list[listed.Entry]) -> Module:
        """Runs a module, and each failure that is not listed once more, alone."""
        began = time.monotonic()
        module = Module(name, self._process(f"{name}.py"))
        for test in module.failed():
            if listed.find(test, entries) is None and test != name:
                _, *rest = test.split(".")
                place = "::".join([f"{name}.py", *rest])
                second = self._process(place).get(test, ("failed", ""))
                if second[0] == "passed":
                    module.outcomes[test] = second
                    module.again.append(test)
        module.seconds = time.monotonic() - began
        return module

    def _process(self, place: str) -> dict[str, tuple[str, str]]:
        """Runs what pytest finds at tests/`place`; a dead process fails the test it died in."""
        with (
            tempfile.TemporaryDirectory(prefix="eagerloop-uvloop-") as folder,
            open(Path(folder, "log"), "w+b") as log,
        ):
            outcomes = Path(folder, "outcomes")
            environment = dict(
                os.environ,
                # with the source, for the processes of a pool import its `tests`
                PYTHONPATH=os.pathsep.join(map(str, (STANDIN, self.source, ROOT))),
                EAGERLOOP_UVLOOP_SOURCE=str(self.source),
                EAGERLOOP_OUTCOMES=str(outcomes),
                EAGERLOOP_TEST_SECONDS=str(self.test_seconds),
                **({"EAGERLOOP_PURE": "1"} if self.pure else {}),
            )
            command: list[str | Path] = [
                *(self.python, "-P", "-m", "pytest", "-qs", "-c", os.devnull, "-p", "outcomes"),
                *("-p", "no:cacheprovider", "--import-mode=importlib", "--tb=native"),
                *(f"--rootdir={self.source}", f"{self.source}/tests/{place}"),
            ]
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
            try:
                status: object = process.wait(self.module_seconds)
            except subprocess.TimeoutExpired:
                status = f"time limit of {self.module_seconds:.0f} s"
            try:
                os.killpg(process.pid, signal.SIGKILL)  # and what its tests left behind
            except ProcessLookupError:
                pass
            process.wait()
            log.seek(0)
            tail = log.read().decode(errors="replace")[-4000:]
            return self._read(outcomes, place, f"the process ended: {status}\n{tail}")

    def _read(self, path: Path, place: str, end: str) -> dict[str, tuple[str, str]]:
        found = {}
        lines = path.read_text().splitlines() if path.exists() else []
        for line in lines:
            event = json.loads(line)
            found[event["test"]] = (event.get("outcome", "failed"), event.get("detail", end))
        return found or {place.partition(".")[0]: ("failed", end)}


def prepare(folder: Path) -> tuple[Path, Path]:
    """The unpacked source distribution and a Python that has what it needs."""
    source = folder / f"uvloop-{VERSION}"
    if not source.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            command = [*(sys.executable, "-m", "pip", "download", "-q", "--no-deps")]
            command += ["--no-binary", "uvloop", "-d", scratch, f"uvloop=={VERSION}"]
            subprocess.run(command, check=True)
            (archive,) = Path(scratch).glob("uvloop-*.tar.gz")
            with tarfile.open(archive) as tar:
                tar.extractall(scratch, filter="data")
            Path(scratch, source.name).rename(source)
    venv = folder / f"venv-{sys.version_info[0]}.{sys.version_info[1]}"
    if not (venv / ".ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        subprocess.run([venv / "bin" / "pip", "install", "-qq", *WANTED], check=True)
        (venv / ".ready").touch()
    return source, venv / "bin" / "python"


def report(modules: list[Module], entries: list[listed.Entry], whole: bool) -> bool:
    """Prints the table, the listed failures by reason, and each other in full; True: none other."""
    print(ROW.format(f"uvloop {VERSION}", "passed", "failed", "listed", "skipped", "seconds"))
    bad, used = [], set()
    reasons: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for module in modules:
        counts: Counter[str] = Counter()
        for name, (outcome, detail) in module.outcomes.items():
            entry = listed.find(name, entries)
            if entry is not None:
                used.add(entry.pattern)
            if outcome == "failed" and entry is not None:
                outcome = "listed"
                reasons[f"{entry.kind}: {entry.reason}"] += 1
            elif outcome == "failed":
                bad.append((name, detail))
            elif entry is not None and outcome == "passed":
                module.again.append(f"{name} (listed)")
            counts[outcome] += 1
        row = [counts[kind] for kind in ("passed", "failed", "listed", "skipped")]
        print(ROW.format(module.name, *row, f"{module.seconds:.1f}"))
        total.update(counts)
    row = [total[kind] for kind in ("passed", "failed", "listed", "skipped")]
    print(ROW.format(f"{len(modules)} modules", *row, f"{sum(m.seconds for m in modules):.1f}"))
    for reason, count in reasons.most_common():
        print(f"  {count:>4}  {reason}")
    for module in modules:
        for name in module.again:
            print(f"passed, but {'is listed' if '(' in name else 'not at first'}: {name}")
    for name, detail in bad:
        print(f"\nFAILED {name}\n{detail.rstrip()}")
    stale = [entry.pattern for entry in entries if entry.pattern not in used] if whole else []
    for pattern in stale:
        print(f"listed.toml: names no test that ran: {pattern}")
    return not bad and not stale


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.uvloopsuite", description=__doc__)
    parser.add_argument("module", nargs="*", help="only these, e.g. test_tcp")
    parser.add_argument("--pure", action="store_true", help="with EAGERLOOP_PURE=1")
    parser.add_argument("--jobs", type=int, default=2, help="modules at a time (default: 2)")
    parser.add_argument("--test-seconds", type=float, default=30.0, help="limit of one test")
    parser.add_argument("--module-seconds", type=float, default=900.0, help="limit of a module")
    options = parser.parse_args(arguments)
    # a shell that starts a job in the background leaves SIGINT ignored, and the tests' children would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = ROOT / "build" / "uvloopsuite"
    folder.mkdir(parents=True, exist_ok=True)
    source, python = prepare(folder)
    suite = Suite(source, python, options.test_seconds, options.module_seconds, options.pure)
    names = options.module or [name for name in suite.modules() if name != STYLE]
    entries = listed.load()
    with ThreadPoolExecutor(options.jobs) as pool:
        modules = list(pool.map(lambda name: suite.run(name, entries), names))
    mode = "interpreted" if options.pure else "compiled"
    print(f"eagerloop {mode} on {platform.python_version()}")
    return int(not report(modules, entries, whole=not options.module))


if __name__ == "__main__":
    sys.exit(main())
