"""Plain: values without HCL's types and marks, as other stations and JSON have them."""

from __future__ import annotations

from decimal import Decimal

from reconciler.language.values import Sensitive, TypedNull, Unknown

Path = tuple[str | int, ...]


def to_plain(value: object) -> tuple[object, tuple[Path, ...]]:
    """The value as dict, list, str, int, float, bool or None, with `Unknown` leaves, and the paths
    of what was marked sensitive: `()` is the whole."""
    if isinstance(value, (str, bool, int)) or value is None:
        return value, ()
    sensitive: list[Path] = []
    return _plain(value, (), sensitive), tuple(sensitive)


def _plain(value: object, path: Path, sensitive: list[Path]) -> object:
    # The depth of a value is bounded by the nesting that parsing and decoding allow.
    if isinstance(value, Sensitive):
        sensitive.append(path)
        return _plain(value.value, path, sensitive)
    if isinstance(value, dict):
        return {key: _plain(each, (*path, key), sensitive) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, (*path, index), sensitive) for index, each in enumerate(value)]
    if isinstance(value, TypedNull):
        return None
    if isinstance(value, Decimal):
        return _number(value)
    return value


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


__all__ = ["Path", "Unknown", "to_plain"]
