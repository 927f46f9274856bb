"""Bars as SVG, written by hand: no library, one file, readable on light and dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 820
LABEL = 230  # the column of names
BAR = 13
GAP = 3
GROUP_GAP = 14
TOP = 78
# One colour for each series in order; the first is ours.
COLOURS = ("#0f766e", "#64748b", "#b45309", "#7c3aed", "#be123c", "#0369a1", "#4d7c0f", "#a16207")
INK, PAPER, FAINT = "#0f172a", "#ffffff", "#cbd5e1"


@dataclass(frozen=True)
class Group:
    """One label and a bar for each series; None where that series has no figure."""

    label: str
    values: Sequence[float | None]


def bars(
    title: str, subtitle: str, series: Sequence[str], groups: Sequence[Group], unit: str = ""
) -> str:
    """A chart of horizontal bars, longest = the largest value, as the text of an SVG file."""
    largest = max((value for group in groups for value in group.values if value), default=1.0)
    height = TOP + sum(height_of(group) + GROUP_GAP for group in groups) + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" font-size="12">',
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        text(16, 26, title, size=17, bold=True),
        text(16, 45, subtitle, colour="#475569"),
    ]
    x = 16.0
    for name, colour in zip(series, COLOURS, strict=False):
        parts.append(f'<rect x="{x:.0f}" y="56" width="11" height="11" fill="{colour}"/>')
        parts.append(text(x + 16, 66, name))
        x += 34 + 7 * len(name)
    y = float(TOP)
    room = WIDTH - LABEL - 90
    for group in groups:
        parts.append(
            text(LABEL - 10, y + height_of(group) / 2 + 2, group.label, anchor="end", bold=True)
        )
        for value, colour in zip(group.values, COLOURS, strict=False):
            if value is None:
                continue
            length = max(1.0, value / largest * room)
            parts.append(
                f'<rect x="{LABEL}" y="{y:.0f}" width="{length:.1f}" height="{BAR}" rx="2" '
                f'fill="{colour}"/>'
            )
            parts.append(text(LABEL + length + 6, y + BAR - 2, f"{short(value)}{unit}"))
            y += BAR + GAP
        y += GROUP_GAP
        parts.append(
            f'<line x1="16" x2="{WIDTH - 16}" y1="{y - GROUP_GAP / 2 - 2:.0f}" '
            f'y2="{y - GROUP_GAP / 2 - 2:.0f}" stroke="{FAINT}" stroke-width="0.5"/>'
        )
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def height_of(group: Group) -> int:
    return sum(BAR + GAP for value in group.values if value is not None)


def short(value: float) -> str:
    """Three figures: 0.123, 4.56, 78.9, 123,456."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 1:
        return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return f"{value:.3g}"


def text(
    x: float,
    y: float,
    content: str,
    *,
    size: int = 12,
    bold: bool = False,
    anchor: str = "start",
    colour: str = INK,
) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}"'
        f'{weight} fill="{colour}">{escape(content)}</text>'
    )
