"""Growth: what twice as many messages cost, as a table and as the picture in docs/."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.chart import Line, chart
from benchmarks.engine import TURNS, Cost, costs
from benchmarks.measure import table

SIZES = (1_000, 2_000, 4_000, 8_000, 16_000)
"""Messages, ten in a thread."""

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "growth.svg"


def main() -> None:
    """Print the table and write the picture."""
    found = []
    for size in SIZES:
        print(f"{size:,} messages ...", file=sys.stderr)
        found += costs(size // TURNS)
    head = ("messages", "command", "wall s", "CPU s", "CPU ms a message", "peak MiB", "calls")
    table("Growth", head, [_row(each) for each in found])
    PICTURE.write_text(picture(found), encoding="utf-8")
    print(f"\nwritten: {PICTURE.relative_to(PICTURE.parents[2])}")


def _row(cost: Cost) -> tuple[str, ...]:
    figures = cost.figures
    return (
        f"{cost.messages:,}",
        cost.command,
        f"{figures.wall_s:.2f}",
        f"{figures.cpu_s:.2f}",
        f"{1000 * figures.cpu_s / cost.messages:.2f}",
        f"{figures.peak_mib:.0f}",
        f"{cost.calls:,}",
    )


def picture(found: list[Cost]) -> str:
    """CPU seconds and memory over messages, a line for each command."""
    commands = dict.fromkeys(each.command for each in found)

    def lines(of: str) -> list[Line]:
        return [
            Line(name, [(c.messages, getattr(c.figures, of)) for c in found if c.command == name])
            for name in commands
        ]

    return chart(
        ("CPU seconds", lines("cpu_s")),
        ("peak memory, MiB", lines("peak_mib")),
        below="messages, ten in a thread",
    )
