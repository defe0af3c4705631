"""Leaves: values, paths and addresses of a plan in JSON form, unknown ones included.

What JSON has no word for is an object with one key that begins with `$`; an object of the user's
that looks like one is written as `$map`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from reconciler.address import Address
from reconciler.language.values import Sensitive, Unknown
from reconciler.schema import Path, Value
from reconciler.state.fields import Fields
from reconciler.state.loader import BadDocument


def to_json(value: Value) -> Value:
    """The JSON form of *value*."""
    match value:
        case None | bool() | int() | str():
            return value
        case Unknown():
            return {"$unknown": _unknown_to_json(value)}
        case Sensitive(inner):
            return {"$sensitive": to_json(inner)}
        case Decimal():
            return {"$number": str(value)}
        case float():
            return {"$float": repr(value)}
        case Mapping():
            return _mapping_to_json(value)
        case list() | tuple():
            return [to_json(each) for each in value]
        case _:
            raise AssertionError(f"no value of a plan is a {type(value).__name__}")


def from_json(value: Value, place: str) -> Value:
    """The value behind a JSON form.

    Raises:
        BadDocument: there is none.
    """
    if isinstance(value, list):
        return [from_json(each, place) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        key, inner = next(iter(value.items()))
        if key.startswith("$"):
            return _tagged(key, inner, place)
    return {key: from_json(each, place) for key, each in value.items()}


def _mapping_to_json(value: Mapping[str, Value]) -> Value:
    plain = {str(key): to_json(each) for key, each in value.items()}
    if len(plain) == 1 and next(iter(plain)).startswith("$"):
        return {"$map": plain}
    return plain


def _tagged(key: str, inner: Value, place: str) -> Value:
    match key:
        case "$unknown":
            return _unknown_from_json(Fields.of(inner, place))
        case "$sensitive":
            return Sensitive(from_json(inner, place))
        case "$number":
            return _number(inner, place, Decimal)
        case "$float":
            return _number(inner, place, float)
        case "$map":
            plain = Fields.of(inner, place).values
            return {name: from_json(each, place) for name, each in plain.items()}
        case _:
            raise BadDocument(f'{place} holds "{key}", which this version does not know')


def _number(text: Value, place: str, read: Callable[[str], Decimal | float]) -> Decimal | float:
    try:
        return read(text if isinstance(text, str) else "")
    except (ValueError, ArithmeticError):
        raise BadDocument(f"{place} holds something that is not a number") from None


def _unknown_to_json(value: Unknown) -> dict[str, Value]:
    return {
        "type": to_json(value.type),
        "not_null": value.not_null,
        "origin": value.origin,
        "prefix": value.prefix,
        "lower": to_json(value.lower),
        "upper": to_json(value.upper),
    }


def _unknown_from_json(fields: Fields) -> Unknown:
    return Unknown(
        type=from_json(fields.values.get("type"), fields.at("type")),
        not_null=fields.flag("not_null"),
        origin=fields.optional_text("origin"),
        prefix=fields.text("prefix"),
        lower=_bound(fields, "lower"),
        upper=_bound(fields, "upper"),
    )


def _bound(fields: Fields, key: str) -> int | Decimal | None:
    value = from_json(fields.values.get(key), fields.at(key))
    if value is None or isinstance(value, (int, Decimal)):
        return value
    raise BadDocument(f"{fields.at(key)} is not a number")


def attributes_to_json(attributes: Mapping[str, Value] | None) -> Value:
    """Attributes by name; null where there is nothing."""
    if attributes is None:
        return None
    return {name: to_json(each) for name, each in attributes.items()}


def attributes_from_json(fields: Fields, key: str) -> dict[str, Value]:
    """Attributes by name."""
    return {
        name: from_json(each, f"{fields.at(key)}.{name}")
        for name, each in fields.mapping(key).items()
    }


def optional_attributes(fields: Fields, key: str) -> dict[str, Value] | None:
    """Attributes by name; None where it is null."""
    return None if fields.values.get(key) is None else attributes_from_json(fields, key)


def address_from_json(value: Value, place: str) -> Address:
    """An address.

    Raises:
        BadDocument: it is none.
    """
    if not isinstance(value, str):
        raise BadDocument(f"{place} is not an address")
    try:
        return Address.parse(value)
    except ValueError:
        raise BadDocument(f'{place} is not an address: "{value}"') from None


def addresses_from_json(fields: Fields, key: str) -> tuple[Address, ...]:
    """A list of addresses."""
    return tuple(address_from_json(each, fields.at(key)) for each in fields.items(key))


def optional_address(fields: Fields, key: str) -> Address | None:
    """An address; None where it is null."""
    value = fields.values.get(key)
    return None if value is None else address_from_json(value, fields.at(key))


def paths_to_json(paths: tuple[Path, ...]) -> Value:
    """Paths as lists of their steps."""
    return [list(path) for path in paths]


def paths_from_json(fields: Fields, key: str) -> tuple[Path, ...]:
    """Paths."""
    found: list[Path] = []
    for each in fields.items(key):
        if not isinstance(each, list) or not all(isinstance(step, (str, int)) for step in each):
            raise BadDocument(f"{fields.at(key)} is not a list of paths")
        found.append(tuple(each))
    return tuple(found)
