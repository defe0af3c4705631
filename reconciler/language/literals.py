"""Literals: what strings, heredocs and numbers of a file stand for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING

from reconciler.language.shape import TextPart

if TYPE_CHECKING:
    from decimal import Decimal


class Style(Enum):
    """How the literal text of a template is written."""

    QUOTED = "quoted"
    """With backslash sequences."""
    PLAIN = "plain"
    """As it is; a heredoc or a file."""
    FLUSH = "flush"
    """As it is, and the common indentation is taken away."""


BLANKS = (
    " \t\n\v\f\r\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""What `~` takes away and what counts as indentation."""

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|([$%])\2(?=\{)", re.DOTALL)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_DOUBLED = re.compile(r"([$%])\1(?=\{)")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def composed(text: str) -> str:
    """*text* in the normal form that all text of the language has."""
    if text.isascii():
        return text
    from unicodedata import normalize

    return normalize("NFC", text)


def decode_string(raw: str) -> str:
    """The text that a quoted string without interpolations stands for."""
    return composed(_unescape(raw[1:-1]))


def decode_heredoc(raw: str) -> str:
    """The text that a heredoc without interpolations stands for."""
    style, start, end = heredoc_body(raw)
    return decode_texts((TextPart(0),), (raw[start:end],), style)[0]


def decode_number(raw: str) -> int | Decimal:
    """The number that digits, perhaps with a fraction, stand for."""
    if raw.isdigit():
        return int(raw)
    from reconciler.language.numbers import parse_number

    number = parse_number(raw)
    assert number is not None, "only numbers are lifted as numbers"
    return number


def heredoc_body(raw: str) -> tuple[Style, int, int]:
    """How a heredoc treats indentation, and where in it its text lies."""
    style = Style.FLUSH if raw.startswith("<<-") else Style.PLAIN
    return style, raw.index("\n") + 1, raw.rindex("\n") + 1


def _unescape(text: str) -> str:
    if "\\" not in text and "{" not in text:
        return text
    return _ESCAPE.sub(_replacement, text)


def _replacement(match: re.Match[str]) -> str:
    if match[2] is not None:
        return match[2]
    escape = match[1]
    return chr(int(escape[1:], 16)) if len(escape) > 1 else _SIMPLE.get(escape, escape)


def decode_texts(layout: Sequence[TextPart], raw: Sequence[str], style: Style) -> dict[int, str]:
    """The literal texts of a template by slot: unescaped, stripped where a `~` says so."""
    if style is Style.QUOTED:
        return {part.slot: _quoted_text(part, raw) for part in layout if part.slot >= 0}
    lines = [_lines(part, raw) for part in layout]
    if style is Style.FLUSH:
        _flush(lines)
    return {
        part.slot: composed(_DOUBLED.sub(r"\1", "".join(found or ())))
        for part, found in zip(layout, lines, strict=True)
        if part.slot >= 0
    }


def _quoted_text(part: TextPart, raw: Sequence[str]) -> str:
    text = _unescape(raw[part.slot])
    if part.strip_left:
        text = text.lstrip(BLANKS)
    if part.strip_right:
        text = text.rstrip(BLANKS)
    return composed(text)


def _lines(part: TextPart, raw: Sequence[str]) -> list[str] | None:
    """The lines of a literal text; a `~` only reaches to the end of the line next to it."""
    if part.slot < 0:
        return None
    lines = _LINE.findall(raw[part.slot].replace("\r\n", "\n"))
    if part.strip_left and lines:
        lines[0] = lines[0].lstrip(BLANKS)
    if part.strip_right and lines:
        lines[-1] = lines[-1].rstrip(BLANKS)
    return lines


def _flush(parts: list[list[str] | None]) -> None:
    """Take the smallest indentation of all lines from each line; blank lines do not count.

    A line break that a `~` took away does not begin a line either.
    """
    indents: list[int] = []
    adjust: list[tuple[list[str], int]] = []
    at_line_start = True
    for lines in parts:
        if lines is None:
            if at_line_start:
                indents.append(0)
            at_line_start = False
            continue
        for index, line in enumerate(lines):
            if at_line_start and (line.strip(BLANKS) or not line.endswith("\n")):
                indents.append(len(line) - len(line.lstrip(BLANKS)))
                adjust.append((lines, index))
            at_line_start = line.endswith("\n")
    indent = min(indents, default=0)
    for lines, index in adjust:
        lines[index] = lines[index][indent:]
