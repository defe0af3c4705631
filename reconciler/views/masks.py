"""Masks: which parts of a value must not be shown, as a tree of the value's own shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.language.values import Sensitive, Unknown
from reconciler.schema import Path, Value

Mask = bool | Mapping[str | int, "Mask"]
"""True: all of it; False: nothing; else by key."""

HIDDEN = "(sensitive value)"
"""What stands where a sensitive value would."""


def mask_of(paths: Iterable[Path]) -> Mask:
    """Make a tree of sensitive *paths*; an empty path hides everything."""
    tree: dict[str | int, Mask] = {}
    for path in paths:
        if not path:
            return True
        _hide(tree, path)
    return tree or False


def below(mask: Mask, key: str | int) -> Mask:
    """The mask of one child."""
    return mask if isinstance(mask, bool) else mask.get(key, False)


def is_hidden(value: Value, mask: Mask) -> bool:
    """Whether all of *value* is hidden; that there is none never is.

    A value that has not the shape of the mask is hidden whole: a server may have put what is secret
    in another form, and nobody knows where in it that is.
    """
    if mask is True:
        return value is not None
    return type(value) is Sensitive or not _fits(value, mask)


def _fits(value: Value, mask: Mask) -> bool:
    if isinstance(mask, bool) or not mask or value is None or isinstance(value, Unknown):
        return True
    if isinstance(value, Mapping):
        return all(isinstance(key, str) for key in mask)
    if isinstance(value, (list, tuple)):
        return all(isinstance(key, int) and key < len(value) for key in mask)
    return False


def masked(value: Value, mask: Mask) -> Value:
    """Copy *value* with `HIDDEN` in the place of everything that must not be shown."""
    if is_hidden(value, mask):
        return HIDDEN
    if mask is False:
        return value
    if isinstance(value, Mapping):
        return {key: masked(each, below(mask, key)) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(each, below(mask, index)) for index, each in enumerate(value)]
    return value


def _hide(tree: dict[str | int, Mask], path: Path) -> None:
    for step in path[:-1]:
        child = tree.setdefault(step, {})
        if not isinstance(child, dict):
            return
        tree = child
    tree[path[-1]] = True
