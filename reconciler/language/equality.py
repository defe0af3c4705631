"""Equality: `==` as HCL has it, which never converts and may not know the answer."""

from __future__ import annotations

from decimal import Decimal

from reconciler.language.numbers import Number
from reconciler.language.sets import identity
from reconciler.language.types import (
    Type,
    attribute_types,
    element_type,
    has_dynamic,
    item_types,
    kind,
    type_of,
)
from reconciler.language.values import (
    SetValue,
    Unknown,
    contains_unknown,
    is_null,
)

UNKNOWN_BOOL = Unknown("bool")
"""A truth value that is not known yet."""


def equals(left: object, right: object) -> bool | Unknown:
    """Whether two unmarked values are equal. Values of different types never are."""
    if type(left) is str and type(right) is str:
        return left == right
    if is_null(left) or is_null(right):
        return _equals_null(left, right)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return _equals_unknown(left, right)
    left_type, right_type = type_of(left), type_of(right)
    if left_type != right_type:
        if _is_undecided(left, left_type) or _is_undecided(right, right_type):
            return UNKNOWN_BOOL if may_be_same(left_type, right_type) else False
        return False
    return _same_type_equals(left, right)


def _is_undecided(value: object, of: object) -> bool:
    return has_dynamic(of) and contains_unknown(value)


def may_be_same(left: Type, right: Type) -> bool:
    """Whether two types can turn out to be one when what is not known of them is."""
    return _conforms(left, right) or _conforms(right, left)


def _conforms(given: Type, wanted: Type) -> bool:
    """Whether a type is *wanted*, in which what is dynamic stands for any type."""
    if wanted == "dynamic":
        return True
    word = kind(wanted)
    if kind(given) != word:
        return False
    match word:
        case "list" | "set" | "map":
            return _conforms(element_type(given), element_type(wanted))
        case "tuple":
            items = item_types(given), item_types(wanted)
            return len(items[0]) == len(items[1]) and all(map(_conforms, *items))
        case "object":
            mine, other = attribute_types(given), attribute_types(wanted)
            return mine.keys() == other.keys() and all(
                _conforms(mine[name], other[name]) for name in mine
            )
    return True


def _equals_null(left: object, right: object) -> bool | Unknown:
    if is_null(left) and is_null(right):
        return True
    other = right if is_null(left) else left
    if isinstance(other, Unknown) and not is_definitely_not_null(other):
        return UNKNOWN_BOOL
    return False


def is_definitely_not_null(value: object) -> bool:
    """Whether the value is known not to be null; of an unknown of unknown type it never is."""
    if isinstance(value, Unknown):
        return value.not_null and value.type != "dynamic"
    return not is_null(value)


def _equals_unknown(left: object, right: object) -> bool | Unknown:
    if isinstance(left, Unknown) and isinstance(right, Unknown):
        return UNKNOWN_BOOL
    unknown, known = (left, right) if isinstance(left, Unknown) else (right, left)
    assert isinstance(unknown, Unknown), "one of the two is unknown"
    known_type = type_of(known)
    if not _conforms(known_type, unknown.type) or excludes(unknown, known):
        return False
    return UNKNOWN_BOOL


def excludes(unknown: Unknown, known: object) -> bool:
    """Whether what is known of an unknown value rules *known* out."""
    if isinstance(known, str):
        return not known.startswith(unknown.prefix)
    size: Number | None = None
    if isinstance(known, (int, Decimal)) and not isinstance(known, bool):
        size = known
    elif isinstance(known, (list, dict)) and not contains_unknown(known):
        size = len(known)
    if size is None:
        return False
    return (unknown.lower is not None and size < unknown.lower) or (
        unknown.upper is not None and size > unknown.upper
    )


def _same_type_equals(left: object, right: object) -> bool | Unknown:
    if isinstance(left, SetValue) and isinstance(right, SetValue):
        return _sets_equal(left, right)
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return _lists_equal(left, right)
    if isinstance(left, dict) and isinstance(right, dict):
        return _objects_equal(left, right)
    return left == right


def _sets_equal(left: SetValue, right: SetValue) -> bool | Unknown:
    if contains_unknown(left) or contains_unknown(right):
        return UNKNOWN_BOOL
    return {identity(each) for each in left} == {identity(each) for each in right}


def _lists_equal(
    left: list[object] | tuple[object, ...], right: list[object] | tuple[object, ...]
) -> bool | Unknown:
    if len(left) != len(right):
        return False
    for mine, other in zip(left, right, strict=True):
        answer = equals(mine, other)
        if answer is not True:
            return answer
    return True


def _objects_equal(left: dict[str, object], right: dict[str, object]) -> bool | Unknown:
    if left.keys() != right.keys():
        return False
    for name in sorted(left):
        answer = equals(left[name], right[name])
        if answer is not True:
            return answer
    return True
