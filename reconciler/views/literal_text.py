"""Literal text: a value as it could stand in a spec, for outputs and the console.

Collections and nulls whose type their values do not show say it, as Terraform's console does:
`tolist([...])`, `tonumber(null)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from reconciler.language.numbers import format_number
from reconciler.language.types import Type, attribute_types, element_type, item_types, kind
from reconciler.language.values import (
    MAX_DEPTH,
    Sensitive,
    SetValue,
    TypedList,
    TypedMap,
    TypedNull,
)
from reconciler.schema import Value
from reconciler.views import sanitise
from reconciler.views.masks import HIDDEN
from reconciler.views.value_text import scalar

_INDENT = "  "
_TYPE_INDENT = "    "


def literal_lines(value: Value, *, depth: int = 0) -> list[str]:
    """Write *value* over as many lines as it needs; the first carries no indent."""
    if depth > MAX_DEPTH:
        return ["(nested too deep to be shown)"]
    match value:
        case Sensitive():
            return [HIDDEN]
        case TypedNull():
            return [null_text(value.type)]
        case TypedMap():
            return _called("tomap", _mapping(value, depth))
        case Mapping():
            return _mapping(value, depth)
        case SetValue():
            return _called("toset", _list(value, depth))
        case TypedList():
            return _called("tolist", _list(value, depth))
        case list() | tuple():
            return _list(value, depth)
        case str() if "\n" in value:
            return _heredoc(value, depth)
        case Decimal():
            return [format_number(value)]
    return [scalar(value)]


def null_text(type_: Type) -> str:
    """Write a null so that its type shows."""
    word = kind(type_)
    match word:
        case "string" | "number" | "bool":
            return f"to{word}(null)"
        case "list" | "set" | "map":
            return f"to{word}(null) /* of {kind(element_type(type_))} */"
        case "object" | "tuple":
            return f"null /* {word} */"
    return "null"


def type_lines(type_: Type, *, depth: int = 0) -> list[str]:
    """Write a type over as many lines as it needs; the first carries no indent."""
    word = kind(type_)
    match word:
        case "list" | "set" | "map":
            element = element_type(type_)
            if kind(element) in ("object", "tuple"):
                inner = type_lines(element, depth=depth + 1)
                return _braced(f"{word}(", [inner], ")", depth)
            return _called(word, type_lines(element, depth=depth))
        case "tuple":
            parts = [type_lines(each, depth=depth + 1) for each in item_types(type_)]
            return _braced("tuple([", parts, "])", depth)
        case "object":
            of = attribute_types(type_)
            parts = [_attribute(name, of[name], depth + 1) for name in sorted(of)]
            return _braced("object({", parts, "})", depth)
    return [word]


def _mapping(value: Mapping[str, Value], depth: int) -> list[str]:
    if not value:
        return ["{}"]
    lines = ["{"]
    for key in sorted(value):
        inner = literal_lines(value[key], depth=depth + 1)
        head = f"{_INDENT * (depth + 1)}{sanitise.quoted(str(key))} = {inner[0]}"
        lines += [head, *inner[1:]]
    return [*lines, _INDENT * depth + "}"]


def _list(value: Sequence[Value], depth: int) -> list[str]:
    if not value:
        return ["[]"]
    lines = ["["]
    for each in value:
        inner = literal_lines(each, depth=depth + 1)
        inner[-1] += ","
        lines += [f"{_INDENT * (depth + 1)}{inner[0]}", *inner[1:]]
    return [*lines, _INDENT * depth + "]"]


def _heredoc(text: str, depth: int) -> list[str]:
    """A text of several lines. Between the markers stands the text itself: where its last line
    ends with a line feed, an empty line shows it."""
    indent = _INDENT * depth
    lines = [indent + each for each in sanitise.lines(text)]
    return ["<<-EOT" if depth else "<<EOT", *lines, f"{indent}EOT"]


def _called(name: str, lines: list[str]) -> list[str]:
    lines[0] = f"{name}({lines[0]}"
    lines[-1] += ")"
    return lines


def _attribute(name: str, type_: Type, depth: int) -> list[str]:
    lines = type_lines(type_, depth=depth)
    lines[0] = f"{sanitise.line(name)}: {lines[0]}"
    return lines


def _braced(opening: str, parts: list[list[str]], closing: str, depth: int) -> list[str]:
    if not parts:
        return [opening + closing]
    lines = [opening]
    for part in parts:
        part[-1] += ","
        lines += [f"{_TYPE_INDENT * (depth + 1)}{part[0]}", *part[1:]]
    return [*lines, _TYPE_INDENT * depth + closing]
