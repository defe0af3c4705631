"""Traverse: the attributes and elements of a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from reconciler.language.convert import convert
from reconciler.language.marks import mark, unmark, unmark_deep
from reconciler.language.mistakes import ValueMistake
from reconciler.language.numbers import is_whole
from reconciler.language.types import (
    Type,
    a_type,
    attribute_types,
    element_type,
    item_types,
    kind,
    type_of,
)
from reconciler.language.values import (
    Sensitive,
    SetValue,
    TypedMap,
    Unknown,
    is_null,
)
from reconciler.suggest import did_you_mean

UNSUPPORTED = "Unsupported attribute"
INVALID_INDEX = "Invalid index"


class MissingName(ValueMistake):
    """An object that is computed on access does not have the name: a mistake in the spec itself."""


def attribute(value: object, name: str) -> object:
    """`value.name`.

    Raises:
        ValueMistake: the value has no such attribute.
        MissingName: the value is a lazy object and says so itself.
    """
    if type(value) is dict:
        if name in value:
            return value[name]
        raise ValueMistake(_no_attribute(name, value), summary=UNSUPPORTED)
    if isinstance(value, Sensitive):
        return _hidden_attribute(value, name)
    if isinstance(value, Unknown):
        return _unknown_attribute(value, name)
    if isinstance(value, dict):
        return _dict_attribute(value, name)
    if isinstance(value, Mapping):
        return _lazy_attribute(value, name)
    if is_null(value):
        raise ValueMistake(
            f'the value is null, so it has no attribute "{name}"',
            summary="Attempt to get attribute from null value",
        )
    raise ValueMistake(_not_an_object(value, name), summary=UNSUPPORTED)


HIDDEN = "the reason is not shown, because it could reveal a sensitive value"
"""What a message says instead of naming a sensitive value."""


def _hidden_attribute(value: Sensitive, name: str) -> object:
    try:
        return mark(attribute(value.value, name))
    except ValueMistake as mistake:
        message = f'the sensitive value has no attribute "{name}"'
        raise ValueMistake(message, summary=mistake.summary) from None


def _dict_attribute(value: dict[str, object], name: str) -> object:
    if name in value:
        return value[name]
    if isinstance(value, TypedMap):
        raise ValueMistake(
            f'the map has no element with the key "{name}".{did_you_mean(name, value)}',
            summary="Missing map element",
        )
    raise ValueMistake(_no_attribute(name, value), summary=UNSUPPORTED)


def _no_attribute(name: str, names: Iterable[str]) -> str:
    return f'the object has no attribute "{name}".{did_you_mean(name, names)}'


def _lazy_attribute(value: Mapping[str, object], name: str) -> object:
    try:
        return value[name]
    except LookupError as error:
        raise MissingName(lookup_text(error, name), summary=UNSUPPORTED) from error


def lookup_text(error: LookupError, name: str) -> str:
    """What a scope says about a name it does not have: its message, and a name that is close.

    The first argument of the error may be the message, the second the names there are.
    """
    message, names = f'there is no "{name}" here', tuple[str, ...]()
    match error.args:
        case (str() as text,) if text != name:
            message = text
        case (str() as text, known) if isinstance(known, Iterable):
            message, names = text, tuple(str(each) for each in known)
    hint = "" if "Did you mean" in message else did_you_mean(name, names)
    return f"{message.rstrip('.')}.{hint}" if hint else message


def _not_an_object(value: object, name: str) -> str:
    if isinstance(value, (list, tuple)) and not isinstance(value, SetValue):
        return (
            f'a list has no attribute "{name}". Write [*].{name} for that attribute of every '
            f"element, or [0].{name} for that of the first"
        )
    return f'{a_type(type_of(value))} has no attributes, so no "{name}" either'


def _unknown_attribute(value: Unknown, name: str) -> Unknown:
    origin = f"{value.origin}.{name}" if value.origin is not None else None
    match kind(value.type):
        case "dynamic":
            return Unknown("dynamic", not_null=False, origin=origin)
        case "object":
            attributes = attribute_types(value.type)
            if name not in attributes:
                raise ValueMistake(_no_attribute(name, attributes), summary=UNSUPPORTED)
            return Unknown(attributes[name], not_null=False, origin=origin)
        case "map":
            return Unknown(element_type(value.type), not_null=False, origin=origin)
    raise ValueMistake(
        f'{a_type(value.type)} has no attributes, so no "{name}" either',
        summary=UNSUPPORTED,
    )


def index(value: object, key: object) -> object:
    """`value[key]`.

    Raises:
        ValueMistake: there is no such element, or the value has none at all.
    """
    bare, is_marked = unmark(value)
    plain_key, key_marked = unmark_deep(key)
    if not (is_marked or key_marked):
        return _index(bare, plain_key)
    try:
        return mark(_index(bare, plain_key))
    except ValueMistake as mistake:
        raise ValueMistake(HIDDEN, summary=mistake.summary) from None


def _index(value: object, key: object) -> object:
    if is_null(value):
        raise ValueMistake(
            "the value is null, so it has no elements",
            summary="Attempt to index null value",
        )
    if is_null(key):
        raise ValueMistake("null cannot be an index or a key", summary=INVALID_INDEX)
    if isinstance(value, Unknown):
        return _unknown_index(value, key)
    if isinstance(value, SetValue):
        raise ValueMistake(
            "elements of a set have neither index nor key; use a for expression, or tolist",
            summary=INVALID_INDEX,
        )
    if isinstance(value, Mapping):
        return _keyed(value, key)
    if isinstance(value, (list, tuple)):
        return _numbered(value, key)
    raise ValueMistake(
        f"{a_type(type_of(value))} has no elements, so it cannot be indexed",
        summary=INVALID_INDEX,
    )


def _key_as(key: object, target: str) -> object:
    try:
        return convert(key, target)
    except ValueMistake as mistake:
        raise ValueMistake(f"the key is not right: {mistake.text}", summary=INVALID_INDEX) from None


def _keyed(value: Mapping[str, object], key: object) -> object:
    name = _key_as(key, "string")
    if isinstance(name, Unknown):
        of = value.element if isinstance(value, TypedMap) else "dynamic"
        return Unknown(of, not_null=False)
    assert isinstance(name, str), "keys have been converted"
    if not isinstance(value, dict):
        return _lazy_attribute(value, name)
    if name in value:
        return value[name]
    word = "map" if isinstance(value, TypedMap) else "object"
    raise ValueMistake(
        f'the {word} has no element with the key "{name}".{did_you_mean(name, value)}',
        summary=INVALID_INDEX,
    )


def _numbered(value: list[object] | tuple[object, ...], key: object) -> object:
    number = _key_as(key, "number")
    if isinstance(number, Unknown):
        of = type_of(value)
        return Unknown(element_type(of) if kind(of) == "list" else "dynamic", not_null=False)
    if not isinstance(number, int):
        number = _whole(number)
    if 0 <= number < len(value):
        return value[number]
    raise ValueMistake(_out_of_range(number, len(value)), summary=INVALID_INDEX)


def _whole(number: object) -> int:
    if isinstance(number, Decimal) and is_whole(number):
        return int(number)
    raise ValueMistake("an index must be a whole number", summary=INVALID_INDEX)


def _out_of_range(number: int, length: int) -> str:
    if number < 0:
        return "an index must not be negative; element() counts from the end"
    if length == 0:
        return "there are no elements at all"
    return f"there is no element {number}: the last of the {length} is {length - 1}"


def _unknown_index(value: Unknown, key: object) -> Unknown:
    origin = _indexed_origin(value, key)
    match kind(value.type):
        case "dynamic":
            return Unknown("dynamic", not_null=False, origin=origin)
        case "list":
            _key_as(key, "number")
            return Unknown(element_type(value.type), not_null=False, origin=origin)
        case "map":
            _key_as(key, "string")
            return Unknown(element_type(value.type), not_null=False, origin=origin)
        case "object":
            return _unknown_member(value, key, origin)
        case "tuple":
            return Unknown(_item_type(value.type, key), not_null=False, origin=origin)
    raise ValueMistake(
        f"{a_type(value.type)} has no elements, so it cannot be indexed",
        summary=INVALID_INDEX,
    )


def _indexed_origin(value: Unknown, key: object) -> str | None:
    if value.origin is None or isinstance(key, Unknown):
        return None
    if isinstance(key, str):
        return f'{value.origin}["{key}"]'
    return f"{value.origin}[{key}]" if isinstance(key, int) else None


def _unknown_member(value: Unknown, key: object, origin: str | None) -> Unknown:
    name = _key_as(key, "string")
    if not isinstance(name, str):
        return Unknown("dynamic", not_null=False)
    attributes = attribute_types(value.type)
    if name not in attributes:
        raise ValueMistake(_no_attribute(name, attributes), summary=INVALID_INDEX)
    return Unknown(attributes[name], not_null=False, origin=origin)


def _item_type(of: Type, key: object) -> Type:
    number = _key_as(key, "number")
    items = item_types(of)
    if isinstance(number, Unknown):
        return "dynamic"
    position = number if isinstance(number, int) else _whole(number)
    if 0 <= position < len(items):
        return items[position]
    raise ValueMistake(_out_of_range(position, len(items)), summary=INVALID_INDEX)
