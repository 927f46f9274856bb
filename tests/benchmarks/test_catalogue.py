from __future__ import annotations

import pytest

from eagerloop.benchmarks.catalogue import CASES, NoSuchCase, choose


def names(*words: str) -> list[str]:
    return [case.name for case in choose(words)]


def test_without_words_the_usual_cases() -> None:
    usual = names()
    assert usual == [name for name, case in CASES.items() if case.usual]
    assert 20 < len(usual) < 60


def test_words_are_names_groups_and_patterns() -> None:
    assert names("switch") == ["switch"]
    assert "queue" in names("sync")
    assert "million_eager" not in names("tasks")  # a group is its usual cases
    assert set(names("lines/*/1k/100")) == {
        f"lines/{family}/1k/100" for family in ("tcp", "unix", "tls")
    }
    assert names("all") == list(CASES)


def test_the_order_is_the_catalogues() -> None:
    assert names("queue", "switch", "switch") == names("switch", "queue") == ["switch", "queue"]


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(NoSuchCase, match="swich"):
        names("switch", "swich")
