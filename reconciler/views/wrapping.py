"""Wrapping: lines broken at the width of a terminal, counted in its cells.

Lines are broken between words. A word is broken only where a whole line cannot hold it. Only blanks
at the break are lost, and colours end with a line and go on in the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from reconciler.views import cells
from reconciler.views.style import PALETTE

MIN_WIDTH = 20
"""Columns of the narrowest terminal that anything is laid out for."""

Span = tuple[int, int]

_END = "\x1b[0m"
_JOINTS = ("/.,:;=&?", "_-")
"""Where a long word is broken: behind one of the first signs, else one of the others."""


def wrap(text: str, width: int) -> str:
    """Break every line of *text* that is wider than *width*; its indent goes on below."""
    return "\n".join(part for each in text.split("\n") for part in wrapped(each, width))


def fitted(lines: Iterable[str], screen: int | None, *, hang: int = 0) -> list[str]:
    """Break *lines* to the columns of a *screen*; None is no screen and leaves them as they are."""
    if screen is None:
        return list(lines)
    return [part for each in lines for part in wrapped(each, screen, hang=hang)]


def wrapped(line: str, width: int, *, hang: int = 0) -> list[str]:
    """Break one line, which may be coloured, into lines of at most *width* cells.

    What goes on below has the indent of the line and *hang* blanks more, an item of a list two.
    """
    bare = PALETTE.sub("", line) if "\x1b" in line else line
    if cells.width(bare) <= width:
        return [line]
    indent = min(len(bare) - len(bare.lstrip(" ")), width // 2)
    hang = min(indent + hang + (2 if bare.lstrip(" ").startswith("- ") else 0), width // 2)
    spans = list(_spans(bare, width - indent, width - hang))
    if not spans:
        return [""]
    parts = [bare[start:end] for start, end in spans] if bare is line else _coloured(line, spans)
    return [" " * indent + parts[0], *(" " * hang + each for each in parts[1:])]


def _spans(text: str, first: int, room: int) -> Iterator[Span]:
    """The stretches of *text* that become lines: one of *first* cells, the others of *room*."""
    start: int | None = None
    end = used = 0
    left = first
    for at, stop, size in _pieces(text, room):
        gap = at - end
        if start is not None and used + gap + size > left:
            yield start, end
            start, left = None, room
        if start is None:
            start, used, gap = at, 0, 0
        end, used = stop, used + gap + size
    if start is not None:
        yield start, end


def _pieces(text: str, room: int) -> Iterator[tuple[int, int, int]]:
    """What may not be broken: start, end and cells of words, and of the parts of long words."""
    words, *parts = _patterns()
    rest = [(each.start(), each.end(), 0) for each in words.finditer(text)][::-1]
    while rest:
        start, end, level = rest.pop()
        size = cells.width(text[start:end])
        if size <= room:
            yield start, end, size
        elif level < len(parts):
            found = parts[level].finditer(text, start, end)
            rest += [(each.start(), each.end(), level + 1) for each in found][::-1]
        else:
            for each, size in cells.characters(text[start:end]):
                yield start, start + len(each), size
                start += len(each)


@cache
def _patterns() -> list[re.Pattern[str]]:
    """Words and their parts, compiled where something is too wide."""
    parts = (f"[^{signs}]*[{signs}]+|[^{signs}]+" for signs in _JOINTS)
    return [re.compile(each) for each in ("[^ ]+", *parts)]


def _coloured(line: str, spans: Iterable[Span]) -> list[str]:
    """Cut stretches of its bare text from a line, each with the colours it has there."""
    runs: list[tuple[int, str, str]] = []
    at = place = 0
    colour = ""
    for match in PALETTE.finditer(line):
        runs.append((at, line[place : match.start()], colour))
        at += match.start() - place
        place = match.end()
        colour = "" if match[0] == _END else colour + match[0]
    runs.append((at, line[place:], colour))
    return ["".join(_stretch(runs, start, end)) for start, end in spans]


def _stretch(runs: Iterable[tuple[int, str, str]], start: int, end: int) -> Iterator[str]:
    for at, text, colour in runs:
        piece = text[max(start - at, 0) : max(end - at, 0)]
        if piece:
            yield f"{colour}{piece}{_END}" if colour else piece
