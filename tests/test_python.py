"""An unsupported Python is told so, in one line."""

from __future__ import annotations

import sys

import pytest

from eagerloop import _python


def test_versions() -> None:
    assert _python.refusal(sys.version_info[:2]) is None
    assert _python.refusal((3, 10, 13)) == "eagerloop runs on Python 3.11 to 3.15; this is 3.10"


def test_library_and_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError, match=r"this is 3\.9"):
        _python.check((3, 9), ["app.py"])
    with pytest.raises(SystemExit) as ended:
        _python.check((3, 9), ["-m"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "Error: eagerloop runs on Python 3.11 to 3.15; this is 3.9\n"
