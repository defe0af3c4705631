"""Value JSON: what is known, unknown and sensitive in a value, as the documents say it."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.language.values import Sensitive, Unknown
from reconciler.schema import Value
from reconciler.views.masks import Mask, below, is_hidden

_ABSENT = object()


def known(value: Value) -> Value:
    """Copy *value* without its unknown leaves; in a list they become null, to keep the places."""
    found = _known(value)
    return None if found is _ABSENT else found


def unknown(value: Value) -> Value:
    """The shape of *value* with `True` for every unknown leaf and nothing for known ones."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, Sensitive):
        return unknown(value.value)
    if isinstance(value, Mapping):
        children = {key: unknown(each) for key, each in value.items()}
        return {key: each for key, each in children.items() if each is not False}
    if isinstance(value, (list, tuple)):
        return [unknown(each) for each in value]
    return False


def sensitive(value: Value, mask: Mask) -> Value:
    """The shape of *value* with `True` for every sensitive leaf and nothing for others."""
    if mask is True or is_hidden(value, mask):
        return True
    if isinstance(value, Mapping):
        children = {key: sensitive(each, below(mask, key)) for key, each in value.items()}
        return {key: each for key, each in children.items() if each is not False}
    if isinstance(value, (list, tuple)):
        return [sensitive(each, below(mask, index)) for index, each in enumerate(value)]
    return False


def _known(value: Value) -> object:
    if isinstance(value, Unknown):
        return _ABSENT
    if isinstance(value, Mapping):
        children = {key: _known(each) for key, each in value.items()}
        return {key: each for key, each in children.items() if each is not _ABSENT}
    if isinstance(value, (list, tuple)):
        return [None if (each := _known(item)) is _ABSENT else each for item in value]
    return value
