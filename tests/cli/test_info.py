from __future__ import annotations

import json
import platform

import pytest

import eagerloop as package
from eagerloop.cli import info

from .conftest import Command, assert_refused


def test_as_json(eagerloop: Command) -> None:
    done = eagerloop("info", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert facts["version"] == package.__version__
    assert facts["build"] == ("compiled" if package.compiled() else "interpreted")
    assert facts["python"].startswith(platform.python_version())
    assert facts["poller"] in facts["pollers"]
    assert facts["gil"] in (True, False)


def test_as_a_table(eagerloop: Command) -> None:
    done = eagerloop("info", COLUMNS="200")
    assert (done.returncode, done.stderr) == (0, "")
    rows = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert rows["version"].strip() == package.__version__
    assert rows["gil"].strip() in ("on", "off")


def test_the_environment_is_told(eagerloop: Command) -> None:
    facts = json.loads(eagerloop("info", "--json", EAGERLOOP_POLLER="select").stdout)
    assert facts["poller"] == "select"
    facts = json.loads(eagerloop("info", "--json", EAGERLOOP_PURE="1").stdout)
    assert (facts["build"], facts["reason"]) == ("interpreted", "EAGERLOOP_PURE is set")
    assert_refused(eagerloop("info", EAGERLOOP_POLLER="magic"), "magic")


def test_the_reason_of_each_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EAGERLOOP_PURE", raising=False)
    assert "extension modules were found" in info.reason(True)
    assert "no extension modules" in info.reason(False)
