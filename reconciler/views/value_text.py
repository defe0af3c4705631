"""Value text: one value in the notation of the plan, whole.

A value takes one or more lines. The first stands behind `name = `, the others are complete lines,
indented for a parent whose symbol stands in column `column`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from reconciler.language.values import Sensitive, Unknown
from reconciler.schema import Type, Value
from reconciler.views import json_value, sanitise
from reconciler.views.masks import HIDDEN, Mask, below, is_hidden
from reconciler.views.style import Style

UNKNOWN_TEXT = "(known after apply)"
STEP = 4
"""Columns of one level of nesting."""
MAX_DEPTH = 64
"""What is nested deeper is not drawn."""

_IDENTIFIER = re.compile(r"[^\W\d][\w-]*")


class Whole:
    """How to write whole values: with *symbol* in front of every part, in *style*."""

    def __init__(self, symbol: str, style: Style) -> None:
        self.symbol = symbol
        self.style = style
        self._mark = " " if symbol == " " else style.symbol(symbol)

    def value(self, value: Value, mask: Mask, type_: Type, column: int) -> list[str]:
        """Write *value* in the lines it takes."""
        if is_hidden(value, mask):
            return [HIDDEN]
        if type(value) is str:
            return self._text(value, column)
        if not isinstance(value, (dict, list, tuple)):
            return [scalar(value)]
        if column > MAX_DEPTH * STEP:
            return ["(nested too deep to be shown)"]
        if isinstance(value, dict):
            return self._mapping(value, mask, type_, column)
        return self._list(value, mask, type_, column)

    def _mapping(
        self, value: Mapping[str, Value], mask: Mask, type_: Type, column: int
    ) -> list[str]:
        if not value:
            return ["{}"]
        shown = [key for key in sorted(value) if not is_left_out(value[key], type_)]
        names = {key: key_text(key, type_) for key in shown}
        width = max(map(len, names.values()), default=0)
        lines = ["{"]
        for key in shown:
            inner = self.value(value[key], below(mask, key), child_type(type_, key), column + STEP)
            lines += self.entry(f"{names[key]:<{width}} = ", inner, column + STEP)
        return [*lines, pad(column + 2) + "}"]

    def _list(
        self, value: list[Value] | tuple[Value, ...], mask: Mask, type_: Type, column: int
    ) -> list[str]:
        if not value:
            return ["[]"]
        lines = ["["]
        for index, each in enumerate(value):
            inner = self.value(each, below(mask, index), child_type(type_, index), column + STEP)
            inner[-1] += ","
            lines += self.entry("", inner, column + STEP)
        return [*lines, pad(column + 2) + "]"]

    def entry(self, head: str, inner: list[str], column: int) -> list[str]:
        """Put the symbol and *head* before the first line of a value."""
        inner[0] = f"{' ' * column}{self._mark} {head}{inner[0]}"
        return inner

    def _text(self, text: str, column: int) -> list[str]:
        parsed = json_value.parse(text)
        if parsed is not None:
            return self.json(parsed, column)
        if "\n" in text:
            return heredoc([indented(each, column + 6) for each in heredoc_lines(text)], column)
        return [sanitise.quoted(text)]

    def json(self, parsed: Value, column: int) -> list[str]:
        """Write the value of a text that is JSON."""
        inner = self.value(parsed, False, JSON_TYPE, column + STEP)
        return [
            "jsonencode(",
            pad(column + 6) + inner[0],
            *inner[1:],
            pad(column + 2) + ")",
        ]


JSON_TYPE: Type = "json"
"""Stands for the type of what was written in JSON: keys are written like those of objects."""


def pad(column: int) -> str:
    """Blanks up to a column."""
    return " " * column


def indented(text: str, column: int) -> str:
    """*text* at a column; an empty line stays empty."""
    return pad(column) + text if text else ""


def scalar(value: Value) -> str:
    """Write a value that has no parts, on one line."""
    if type(value) is Unknown:
        return UNKNOWN_TEXT
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Sensitive():
            return HIDDEN
        case json_value.Verbatim():
            return sanitise.line(value)
        case str():
            return sanitise.quoted(value)
        case int():
            return str(value) if value.bit_length() < MAX_BITS else f"{value:#x}"
        case float():
            return _float_text(value)
        case Decimal():
            return f"{value:f}"
    return sanitise.line(str(value))


MAX_BITS = 12_000
"""Python refuses to write larger whole numbers in decimal."""


def key_text(key: object, type_: Type) -> str:
    """Write a key: quoted in a map, bare in an object if it is an identifier."""
    text = str(key)
    if not is_map(type_) and _IDENTIFIER.fullmatch(text):
        return sanitise.line(text)
    return sanitise.quoted(text)


def is_map(type_: Type) -> bool:
    """Whether the keys of a value of this type are data rather than names."""
    if isinstance(type_, (list, tuple)):
        return bool(type_[0] == "map")
    return False


def is_left_out(value: Value, type_: Type) -> bool:
    """Whether a part of an object of *type_* is only there because the type names it."""
    return value is None and isinstance(type_, (list, tuple)) and type_[0] == "object"


def child_type(type_: Type, key: str | int) -> Type:
    """The type of one part of a value of *type_*."""
    if not isinstance(type_, (list, tuple)) or len(type_) < 2:
        return type_ if type_ == JSON_TYPE else "dynamic"
    inner = type_[1]
    if isinstance(inner, Mapping):
        return inner.get(str(key), "dynamic")
    if type_[0] == "tuple" and isinstance(inner, (list, tuple)):
        return inner[key] if isinstance(key, int) and key < len(inner) else "dynamic"
    return inner


def heredoc(lines: list[str], column: int, *, comment: str = "") -> list[str]:
    """Put *lines* between the markers of a heredoc."""
    return [f"<<-EOT{comment}", *lines, pad(column + 2) + "EOT"]


def heredoc_lines(text: str) -> list[str]:
    """The lines of a text as a heredoc shows them; its final line feed is the heredoc's own."""
    return sanitise.lines(text.removesuffix("\n"))


def _float_text(value: float) -> str:
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return repr(value)
