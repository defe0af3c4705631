"""Plain: values without HCL's types and marks, as other stations, Python and JSON have them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from reconciler.language import convert as conversion
from reconciler.language import types
from reconciler.language.mistakes import ValueMistake
from reconciler.language.numbers import normal
from reconciler.language.rendering import composed
from reconciler.language.values import Sensitive, SetValue, TypedNull, Unknown

Path = tuple[str | int, ...]

type_of = types.type_of
"""The type of a value in the JSON form that state files use."""


def to_plain(value: object) -> tuple[object, tuple[Path, ...]]:
    """The value as dict, list, str, int, float, bool or None, and what in it was sensitive.

    Unknown parts stay `Unknown`. Sets become lists in their order. The paths are those of
    the sensitive parts; `()` is the whole value.
    """
    if isinstance(value, (str, bool, int)) or value is None:
        return value, ()
    sensitive: list[Path] = []
    return _plain(value, (), sensitive), tuple(sensitive)


def _plain(value: object, path: Path, sensitive: list[Path]) -> object:
    # The depth of a value is bounded by the nesting that parsing and decoding allow.
    match value:
        case str() | bool() | int() | None:
            return value
        case Sensitive():
            sensitive.append(path)
            return _plain(value.value, path, [])  # the parts go with the whole
        case dict():
            return {key: _plain(each, (*path, key), sensitive) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each, (*path, at), sensitive) for at, each in enumerate(value)]
        case TypedNull():
            return None
        case Decimal():
            return plain_number(value)
        case Mapping():
            return {key: _plain(value[key], (*path, key), sensitive) for key in value}
    return value


def plain_with_marks(value: object) -> object:
    """The value as `to_plain` makes it, except that sensitive parts stay `Sensitive`."""
    match value:
        case str() | bool() | int() | None:
            return value
        case Sensitive():
            return Sensitive(plain_with_marks(value.value))
        case Decimal():
            return plain_number(value)
        case Mapping():
            return {key: plain_with_marks(value[key]) for key in value}
        case list() | tuple():
            return [plain_with_marks(each) for each in value]
        case TypedNull():
            return None
    return value


def plain_number(value: Decimal) -> int | float:
    """The number as Python and JSON have it."""
    return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)


def from_plain(value: object) -> object:
    """The value as evaluation wants it: floats exact, text in NFC, tuples and sets as such.

    `Unknown`, `Sensitive` and mappings that compute their values on access stay as they are.
    What stands in several places is converted once and shared again.

    Raises:
        ValueMistake: the value, or something in it, is not of the language.
    """
    return _from_plain(value, {})


def _from_plain(value: object, done: dict[int, object]) -> object:
    match value:
        case None | bool():
            return value
        case Unknown() | TypedNull():
            if not types.is_type(value.type):
                raise ValueMistake(f"{value.type!r} is no type of the language")
            return value
        case int() | float() | Decimal():
            if value != value:
                raise ValueMistake("NaN is not a number of the language")
            return normal(value)
        case str():
            return _text(value)
        case Sensitive():
            inner = _from_plain(value.value, done)
            return inner if isinstance(inner, Sensitive) else Sensitive(inner)
        case dict() | list() | tuple() | set() | frozenset():
            if id(value) not in done:
                done[id(value)] = _from_container(value, done)
            return done[id(value)]
        case Mapping():
            return value
    raise ValueMistake(f"a {type(value).__name__} is not a value of the language")


def _from_container(value: Collection[object], done: dict[int, object]) -> object:
    match value:
        case dict():
            return {_name(key): _from_plain(each, done) for key, each in value.items()}
        case set() | frozenset():
            return conversion.convert([_from_plain(each, done) for each in value], _ANY_SET)
    return [_from_plain(each, done) for each in value]


_ANY_SET: types.Type = ["set", "dynamic"]


def _text(value: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueMistake("half a surrogate pair is not a character") from None
    return composed(value)


def _name(key: object) -> str:
    if isinstance(key, str):
        return _text(key)
    raise ValueMistake(f"a key must be text, not {type(key).__name__}")


def convert(value: object, type_: types.Type) -> object:
    """The value as a type in JSON form, with plain None for every null.

    Raises:
        ValueMistake: it cannot be; `text` says where and why.
    """
    from reconciler.language.settle import with_plain_nulls

    return with_plain_nulls(conversion.convert(value, type_))


def typed(value: object, type_: object) -> object:
    """The value as evaluation would have it as *type_*, nulls included.

    What does not fit its type stays as it is: it comes from a file that others may have written.
    """
    if not types.is_type(type_):
        return value
    try:
        return conversion.convert(from_plain(value), type_)
    except ValueMistake:
        return value


__all__ = [
    "Path", "SetValue", "Unknown", "convert", "from_plain", "plain_number", "to_plain", "type_of",
    "typed",
]  # fmt: skip
