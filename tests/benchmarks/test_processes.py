from __future__ import annotations

import os
import sys

import pytest

from eagerloop.benchmarks import processes


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_figures_are_the_last_line() -> None:
    command = python("import sys; print('noise'); print('{\"a\": 1}'); print('b', file=sys.stderr)")
    assert processes.figures_of(command, None) == {"a": 1}
    assert processes.output_of(command, None) == ('noise\n{"a": 1}\n', "b\n")


def test_a_failure_is_the_last_line_of_stderr() -> None:
    with pytest.raises(processes.Failed, match=r"^ValueError: too bad$"):
        processes.figures_of(python("raise ValueError('too bad')"), None)
    with pytest.raises(processes.Failed, match=r"^exit code 3$"):
        processes.figures_of(python("raise SystemExit(3)"), None)


def test_a_hanging_process_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.3)
    with pytest.raises(processes.Failed, match="no answer"):
        processes.figures_of(python("import time; time.sleep(60)"), None)


def test_children_are_pinned_and_this_process_is_not() -> None:
    before = os.sched_getaffinity(0)
    core = min(before)
    code = "import os, json; print(json.dumps({'cores': list(os.sched_getaffinity(0))}))"
    assert processes.figures_of(python(code), core) == {"cores": [core]}
    assert os.sched_getaffinity(0) == before


def test_the_load_gets_another_core_where_there_is_one() -> None:
    cores = processes.Cores.choose()
    if len(os.sched_getaffinity(0)) > 1:
        assert cores.measured != cores.load
    else:
        assert cores == processes.Cores(None, None)
