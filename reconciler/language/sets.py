"""Sets: which elements are the same, and in which order a set hands them out."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from decimal import Decimal

from reconciler.language.marks import mark, unmark_deep
from reconciler.language.numbers import format_number
from reconciler.language.types import Type
from reconciler.language.values import (
    SetValue,
    Unknown,
    contains_unknown,
    is_null,
)


def make_set(items: Iterable[object], element: Type) -> object:
    """A set of *items*, which are of type *element*; sensitive if any of them is."""
    is_sensitive = False
    known: dict[Hashable, object] = {}
    unknown: list[object] = []
    for each in items:
        plain, was_marked = unmark_deep(each)
        is_sensitive |= was_marked
        if contains_unknown(plain):
            unknown.append(plain)
        else:
            known.setdefault(identity(plain), plain)
    ordered = sorted(known.values(), key=order_key)
    return mark(SetValue([*ordered, *unknown], element), is_sensitive)


def identity(value: object) -> Hashable:
    """A key that two known values of one type share exactly when they are equal."""
    if isinstance(value, (str, Decimal)) or type(value) is int:
        return value
    if isinstance(value, bool):
        return ("bool", value)
    if is_null(value):
        return None
    if isinstance(value, dict):
        return tuple((name, identity(value[name])) for name in sorted(value))
    assert isinstance(value, (list, tuple)), "a known value is a scalar or a collection"
    return ("list", *(identity(each) for each in value))


def order_key(value: object) -> tuple[int, object]:
    """Sorts elements of one type: scalars by value, others by their spelling, null last."""
    if is_null(value):
        return (1, "")
    if isinstance(value, (dict, list, tuple)):
        return (0, spelling(value))
    return (0, value)


def spelling(value: object) -> str:
    """A text that orders collections the way HCL's sets do: element after element."""
    match value:
        case str():
            return f'"{value}"'
        case bool():
            return "T" if value else "F"
        case int() | Decimal():
            return format_number(value)
        case dict():
            return "<" + "".join(f"{spelling(value[name])};" for name in sorted(value)) + ">"
        case list() | tuple():
            return "[" + "".join(f"{spelling(each)};" for each in value) + "]"
        case Unknown():
            return "?"
    return "~"
