"""Text diff: two texts of many lines, as hunks with a little context."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from reconciler.views.list_diff import common
from reconciler.views.style import Style
from reconciler.views.value_text import heredoc, heredoc_lines, indented, pad

Side = Literal[" ", "-", "+"]
Edit = tuple[Side, str]

CONTEXT_LINES = 3
"""Unchanged lines that stay visible on either side of a change."""
MAX_CELLS = 40_000
"""Lines of one text times lines of the other, up to which they are aligned exactly."""
MAX_GAP_CELLS = 4_000
"""The same for a stretch between two lines that are known to stay."""

Pairs = list[tuple[int, int]]


def heredoc_diff(before: str, after: str, column: int, style: Style) -> list[str]:
    """Write how *before* becomes *after*, line by line, unchanged stretches hidden."""
    edits = list(line_edits(heredoc_lines(before), heredoc_lines(after)))
    comment = ""
    if all(side == " " for side, _ in edits):
        what = "added" if after.endswith("\n") else "removed"
        comment = style.dim(f" # line break at the end {what}")
    lines = [_edit_line(edit, column, style) for edit in folded(edits)]
    return heredoc(lines, column, comment=comment)


def line_edits(before: Sequence[str], after: Sequence[str]) -> Iterator[Edit]:
    """Say for every line whether it stays, goes or is new; what goes before what is new."""
    old = new = 0
    for left, right in [*_kept(before, after), (len(before), len(after))]:
        yield from (("-", each) for each in before[old:left])
        yield from (("+", each) for each in after[new:right])
        if left < len(before):
            yield " ", before[left]
        old, new = left + 1, right + 1


def folded(edits: Sequence[Edit]) -> Iterator[Edit | int]:
    """Replace unchanged lines far from any change by their number."""
    near = _near_changes(edits)
    if not near:
        yield from edits
        return
    index = 0
    while index < len(edits):
        if index in near:
            yield edits[index]
            index += 1
            continue
        start = index
        while index < len(edits) and index not in near:
            index += 1
        if index - start == 1:
            yield edits[start]
        else:
            yield index - start


def _near_changes(edits: Sequence[Edit]) -> set[int]:
    near: set[int] = set()
    for index, (side, _) in enumerate(edits):
        if side != " ":
            near.update(range(max(index - CONTEXT_LINES, 0), index + CONTEXT_LINES + 1))
    return near


def _kept(before: Sequence[str], after: Sequence[str]) -> Pairs:
    """Which lines stay: exactly for texts of common size, else by lines that occur only once.

    The time is bounded by a small multiple of the number of lines, whatever they are.
    """
    found = common(before, after, max_cells=MAX_CELLS)
    found = _refined(found, before, after, _unique)
    return _refined(found, before, after, lambda *gap: common(*gap, max_cells=MAX_GAP_CELLS))


def _refined(
    found: Pairs,
    before: Sequence[str],
    after: Sequence[str],
    align: Callable[[Sequence[str], Sequence[str]], Pairs],
) -> Pairs:
    refined: Pairs = []
    old = new = 0
    for left, right in [*found, (len(before), len(after))]:
        gap = align(before[old:left], after[new:right])
        refined += [(old + one, new + other) for one, other in gap]
        if left < len(before):
            refined.append((left, right))
        old, new = left + 1, right + 1
    return refined


def _unique(before: Sequence[str], after: Sequence[str]) -> Pairs:
    """The longest chain, in order on both sides, of lines that occur once on either side."""
    places = _occurring_once(after)
    ends: list[int] = []
    came_from: dict[int, int | None] = {}
    where: dict[int, int] = {}
    for line, old in _occurring_once(before).items():
        new = places.get(line)
        if new is None:
            continue
        rank = bisect_left(ends, new)
        ends[rank : rank + 1] = [new]
        came_from[new] = ends[rank - 1] if rank else None
        where[new] = old
    chain: Pairs = []
    at = ends[-1] if ends else None
    while at is not None:
        chain.append((where[at], at))
        at = came_from[at]
    return chain[::-1]


def _occurring_once(lines: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    repeated: set[str] = set()
    for index, line in enumerate(lines):
        if line in places:
            repeated.add(line)
        places[line] = index
    return {line: index for line, index in places.items() if line not in repeated}


def _edit_line(edit: Edit | int, column: int, style: Style) -> str:
    if isinstance(edit, int):
        return pad(column + 6) + style.dim(f"# ({edit} unchanged lines hidden)")
    side, text = edit
    if side == " ":
        return indented(text, column + 6)
    return f"{pad(column + 4)}{style.symbol(side)} {text}"
