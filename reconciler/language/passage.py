"""Passage: a stretch of a file as the shape it has and what fills the shape's slots."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from itertools import accumulate
from unicodedata import normalize

from reconciler.diagnostics import Place, SourceFile
from reconciler.language.expression import Expression
from reconciler.language.numbers import parse_number
from reconciler.language.scan import DOTNAME, HEREDOC, NUMBER, STRING, TEXT
from reconciler.language.shape import Shape, TextPart


class Style(Enum):
    """How the literal text of a passage is written."""

    QUOTED = "quoted"
    """With backslash sequences."""
    PLAIN = "plain"
    """As it is; a heredoc."""
    FLUSH = "flush"
    """As it is, and the common indentation is taken away."""


SlotValue = str | int | Decimal | Expression


class Passage:
    """A stretch of a file that has a shape."""

    __slots__ = ("_shifts", "_slots", "nested", "raw", "shape", "source", "start", "style")

    def __init__(
        self,
        source: SourceFile,
        start: int,
        shape: Shape,
        raw: list[str],
        style: Style = Style.QUOTED,
    ) -> None:
        self.source = source
        self.start = start
        self.shape = shape
        self.raw = raw
        """What stands in the file where the shape has its marks."""
        self.style = style
        self.nested: dict[int, Passage] | None = None
        """The templates with interpolations, by slot."""
        self._slots: tuple[SlotValue, ...] | None = None
        self._shifts: list[int] | None = None

    @property
    def slots(self) -> tuple[SlotValue, ...]:
        """What fills the slots, decoded when first asked for."""
        if self._slots is None:
            self._slots = self._decode()
        return self._slots

    def offset(self, offset: int) -> int:
        """Where an offset of the shape lies in the file."""
        if self._shifts is None:
            self._shifts = list(accumulate((len(raw) - 1 for raw in self.raw), initial=0))
        return self.start + offset + self._shifts[bisect_left(self.shape.marks, offset)]

    def place(self, start: int, end: int) -> Place:
        """Where a stretch of the shape lies in the file."""
        return (self.source, self.offset(start), self.offset(end))

    def text_of(self, slot: int) -> str:
        """The text of a string slot that is a constant."""
        return decode_string(self.raw[slot])

    def nested_expression(self, slot: int) -> Expression | None:
        """The template with interpolations that fills a slot, if one does."""
        inner = self.nested.get(slot) if self.nested else None
        if inner is None or inner.shape.formula is None:
            return None
        return Expression(inner, inner.shape.formula)

    def _decode(self) -> tuple[SlotValue, ...]:
        skeleton, marks, nested = self.shape.skeleton, self.shape.marks, self.nested or {}
        values: list[SlotValue] = []
        for slot, raw in enumerate(self.raw):
            mark = skeleton[marks[slot]]
            template = self.nested_expression(slot) if slot in nested else None
            if template is not None:
                values.append(template)
            else:
                values.append(_DECODERS[mark](raw))
        if self.shape.layout:
            for slot, text in decode_texts(self.shape.layout, self.raw, self.style).items():
                values[slot] = text
        return tuple(values)


def _number(raw: str) -> int | Decimal:
    if raw.isdigit():
        return int(raw)
    number = parse_number(raw)
    assert number is not None
    return number


def decode_string(raw: str) -> str:
    """The text that a quoted string without interpolations stands for."""
    return composed(_unescape(raw[1:-1]))


def decode_heredoc(raw: str) -> str:
    """The text that a heredoc without interpolations stands for."""
    style, start, end = heredoc_body(raw)
    text = raw[start:end]
    if not text:
        return ""
    layout = (TextPart(0),)
    return decode_texts(layout, [text], style)[0]


def heredoc_body(raw: str) -> tuple[Style, int, int]:
    """How a heredoc treats indentation, and where in it its text lies."""
    style = Style.FLUSH if raw.startswith("<<-") else Style.PLAIN
    return style, raw.index("\n") + 1, raw.rindex("\n") + 1


def composed(text: str) -> str:
    """*text* in the normal form that all text of the language has."""
    return text if text.isascii() else normalize("NFC", text)


_DECODERS = {
    STRING: decode_string,
    HEREDOC: decode_heredoc,
    NUMBER: _number,
    DOTNAME: lambda raw: raw[1:],
    TEXT: lambda raw: raw,
}
_DECODERS["\x03"] = lambda raw: ""

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|([$%])\2(?=\{)", re.DOTALL)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def _unescape(text: str) -> str:
    if "\\" not in text and "{" not in text:
        return text
    return _ESCAPE.sub(_replacement, text)


def _replacement(match: re.Match[str]) -> str:
    if match[2] is not None:
        return match[2]
    escape = match[1]
    return chr(int(escape[1:], 16)) if escape[0] in "uU" else _SIMPLE.get(escape, escape)


_DOUBLED = re.compile(r"([$%])\1(?=\{)")

BLANKS = " \t\n\v\f\r\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"  # noqa: E501  # one set, unbroken
"""What `~` takes away and what counts as indentation."""


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


_LINE = re.compile(r"[^\n]*\n|[^\n]+")


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
