"""Wrapping: lines broken at the width of a terminal, counted in its cells.

Lines are broken between words. A word is broken only where a whole line cannot hold it. Only blanks
at the break are lost, and colours end with a line and go on in the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reconciler.views import cells
from reconciler.views.style import PALETTE

MIN_WIDTH = 20
"""Columns of the narrowest terminal that anything is laid out for."""

Span = tuple[int, int]

_END = "\x1b[0m"
_WORD = re.compile("[^ ]+")
_PART = re.compile("[^/.,:;=_&?-]*[/.,:;=_&?-]+|[^/.,:;=_&?-]+")
"""Where a long word is broken: behind these signs rather than anywhere."""


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

    What goes on below has the indent of the line and *hang* blanks more.
    """
    bare = PALETTE.sub("", line) if "\x1b" in line else line
    if cells.width(bare) <= width:
        return [line]
    indent = min(len(bare) - len(bare.lstrip(" ")), width // 2)
    hang = min(indent + hang, width // 2)
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
    for word in _WORD.finditer(text):
        size = cells.width(word[0])
        if size <= room:
            yield word.start(), word.end(), size
            continue
        for part in _PART.finditer(text, word.start(), word.end()):
            size = cells.width(part[0])
            if size <= room:
                yield part.start(), part.end(), size
                continue
            at = part.start()
            for each, size in cells.characters(part[0]):
                yield at, at + len(each), size
                at += len(each)


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
