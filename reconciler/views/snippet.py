"""Snippet: the source line a diagnostic is about, with its place marked."""

from __future__ import annotations

from reconciler.diagnostics import Diagnostic, SourceRange, graphemes
from reconciler.views import cells, sanitise
from reconciler.views.style import Style

TAB = "    "
CUT = "…"
"""Stands where a line goes on that is too long to be shown whole."""

Parts = tuple[str, str, str]
"""What stands before the place, the place, and what stands behind it."""


def snippet_lines(found: Diagnostic, style: Style, width: int | None = None) -> list[str]:
    """Write the lines of *found*, numbered, the place underlined or marked by carets below.

    Of a line wider than *width* only what is around the place is shown.
    """
    if found.subject is None:
        return []
    subject = found.subject
    digits = max(2, len(str(subject.start.line + len(found.lines) - 1)))
    lines: list[str] = []
    for number, text in enumerate(found.lines, subject.start.line):
        gutter = f"  {number:>{digits}}: "
        parts = _parts(text, number, subject, found.cut)
        if width is not None:
            parts = _around(parts, width - len(gutter))
        before, marked, after = parts
        lines.append(f"{gutter}{before}{style.underline(marked) if marked else ''}{after}")
        if not style.enabled and marked and len(found.lines) == 1:
            blanks = " " * (len(gutter) + cells.width(before))
            lines.append(blanks + "^" * max(cells.width(marked), 1))
    return lines


def highlight(found: Diagnostic) -> tuple[int, int]:
    """Offsets of the place in the joined lines, in bytes of UTF-8."""
    subject = found.subject
    assert subject is not None, "only a diagnostic with a place has a snippet"
    code = "\n".join(found.lines).encode("utf-8", "surrogatepass")
    first = found.lines[0] if found.lines else ""
    head = "".join(graphemes(first)[: subject.start.column - 1 - found.cut])
    start = min(len(head.encode("utf-8", "surrogatepass")), len(code))
    return start, min(start + subject.end.byte - subject.start.byte, len(code))


def _parts(text: str, number: int, subject: SourceRange, cut: int) -> Parts:
    characters = graphemes(text)
    is_first = number == subject.start.line
    cut = cut if is_first else 0
    start = subject.start.column - 1 - cut if is_first else _indent(text)
    end = subject.end.column - 1 - cut if number == subject.end.line else len(characters)
    if start >= len(characters) and is_first:
        return f"{CUT if cut else ''}{_shown(text)}", " ", ""
    pieces = (
        characters[:start],
        characters[start : max(end, start + 1)],
        characters[max(end, start + 1) :],
    )
    before, marked, after = (_shown("".join(each)) for each in pieces)
    return f"{CUT if cut else ''}{before}", marked, after


def _shown(text: str) -> str:
    return sanitise.line(text.replace("\t", TAB))


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _around(parts: Parts, room: int) -> Parts:
    """Cut a line to *room* cells: behind the place, then before it, and last the place itself."""
    before, marked, after = parts
    left, place, right = cells.width(before), max(cells.width(marked), 1), cells.width(after)
    if left + place + right <= room:
        return parts
    if left + place + 1 > room:
        spare = room - place
        before = _last(before, spare - min(right, spare // 2) if spare > 1 else room // 4)
    rest = room - cells.width(before)
    if place + min(right, 1) > rest:
        return before, cells.beginning(marked, rest - 1), CUT
    return before, marked, _first(after, rest - place)


def _first(text: str, room: int) -> str:
    return text if cells.width(text) <= room else cells.beginning(text, room - 1) + CUT


def _last(text: str, room: int) -> str:
    return text if cells.width(text) <= room else CUT + cells.ending(text, room - 1)
