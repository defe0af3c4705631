"""Snippet: the source line a diagnostic is about, with its place marked."""

from __future__ import annotations

import unicodedata

from reconciler.diagnostics import Diagnostic, SourceRange, graphemes
from reconciler.views import sanitise
from reconciler.views.style import Style

TAB = "    "


def snippet_lines(found: Diagnostic, style: Style) -> list[str]:
    """Write the lines of *found*, numbered, the place underlined or marked by carets below."""
    if found.subject is None:
        return []
    subject = found.subject
    width = max(2, len(str(subject.start.line + len(found.lines) - 1)))
    lines: list[str] = []
    for number, text in enumerate(found.lines, subject.start.line):
        gutter = f"  {number:>{width}}: "
        before, marked, after = _parts(text, number, subject, found.cut)
        lines.append(f"{gutter}{before}{style.underline(marked) if marked else ''}{after}")
        if not style.enabled and marked and len(found.lines) == 1:
            lines.append(" " * (len(gutter) + _columns(before)) + "^" * max(_columns(marked), 1))
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


def _parts(text: str, number: int, subject: SourceRange, cut: int) -> tuple[str, str, str]:
    characters = graphemes(text)
    is_first = number == subject.start.line
    cut = cut if is_first else 0
    start = subject.start.column - 1 - cut if is_first else _indent(text)
    end = subject.end.column - 1 - cut if number == subject.end.line else len(characters)
    if start >= len(characters) and is_first:
        return _shown(text), " ", ""
    pieces = (
        characters[:start],
        characters[start : max(end, start + 1)],
        characters[max(end, start + 1) :],
    )
    before, marked, after = ("".join(each) for each in pieces)
    return _shown(before), _shown(marked), _shown(after)


def _shown(text: str) -> str:
    return sanitise.line(text.replace("\t", TAB))


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _columns(text: str) -> int:
    """How many columns a terminal gives to *text*."""
    if text.isascii():
        return len(text)
    return sum(_width(each) for each in text)


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
