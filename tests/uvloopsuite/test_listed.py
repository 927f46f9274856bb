"""The list of uvloop's tests that fail: its form, and that every Python can read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.uvloopsuite import listed


@pytest.mark.parametrize("version", [(3, 11, 7), (3, 12, 1), (3, 13, 0), (3, 14, 0), (3, 15, 0)])
def test_the_list_is_well_formed(version: tuple[int, ...]) -> None:
    entries = listed.load(version=version)
    patterns = [entry.pattern for entry in entries]
    assert len(set(patterns)) == len(patterns) > 0
    assert all(entry.reason for entry in entries)


def test_the_first_entry_that_speaks_of_a_test_counts() -> None:
    entries = listed.load()
    found = listed.find("test_fs_event", entries)
    assert found is not None
    assert found.kind == "own"
    assert listed.find("test_tcp.Test_UV_TCP.test_create_server_1", entries) is None


@pytest.mark.parametrize(
    ("kind", "complaint"), [("flaky", "unknown kind 'flaky'"), ("asyncio", "but no see")]
)
def test_no_other_reason_counts(tmp_path: Path, kind: str, complaint: str) -> None:
    path = tmp_path / "listed.toml"
    path.write_text(f'[[listed]]\nkind = "{kind}"\nreason = "so"\ntests = ["test_tcp.*"]\n')
    with pytest.raises(ValueError, match=complaint):
        listed.load(path)
