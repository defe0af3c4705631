"""Marks: taking sensitive marks off a value and putting them back."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.language.values import (
    Sensitive,
    SetValue,
    TypedList,
    TypedMap,
    contains_sensitive,
)


def unmark(value: object) -> tuple[object, bool]:
    """The value without its own mark, and whether it had one. Marks inside it stay."""
    if type(value) is Sensitive:
        return value.value, True
    return value, False


def mark(value: object, is_sensitive: bool = True) -> object:
    """The value with a mark, if it is to have one and has none."""
    if not is_sensitive or type(value) is Sensitive:
        return value
    return Sensitive(value)


def unmark_deep(value: object) -> tuple[object, bool]:
    """The value without any mark, its own or inside it, and whether there was one."""
    if not isinstance(value, (Sensitive, list, tuple, dict)) or not contains_sensitive(value):
        return value, False
    return _stripped(value), True


def _stripped(value: object) -> object:
    if isinstance(value, Sensitive):
        return _stripped(value.value)
    if isinstance(value, (dict, list, tuple)):
        return rebuild(value, _stripped)
    return value


def rebuild(value: object, change: Callable[[object], object]) -> object:
    """The same kind of collection, its elements passed through *change*."""
    match value:
        case TypedMap():
            return TypedMap(((name, change(each)) for name, each in value.items()), value.element)
        case dict():
            return {name: change(each) for name, each in value.items()}
        case TypedList():
            return TypedList((change(each) for each in value), value.element)
        case SetValue():
            return SetValue((change(each) for each in value), value.element)
        case list() | tuple():
            return [change(each) for each in value]
    return value
