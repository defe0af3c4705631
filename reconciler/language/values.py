"""Values: plain Python data where known; `Unknown` and `Sensitive` wrap only where needed.

A tuple is a `list`, an object a `dict`. HCL's lists, maps and sets, whose elements are of one
type, are thin subclasses, because `==` and conditionals tell them apart; so is a null that has a
type. `None` is a null that takes any type.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from decimal import Decimal

from reconciler.frozen import frozen
from reconciler.language.mistakes import ValueMistake


@frozen
class Unknown:
    """A value only the API can choose, not chosen yet.

    *type* is its type in JSON form (`"dynamic"` when even that is unknown). *not_null* promises
    that it will not be null. *origin* is the attribute it will come from, as written in an
    address: `openai_thread.a.id`; it survives references, locals, modules and known conditionals
    and is lost by any other computation. Two unknowns are never equal to anything: comparing them
    is a bug, use `is_unknown`.
    """

    type: object = "dynamic"
    not_null: bool = True
    origin: str | None = None
    prefix: str = field(default="")
    """What the text of an unknown string is known to begin with."""
    lower: int | Decimal | None = None
    """What an unknown number, or the length of an unknown collection, is at least."""
    upper: int | Decimal | None = None
    """What an unknown number, or the length of an unknown collection, is at most."""


@frozen
class Sensitive:
    """A value that must not be shown. Containers keep the mark on the parts that carry it."""

    value: object

    def __repr__(self) -> str:
        return "Sensitive(...)"


@frozen
class TypedNull:
    """A null of a known type. It lives inside one evaluation only: outside it is None."""

    type: object


class TypedList(list[object]):
    """A `list(...)`: its elements are of type *element*, also when there are none."""

    __slots__ = ("element",)

    def __init__(self, items: Iterable[object] = (), element: object = "dynamic") -> None:
        super().__init__(items)
        self.element = element


class SetValue(list[object]):
    """A `set(...)`: distinct elements of type *element*, in HCL's order."""

    __slots__ = ("element",)

    def __init__(self, items: Iterable[object] = (), element: object = "dynamic") -> None:
        super().__init__(items)
        self.element = element


class TypedMap(dict[str, object]):
    """A `map(...)`: its elements are of type *element*, also when there are none."""

    __slots__ = ("element",)

    def __init__(
        self,
        items: Iterable[tuple[str, object]] | dict[str, object] = (),
        element: object = "dynamic",
    ) -> None:
        super().__init__(items)
        self.element = element


UNKNOWN = Unknown()
"""An unknown of which nothing more is known."""


def is_unknown(value: object) -> bool:
    """Whether *value* itself is unknown, also behind a sensitive mark."""
    return isinstance(value.value if isinstance(value, Sensitive) else value, Unknown)


def is_null(value: object) -> bool:
    """Whether *value* is null, of whatever type."""
    return value is None or isinstance(value, TypedNull)


def null_of(of: object) -> object:
    """A null of a type."""
    return None if of == "dynamic" else TypedNull(of)


def contains_unknown(value: object) -> bool:
    """Whether *value* is unknown or holds an unknown anywhere, also behind a sensitive mark."""
    return _contains(value, Unknown)


def contains_sensitive(value: object) -> bool:
    """Whether *value* or any part of it carries a sensitive mark."""
    return _contains(value, Sensitive)


def contains_typed_null(value: object) -> bool:
    """Whether *value* is or holds a null that has a type."""
    return _contains(value, TypedNull)


MAX_PARTS = 2_000_000
"""How many parts a value may have, counted as often as they are part of it."""


MAX_DEPTH = 200
"""How deep a value may be nested."""


def limit_parts(value: object) -> None:
    """Refuse a value that is too large to be gone through.

    Raises:
        ValueMistake: it has more than `MAX_PARTS` parts, or is nested deeper than `MAX_DEPTH`.
    """
    _contains(value, _NoValue)


class _NoValue:
    """What no value is."""


def _contains(value: object, kind: type) -> bool:
    level = [value]
    parts = depth = 0
    while level:
        below: list[object] = []
        for each in level:
            if isinstance(each, kind):
                return True
            if isinstance(each, Sensitive):
                below.append(each.value)
            elif isinstance(each, dict):
                below.extend(each.values())
            elif isinstance(each, (list, tuple, set, frozenset)):
                below.extend(each)
            if len(below) > MAX_PARTS:
                break
        parts += len(below)
        depth += 1
        _require_size(parts, depth)
        level = below
    return False


def _require_size(parts: int, depth: int) -> None:
    if parts > MAX_PARTS:
        raise ValueMistake(
            f"it has more than {MAX_PARTS:,} parts; split it up, or make less of it",
            summary="Value too large",
        )
    if depth > MAX_DEPTH + 1:
        raise ValueMistake(
            f"it is nested more than {MAX_DEPTH} deep", summary="Value nested too deeply"
        )
