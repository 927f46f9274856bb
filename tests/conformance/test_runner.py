"""The runner is checked on the stdlib's own asyncio: both modes must find nothing wrong with it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from tests.conformance import runner
from tests.conformance.__main__ import main

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("test") is None
    or importlib.util.find_spec("test.test_asyncio") is None,
    reason="this Python comes without its test suite",
)


def test_the_stdlib_passes_its_own_suite(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "report.json"
    modules = ["test_pep492", "test_transports", "test_proactor_events"]
    assert main(["--target", "stdlib", "--json", str(path), "--module", *modules]) == 0
    document = json.loads(path.read_text(encoding="utf-8"))
    assert set(document["modes"]) == {"loop", "package"}
    for found in document["modes"].values():
        assert set(found["modules"]) == set(modules)
        assert found["passed"] > 10
        assert found["failed"] == 0
        assert found["modules"]["test_proactor_events"]["excluded"]
        assert not found["modules"]["test_pep492"]["excluded"]
    assert "excluded on " in capsys.readouterr().out


def test_a_test_that_takes_too_long_costs_itself_only() -> None:
    plan = runner.Plan("stdlib", "loop", "nothing", runner.own_suite(), 0.05, 60, pure=False)
    (report,) = runner.run(plan, ["test_timeouts"], jobs=1, retries=0)
    failed = report.failed()
    assert failed
    assert all(outcome.detail.startswith("time limit") for outcome in failed)
    assert report.count("passed") > len(failed)


def test_a_module_that_cannot_be_imported_fails() -> None:
    plan = runner.Plan("stdlib", "loop", "listed", runner.own_suite(), 60, 60, pure=False)
    (report,) = runner.run(plan, ["test_no_such_module"], jobs=1, retries=0)
    (outcome,) = report.failed()
    assert "No module named 'test.test_asyncio.test_no_such_module'" in outcome.detail


def test_only_what_is_asked_for_runs() -> None:
    test = "test_protocols.ProtocolsAbsTests.test_buffered_protocol"
    plan = runner.Plan(
        "stdlib", "loop", "listed", runner.own_suite(), 60, 60, pure=False, only=(test,)
    )
    (report,) = runner.run(plan, ["test_protocols"], jobs=1, retries=0)
    assert list(report.outcomes) == [test]
