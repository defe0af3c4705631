"""Render: JSON text byte for byte as Terraform writes it into a state file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from json.encoder import encode_basestring as quote

from reconciler.schema import Value

STEP = "  "
"""One level of indentation."""

DIRECT_LEVELS = 6
"""How many levels are written by plain calls; what lies deeper goes through a queue."""


def render(value: Value, *, indent: str | None = "", keep_order: bool = False) -> str:
    """Write *value* with two spaces per level behind *indent*; None writes it without spaces.

    Keys are sorted by code point, which is how Terraform writes maps and objects; *keep_order*
    leaves them as they stand.

    Raises:
        ValueError: a number in it is infinite or not a number.
    """
    return _write(value, indent, keep_order, DIRECT_LEVELS)


def escape_html(text: str) -> str:
    """Escape what Go's JSON writer escapes besides quotes; outside strings these never stand."""
    for character, escaped in _HTML:
        text = text.replace(character, escaped)
    return text


def to_bytes(text: str) -> bytes:
    """Encode as UTF-8; half a surrogate pair becomes U+FFFD, since no reader would take it."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode("utf-8")


def _write(value: Value, indent: str | None, keep_order: bool, levels: int) -> str:
    if (write_scalar := _SCALARS.get(type(value))) is not None:
        return write_scalar(value)
    if not isinstance(value, (dict, list, tuple, Mapping)):
        return _other_scalar(value)
    if not levels:
        return _write_deep(value, indent, keep_order)
    inner = None if indent is None else indent + STEP
    pieces = []
    for lead, each in _pairs(value, inner, keep_order):
        if (write_scalar := _SCALARS.get(type(each))) is not None:
            pieces.append(lead + write_scalar(each))
        else:
            pieces.append(lead + _write(each, inner, keep_order, levels - 1))
    return _enclose(value, pieces, indent)


def _pairs(value: Value, inner: str | None, keep_order: bool) -> list[tuple[str, Value]]:
    """The elements of a container, each with what stands before it on its line."""
    if isinstance(value, (list, tuple)):
        return [("", each) for each in value]
    assert isinstance(value, Mapping)
    colon = ":" if inner is None else ": "
    keys = value if keep_order else sorted(value)
    return [(quote(key) + colon, value[key]) for key in keys]


def _enclose(value: Value, pieces: list[str], indent: str | None) -> str:
    opening, closing = "[]" if isinstance(value, (list, tuple)) else "{}"
    if not pieces:
        return opening + closing
    if indent is None:
        return f"{opening}{','.join(pieces)}{closing}"
    inner = indent + STEP
    separator = f",\n{inner}"
    return f"{opening}\n{inner}{separator.join(pieces)}\n{indent}{closing}"


class _Level:
    """A container being written: what is left of it, and the pieces written so far."""

    __slots__ = ("indent", "inner", "lead", "pieces", "rest", "value")

    def __init__(self, value: Value, indent: str | None, keep_order: bool, lead: str) -> None:
        self.value = value
        self.indent = indent
        self.inner = None if indent is None else indent + STEP
        self.rest: Iterator[tuple[str, Value]] = iter(_pairs(value, self.inner, keep_order))
        self.pieces: list[str] = []
        self.lead = lead


def _write_deep(value: Value, indent: str | None, keep_order: bool) -> str:
    levels = [_Level(value, indent, keep_order, "")]
    while True:
        level = levels[-1]
        for lead, each in level.rest:
            if isinstance(each, (Mapping, list, tuple)):
                levels.append(_Level(each, level.inner, keep_order, lead))
                break
            level.pieces.append(lead + _write(each, None, keep_order, 0))
        else:
            levels.pop()
            text = _enclose(level.value, level.pieces, level.indent)
            if not levels:
                return text
            levels[-1].pieces.append(level.lead + text)


def _other_scalar(value: Value) -> str:
    if isinstance(value, str):
        return quote(value)
    return _fraction(value)


def _fraction(value: Value) -> str:
    from decimal import Decimal

    if not isinstance(value, (float, Decimal)):
        raise TypeError(f"a {type(value).__name__} cannot be kept in a state file")
    number = Decimal(repr(value)) if isinstance(value, float) else value
    if not number.is_finite():
        raise ValueError("an infinite number cannot be kept in a state file")
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_SCALARS: Mapping[type, Callable[..., str]] = {
    str: quote,
    int: int.__repr__,
    bool: lambda value: "true" if value else "false",
    type(None): lambda value: "null",
}

_HTML = (
    ("<", "\\u003c"),
    (">", "\\u003e"),
    ("&", "\\u0026"),
    ("\u2028", "\\u2028"),
    ("\u2029", "\\u2029"),
)
_SURROGATE = re.compile("[\ud800-\udfff]")
