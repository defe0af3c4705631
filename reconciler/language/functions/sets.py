"""Sets: functions over sets, and products of several collections."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from reconciler.language.convert import convert
from reconciler.language.functions.function import Family, Parameter, looked_into, refuse
from reconciler.language.functions.lists import element_of, elements, limit_length
from reconciler.language.mistakes import ValueMistake
from reconciler.language.sets import identity, make_set
from reconciler.language.types import Type, kind, type_of, unify
from reconciler.language.values import SetValue, TypedList, Unknown, contains_unknown

FUNCTIONS = Family()
_add = FUNCTIONS.add

_SET: Type = ["set", "dynamic"]


def _same_type(sets: tuple[SetValue, ...]) -> list[SetValue]:
    """The sets with elements of one type."""
    known = [each for each in sets if each or each.element != "dynamic"]
    common = unify([type_of(each) for each in known]) if known else _SET
    if common is None:
        raise refuse("the sets must have elements of one type")
    converted = [convert(SetValue(each, each.element), common) for each in sets]
    return [each for each in converted if isinstance(each, SetValue)]


@_add(
    "setunion",
    "The elements that are in at least one of the sets.",
    Parameter("first_set", _SET, unknown="inside"),
    variadic=Parameter("other_sets", _SET, unknown="inside"),
    returns=_SET,
    infer=lambda first, *others: first,
    examples=('setunion(["a", "b"], ["b", "c"])',),
)
def _setunion(*sets: SetValue) -> object:
    limit_length(sum(map(len, sets)))
    same = _same_type(sets)
    return make_set((item for each in same for item in each), same[0].element)


@_add(
    "setintersection",
    "The elements that are in all of the sets.",
    Parameter("first_set", _SET),
    variadic=Parameter("other_sets", _SET),
    returns=_SET,
    infer=lambda first, *others: first,
    examples=('setintersection(["a", "b"], ["b", "c"])',),
)
def _setintersection(*sets: SetValue) -> object:
    first, *others = _same_type(sets)
    keys = [{identity(item) for item in each} for each in others]
    kept = [item for item in first if all(identity(item) in each for each in keys)]
    return SetValue(kept, first.element)


@_add(
    "setsubtract",
    "The elements of the first set that are not in the second.",
    Parameter("a", _SET),
    Parameter("b", _SET),
    returns=_SET,
    infer=lambda first, *others: first,
    examples=('setsubtract(["a", "b"], ["b", "c"])',),
)
def _setsubtract(*sets: SetValue) -> object:
    first, second = _same_type(sets)
    taken = {identity(item) for item in second}
    return SetValue([item for item in first if identity(item) not in taken], first.element)


@_add(
    "setproduct",
    "Every combination of one element from each collection; a set if one of them is a set.",
    variadic=looked_into("sets"),
    infer=lambda *sets: _product_type(sets),
    examples=('setproduct(["a", "b"], [1, 2])',),
)
def _setproduct(*sets: object) -> object:
    if len(sets) < 2:
        raise refuse("at least two collections are required")
    found = [elements(each, "sets", position) for position, each in enumerate(sets)]
    count = 1
    for each in found:
        count *= len(each)
    limit_length(count * len(found))
    types = [_element_type(each, position) for position, each in enumerate(found)]
    combinations: list[object] = [list(each) for each in product(*map(_as_list, found, types))]
    if any(isinstance(each, SetValue) for each in found):
        return _as_product_set(found, combinations, ["tuple", types])
    return TypedList(combinations, ["tuple", types])


def _product_type(sets: Sequence[Type]) -> Type:
    if any(kind(each) not in ("list", "set", "tuple") for each in sets):
        return "dynamic"
    word = "set" if any(kind(each) == "set" for each in sets) else "list"
    return [word, ["tuple", [element_of(each) for each in sets]]]


def _as_product_set(found: list[list[object]], items: list[object], of: Type) -> object:
    if any(contains_unknown(each) and len(each) > 1 for each in found):
        return Unknown(["set", of])
    return make_set(items, of)


def _element_type(items: list[object], position: int) -> Type:
    if isinstance(items, (TypedList, SetValue)):
        return items.element
    common = unify([type_of(each) for each in items]) if items else "dynamic"
    if common is None:
        raise refuse("all elements of one collection must be of one type", position)
    return common


def _as_list(items: list[object], of: Type) -> list[object]:
    try:
        return [convert(each, of) for each in items]
    except ValueMistake as mistake:
        raise refuse(mistake.text) from None
