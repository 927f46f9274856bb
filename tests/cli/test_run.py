from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import ROOT, Command, assert_refused

REPORT = """
import asyncio, json, sys

async def main():
    started = []
    async def child():
        started.append(True)
    async with asyncio.TaskGroup() as group:
        group.create_task(child())
        eager = bool(started)
    loop = asyncio.get_running_loop()
    return {
        "loop": type(loop).__module__.split(".")[0],
        "poller": getattr(loop, "poller", None),
        "debug": loop.get_debug(),
        "eager": eager,
        "group": asyncio.TaskGroup.__module__.split(".")[0],
        "asyncio": asyncio.__name__,
    }

facts = asyncio.run(main())
facts |= {"argv": sys.argv, "path": sys.path[0], "name": __name__, "file": __file__}
print(json.dumps(facts))
"""


@pytest.fixture
def report(folder: Path) -> Path:
    path = folder / "inner" / "report.py"
    path.parent.mkdir()
    path.write_text(REPORT)
    return path


def test_a_script_is_main_and_its_loop_is_ours(eagerloop: Command, report: Path) -> None:
    done = eagerloop("run", "inner/report.py", "--eager", "-x", "1")
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert facts["loop"] == "eagerloop"
    assert facts["name"] == "__main__"
    assert facts["argv"] == ["inner/report.py", "--eager", "-x", "1"]
    assert facts["path"] == str(report.parent)
    assert facts["file"] == "inner/report.py"
    assert (facts["debug"], facts["eager"]) == (False, False)
    assert (facts["group"], facts["asyncio"]) == ("eagerloop", "asyncio")


def test_a_module_is_main_too(eagerloop: Command, report: Path, folder: Path) -> None:
    (report.parent / "__init__.py").touch()
    done = eagerloop("run", "-m", "inner.report", "--flag")
    facts = json.loads(done.stdout)
    assert facts["loop"] == "eagerloop"
    assert facts["argv"] == [str(report), "--flag"]
    assert facts["path"] == str(folder)


def test_a_package_and_a_folder_run_their_main(eagerloop: Command, report: Path) -> None:
    (report.parent / "__main__.py").write_text("import asyncio; print('main of', __package__)")
    (report.parent / "__init__.py").touch()
    assert eagerloop("run", "-m", "inner").stdout == "main of inner\n"
    assert eagerloop("run", "inner").stdout == "main of \n"


def test_options_reach_the_loop(eagerloop: Command, report: Path) -> None:
    done = eagerloop("run", "--eager", "--debug", "--poller", "select", str(report))
    facts = json.loads(done.stdout)
    assert (facts["eager"], facts["debug"], facts["poller"]) == (True, True, "select")


def test_replace_puts_the_module_itself_in_asyncios_place(eagerloop: Command, report: Path) -> None:
    done = eagerloop("run", "--replace", str(report))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["asyncio"] == "eagerloop"


def test_the_exit_code_is_the_programs(eagerloop: Command, folder: Path) -> None:
    (folder / "app.py").write_text("import sys; sys.exit(int(sys.argv[1]))")
    assert eagerloop("run", "app.py", "0").returncode == 0
    assert eagerloop("run", "app.py", "7").returncode == 7
    (folder / "app.py").write_text("import sys; sys.exit('a last word')")
    done = eagerloop("run", "app.py")
    assert (done.returncode, done.stderr) == (1, "a last word\n")


def test_a_traceback_is_the_programs_alone(eagerloop: Command, folder: Path) -> None:
    (folder / "app.py").write_text("def fail():\n    raise ValueError('no')\n\nfail()\n")
    done = eagerloop("run", "app.py")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].endswith('app.py", line 4, in <module>')
    assert lines[-1] == "ValueError: no"
    assert "runpy" not in done.stderr
    assert "click" not in done.stderr


def test_a_program_that_does_not_parse(eagerloop: Command, folder: Path) -> None:
    (folder / "app.py").write_text("x = (\n")
    done = eagerloop("run", "app.py")
    assert done.returncode == 1
    assert "SyntaxError" in done.stderr
    assert "app.py" in done.stderr
    assert "click" not in done.stderr


def test_an_import_error_inside_the_program_is_the_programs(
    eagerloop: Command, folder: Path
) -> None:
    (folder / "app.py").write_text("import no_such_module_anywhere\n")
    for arguments in (["app.py"], ["-m", "app"]):
        done = eagerloop("run", *arguments)
        assert done.returncode == 1
        assert done.stderr.endswith("No module named 'no_such_module_anywhere'\n")
        assert "Traceback" in done.stderr


def test_ctrl_c_ends_it_as_ctrl_c_ends_python(folder: Path) -> None:
    (folder / "app.py").write_text(
        "import asyncio\n"
        "async def main():\n"
        "    print('up', flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "eagerloop", "run", "app.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert errors.endswith("KeyboardInterrupt\n")
    assert "await asyncio.sleep(60)" in errors  # where it was
    assert "click" not in errors


def test_what_is_not_there_is_one_line(eagerloop: Command, folder: Path) -> None:
    assert_refused(eagerloop("run", "nothing.py"), "there is no script 'nothing.py'")
    assert_refused(eagerloop("run", "-m", "nothing.at.all"), "there is no module 'nothing.at.all'")
    assert_refused(eagerloop("run", "-m", "not-a-name"), "'not-a-name' is not a module's name")
    assert_refused(eagerloop("run"), "Missing argument 'TARGET'")
    (folder / "empty").mkdir()
    assert_refused(eagerloop("run", "empty"), "has no __main__.py")
    (folder / "package").mkdir()
    (folder / "package" / "__init__.py").touch()
    assert_refused(eagerloop("run", "-m", "package.inner"), "package.inner")


def test_a_script_that_cannot_be_opened_is_one_line(eagerloop: Command, folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("app.py")
        assert_refused(eagerloop("run", "app.py"), "cannot read 'app.py': No such device")


def test_an_unknown_poller_is_one_line(eagerloop: Command, report: Path) -> None:
    assert_refused(eagerloop("run", "--poller", "magic", str(report)), "magic")
    assert_refused(eagerloop("run", str(report), EAGERLOOP_POLLER="magic"), "magic")
