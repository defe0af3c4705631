"""Cells: how many columns of a terminal a text takes.

A character is what a person sees as one: a letter with its accents, a flag, an emoji with its skin
tone. Wide East Asian characters and emoji take two cells, what only combines takes none.
"""

from __future__ import annotations

import re
from functools import lru_cache

_PLAIN = re.compile(
    "["
    "\x20-\x7e\xa0-\xac\xae-\u02ff"  # Latin
    "\u0370-\u0482\u048a-\u052f"  # Greek and Cyrillic
    "\u2010-\u2027\u2030-\u205e"  # punctuation
    "\u2190-\u21ff\u2400-\u243f\u2500-\u257f"  # arrows, pictures of controls, our boxes
    "]*"
)
"""Text whose characters take a cell each; nothing has to be loaded to measure it."""

_WIDE = (
    r"(?!\p{Cn})[\p{EA=W}\p{EA=F}]"
    r"|(?![0-9#*])\p{Emoji}\uFE0F"  # a sign that is a letter of text if nobody asks for a picture
    r"|[0-9#*]\uFE0F\u20E3"  # a keycap
)
_COMBINING = r"[\p{Mn}\p{Me}]"


def width(text: str) -> int:
    """How many cells *text* takes. It must have been sanitised."""
    if _PLAIN.fullmatch(text):
        return len(text)
    return sum(taken for _, taken in characters(text))


def characters(text: str) -> list[tuple[str, int]]:
    """The characters of *text*, each with its cells."""
    if _PLAIN.fullmatch(text):
        return [(each, 1) for each in text]
    from reconciler.diagnostics import graphemes  # help and versions do without

    return [(each, _width(each)) for each in graphemes(text)]


def beginning(text: str, cells: int) -> str:
    """As many whole characters from the beginning of *text* as *cells* hold."""
    if len(text) <= cells and _PLAIN.fullmatch(text):
        return text
    end = used = 0
    for each, taken in characters(text):
        used += taken
        if used > cells:
            break
        end += len(each)
    return text[:end]


def ending(text: str, cells: int) -> str:
    """As many whole characters from the end of *text* as *cells* hold."""
    start, used = len(text), 0
    for each, taken in reversed(characters(text)):
        used += taken
        if used > cells:
            break
        start -= len(each)
    return text[start:]


@lru_cache(maxsize=4096)
def _width(character: str) -> int:
    """The cells of one character, however many code points it is made of."""
    import regex  # has been imported for the characters already

    if regex.search(_WIDE, character):
        return 2
    return len(character) - len(regex.findall(_COMBINING, character))
