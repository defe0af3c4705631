"""JSON text: a value as JSON, written the way HCL writes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from json.encoder import encode_basestring

from reconciler.language.frame import MAX_TEXT
from reconciler.language.functions.function import refuse
from reconciler.language.numbers import format_number, normal
from reconciler.language.values import is_null

_ESCAPED = re.compile("[<>&\u2028\u2029]")


def json_string(text: str) -> str:
    """A text in quotes. `<`, `>` and `&` are escaped so that it can stand in HTML."""
    quoted = encode_basestring(text)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def json_text(value: object) -> str:
    """The value as JSON: keys sorted, no white space."""
    pieces: list[str] = []
    length = 0
    stack: list[object] = [value]
    while stack:
        piece = _next_piece(stack)
        if piece:
            pieces.append(piece)
            length += len(piece)
            if length > MAX_TEXT:
                raise refuse(f"the text would have more than {MAX_TEXT // 1024 // 1024} MiB")
    return "".join(pieces)


class _Text(str):
    """A piece that is JSON already."""

    __slots__ = ()


def _next_piece(stack: list[object]) -> str:
    """Take one thing off the stack; what it contains goes on the stack in its place."""
    each = stack.pop()
    if isinstance(each, _Text):
        return each
    if isinstance(each, str):
        return json_string(each)
    if is_null(each):
        return "null"
    if isinstance(each, bool):
        return "true" if each else "false"
    if isinstance(each, (int, Decimal, float)):
        return _number_text(normal(each))
    if isinstance(each, Mapping):
        _push_object(stack, each)
        return "{"
    assert isinstance(each, (list, tuple)), "a known value is a scalar or a collection"
    stack.append(_Text("]"))
    for position in range(len(each) - 1, -1, -1):
        stack.append(each[position])
        if position:
            stack.append(_Text(","))
    return "["


def _push_object(stack: list[object], value: Mapping[str, object]) -> None:
    stack.append(_Text("}"))
    names = sorted(value)
    for position in range(len(names) - 1, -1, -1):
        stack.append(value[names[position]])
        stack.append(_Text(f"{',' if position else ''}{json_string(names[position])}:"))


def _number_text(value: int | Decimal) -> str:
    if not isinstance(value, int) and not value.is_finite():
        raise refuse("infinity cannot be written as JSON")
    return format_number(value)
