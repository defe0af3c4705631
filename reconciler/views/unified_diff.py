"""Unified diff: two texts of a file as hunks in the form that `diff -u` has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from reconciler.views import sanitise
from reconciler.views.style import Style
from reconciler.views.text_diff import CONTEXT_LINES, Edit, line_edits

_NO_LINE_END = "\\ No newline at end of file"


def unified_diff(name: str, before: str, after: str, style: Style) -> Iterator[str]:
    """Write how *before* becomes *after*, with three unchanged lines around each change."""
    old, new = _lines(before), _lines(after)
    shown = sanitise.line(name)
    yield style.bold(f"--- old/{shown}")
    yield style.bold(f"+++ new/{shown}")
    edits = list(line_edits(old, new))
    old_line, new_line = (_numbers(edits, side) for side in ("+", "-"))
    for start, end in _hunks(edits):
        old_range, new_range = (_range(each, start, end) for each in (old_line, new_line))
        yield style.cyan(f"@@ -{old_range} +{new_range} @@")
        for side, text in edits[start:end]:
            yield from _edit_lines(side, text, style)


def _lines(text: str) -> list[str]:
    """The lines with their ends, since having one or not is a difference."""
    lines = text.split("\n")
    last = lines.pop()
    return [f"{each}\n" for each in lines] + ([last] if last else [])


def _hunks(edits: Sequence[Edit]) -> Iterator[tuple[int, int]]:
    """Stretches of edits with a change in them, far from each other."""
    changed = [index for index, (side, _) in enumerate(edits) if side != " "]
    start: int | None = None
    for at, index in enumerate(changed):
        if start is None:
            start = max(index - CONTEXT_LINES, 0)
        if at + 1 == len(changed) or changed[at + 1] - index > 2 * CONTEXT_LINES + 1:
            yield start, min(index + CONTEXT_LINES + 1, len(edits))
            start = None


def _numbers(edits: Sequence[Edit], without: str) -> Sequence[int]:
    """How many lines of one text stand before each edit, and how many there are."""
    return list(accumulate((side != without for side, _ in edits), initial=0))


def _range(numbers: Sequence[int], start: int, end: int) -> str:
    count = numbers[end] - numbers[start]
    first = numbers[start] + (1 if count else 0)
    return str(first) if count == 1 else f"{first},{count}"


def _edit_lines(side: str, text: str, style: Style) -> Iterator[str]:
    line = side + sanitise.line(text.removesuffix("\n").removesuffix("\r"))
    yield {"-": style.red, "+": style.green}.get(side, str)(line)
    if not text.endswith("\n"):
        yield _NO_LINE_END
