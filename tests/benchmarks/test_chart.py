from __future__ import annotations

import re
from xml.etree import ElementTree

from eagerloop.benchmarks.chart import LABEL, WIDTH, Group, bars, short

SVG = "{http://www.w3.org/2000/svg}"


def test_it_is_well_formed_and_the_bars_are_to_scale() -> None:
    groups = [Group("a < b", [1.0, 4.0]), Group("c", [2.0, None])]
    tree = ElementTree.fromstring(bars("Title & more", "sub", ["ours", "theirs"], groups, " x"))
    rows = [each for each in tree.iter(f"{SVG}rect") if each.get("rx") == "2"]
    widths = [float(each.get("width", "0")) for each in rows]
    assert [width / widths[1] for width in widths] == [0.25, 1.0, 0.5]
    assert max(widths) + LABEL < WIDTH
    words = [each.text for each in tree.iter(f"{SVG}text")]
    assert words[:4] == ["Title & more", "sub", "ours", "theirs"]
    assert "4.00 x" in words


def test_no_bar_without_a_figure() -> None:
    drawn = bars("", "", ["ours", "theirs"], [Group("none", [None, None])])
    assert re.findall(r'rx="2"', drawn) == []


def test_figures_have_three_digits() -> None:
    assert [short(value) for value in (0.12345, 4.5678, 78.94, 123456.0)] == [
        "0.123",
        "4.57",
        "78.9",
        "123,456",
    ]
