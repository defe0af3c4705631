"""Chart: line charts side by side, as SVG; the same numbers always give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

WIDTH, HEIGHT, MARGIN = 360, 240, 44
COLOURS = ("#1b6ca8", "#c05621", "#2f855a", "#805ad5")


@dataclass(frozen=True)
class Line:
    """A named line through points."""

    name: str
    points: Sequence[tuple[float, float]]


def chart(*panels: tuple[str, Sequence[Line]], below: str) -> str:
    """Draw a panel for each title and its lines; *below* names the horizontal axis of all."""
    width, height = len(panels) * (WIDTH + 2 * MARGIN), HEIGHT + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for place, (title, lines) in enumerate(panels):
        left = place * (WIDTH + 2 * MARGIN) + MARGIN
        parts.append(f'<g transform="translate({left} {MARGIN})">')
        parts += _panel(title, lines, below)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _panel(title: str, lines: Sequence[Line], below: str) -> list[str]:
    points = [point for line in lines for point in line.points]
    across, up = _ticks(max(x for x, _ in points)), _ticks(max(y for _, y in points))

    def place(x: float, y: float) -> tuple[str, str]:
        return f"{WIDTH * x / across[-1]:.1f}", f"{HEIGHT - HEIGHT * y / up[-1]:.1f}"

    parts = [f'<text x="0" y="-16" font-size="13">{escape(title)}</text>']
    for tick in up:
        _, y = place(0, tick)
        parts.append(f'<line x1="0" y1="{y}" x2="{WIDTH}" y2="{y}" stroke="#e2e8f0"/>')
        parts.append(f'<text x="-6" y="{y}" dy="4" text-anchor="end">{tick:,g}</text>')
    for tick in across:
        x, _ = place(tick, 0)
        parts.append(f'<text x="{x}" y="{HEIGHT + 16}" text-anchor="middle">{tick:,.0f}</text>')
    parts.append(
        f'<text x="{WIDTH / 2:.0f}" y="{HEIGHT + 34}" text-anchor="middle">{escape(below)}</text>'
    )
    for number, line in enumerate(lines):
        parts += _line(line, COLOURS[number % len(COLOURS)], [place(*each) for each in line.points])
        y = 14 * number + 4
        parts.append(
            f'<text x="8" y="{y + 8}" fill="{COLOURS[number % len(COLOURS)]}">'
            f"{escape(line.name)}</text>"
        )
    return parts


def _line(line: Line, colour: str, places: Sequence[tuple[str, str]]) -> list[str]:
    path = " ".join(f"{x},{y}" for x, y in places)
    dots = [f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}"/>' for x, y in places]
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>', *dots]


def _ticks(most: float) -> list[float]:
    """Four to eight round numbers from zero to at least *most*."""
    rough = max(most, 1e-9) / 4
    unit = 10.0 ** floor(log10(rough))
    step = next(unit * each for each in (1, 2, 2.5, 5, 10) if unit * each >= rough)
    ticks = [0.0]
    while ticks[-1] < most:
        ticks.append(ticks[-1] + step)
    return ticks
