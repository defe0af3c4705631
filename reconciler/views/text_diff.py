"""Text diff: two texts of many lines, as hunks with a little context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    for left, right in [*common(before, after, max_cells=MAX_CELLS), (len(before), len(after))]:
        yield from _changed(before[old:left], after[new:right])
        if left < len(before):
            yield " ", before[left]
        old, new = left + 1, right + 1


def _changed(before: Sequence[str], after: Sequence[str]) -> Iterator[Edit]:
    """A stretch without alignment; one that was too large to be aligned exactly is tried again."""
    if len(before) * len(after) > MAX_CELLS:
        yield from _aligned(before, after)
        return
    yield from (("-", each) for each in before)
    yield from (("+", each) for each in after)


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


def _aligned(before: Sequence[str], after: Sequence[str]) -> Iterator[Edit]:
    from difflib import SequenceMatcher  # only a changed text of many lines pays for it

    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            yield from ((" ", each) for each in before[start:end])
            continue
        yield from (("-", each) for each in before[start:end])
        yield from (("+", each) for each in after[new_start:new_end])


def _edit_line(edit: Edit | int, column: int, style: Style) -> str:
    if isinstance(edit, int):
        return pad(column + 6) + style.dim(f"# ({edit} unchanged lines hidden)")
    side, text = edit
    if side == " ":
        return indented(text, column + 6)
    return f"{pad(column + 4)}{style.symbol(side)} {text}"
