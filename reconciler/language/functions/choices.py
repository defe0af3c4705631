"""Choices: functions that look for values in lists, and choose among values."""

from __future__ import annotations

from reconciler.language.convert import convert
from reconciler.language.equality import equals
from reconciler.language.functions.function import (
    Family,
    Parameter,
    list_of,
    refuse,
)
from reconciler.language.functions.lists import element_of, elements, sequence
from reconciler.language.sets import identity
from reconciler.language.types import type_of, unify
from reconciler.language.values import (
    SetValue,
    TypedList,
    Unknown,
    contains_unknown,
    is_null,
    null_of,
)

FUNCTIONS = Family()
_add = FUNCTIONS.add


@_add(
    "contains",
    'Whether one of the elements equals the value. Nothing is converted: 1 is not "1".',
    Parameter("list", unknown="inside"),
    Parameter("value", unknown="inside"),
    returns="bool",
    examples=('contains(["a", "b"], "a")',),
)
def _contains(items: object, value: object) -> object:
    is_unknown = False
    for each in elements(items, "list"):
        answer = equals(each, value)
        if answer is True:
            return True
        is_unknown |= isinstance(answer, Unknown)
    return Unknown("bool") if is_unknown else False


@_add(
    "index",
    "Where in the list the value stands first, counted from 0.",
    Parameter("list", unknown="inside"),
    Parameter("value", unknown="inside"),
    returns="number",
    examples=('index(["a", "b", "c"], "b")',),
)
def _index(items: object, value: object) -> object:
    for position, each in enumerate(sequence(items, "list")):
        answer = equals(each, value)
        if answer is True:
            return position
        if isinstance(answer, Unknown):
            return Unknown("number")
    raise refuse("the value is not in the list", 1)


@_add(
    "distinct",
    "The elements without those that stood there before.",
    list_of("list", "dynamic"),
    returns=["list", "dynamic"],
    infer=lambda items: items,
    examples=('distinct(["a", "b", "a"])',),
)
def _distinct(items: TypedList) -> object:
    found: dict[object, object] = {}
    for each in items:
        found.setdefault(identity(each), each)
    return TypedList(found.values(), items.element)


@_add(
    "matchkeys",
    "Those of *values* whose counterpart in *keys* is one of *searchset*.",
    *(
        Parameter(each, ["list", "dynamic"], unknown="inside")
        for each in ("values", "keys", "searchset")
    ),
    returns=["list", "dynamic"],
    infer=lambda values, keys, searchset: values,
    examples=('matchkeys(["i-1", "i-2"], ["west", "east"], ["east"])',),
)
def _matchkeys(values: TypedList, keys: TypedList, wanted: TypedList) -> object:
    if len(values) != len(keys):
        raise refuse(f"there are {len(values)} values for {len(keys)} keys", 1)
    common = unify([type_of(keys), type_of(wanted)])
    if common is None:
        raise refuse("the keys and the search set must be of one type", 2)
    if not wanted:
        return TypedList((), values.element)
    if contains_unknown(values) or contains_unknown(keys):
        return Unknown(["list", values.element])
    # An unknown key to look for equals none of the known ones, in Terraform as well.
    known = [each for each in _listed(convert(wanted, common)) if not contains_unknown(each)]
    searched = {identity(each) for each in known}
    pairs = zip(values, _listed(convert(keys, common)), strict=True)
    return TypedList([value for value, key in pairs if identity(key) in searched], values.element)


def _listed(value: object) -> list[object]:
    assert isinstance(value, list), "a list converted to a list"
    return value


@_add(
    "one",
    "The only element, or null if there is none.",
    Parameter("list", unknown="inside"),
    infer=lambda items: element_of(items),
    may_be_null=True,
    examples=('one(["a"])', "one([])"),
)
def _one(items: object) -> object:
    found = elements(items, "list")
    if len(found) > 1 and isinstance(found, SetValue) and contains_unknown(found):
        return Unknown(found.element, not_null=False)
    if len(found) > 1:
        raise refuse(f"there are {len(found)} elements, and at most one is allowed", 0)
    if not found:
        of = found.element if isinstance(found, (TypedList, SetValue)) else "dynamic"
        return null_of(of)
    return found[0]


@_add(
    "coalesce",
    "The first value that is neither null nor an empty text.",
    variadic=Parameter("vals", is_nullable=True, unknown="any"),
    examples=('coalesce("", "b")', "coalesce(null, 2)"),
)
def _coalesce(*values: object) -> object:
    if not values:
        raise refuse("at least one value is required")
    common = unify([type_of(each) for each in values])
    if common is None:
        raise refuse("all values must be of one type")
    for each in values:
        if is_null(each):
            continue
        value = convert(each, common)
        if isinstance(value, Unknown):
            return Unknown(common)
        if value != "":
            return value
    raise refuse("no value is there: all are null or empty")


@_add(
    "coalescelist",
    "The first list that has elements.",
    variadic=Parameter("vals", unknown="any"),
    examples=('coalescelist([], ["b"])',),
)
def _coalescelist(*lists: object) -> object:
    if not lists:
        raise refuse("at least one list is required")
    for position, each in enumerate(lists):
        if not isinstance(each, Unknown):
            sequence(each, "vals", position)
    for each in lists:
        if isinstance(each, Unknown):
            return Unknown("dynamic", not_null=False)
        if each:
            return each
    raise refuse("no list is there: all are null or empty")


@_add(
    "alltrue",
    "Whether every element is true; of no elements it is.",
    Parameter("list", ["list", "bool"], unknown="inside"),
    returns="bool",
    examples=("alltrue([true, false])",),
)
def _alltrue(items: TypedList) -> object:
    for each in items:
        if isinstance(each, Unknown):
            return Unknown("bool")
        if each is not True:
            return False
    return True


@_add(
    "anytrue",
    "Whether at least one element is true.",
    Parameter("list", ["list", "bool"], unknown="inside"),
    returns="bool",
    examples=("anytrue([true, false])",),
)
def _anytrue(items: TypedList) -> object:
    if any(each is True for each in items):
        return True
    return Unknown("bool") if contains_unknown(items) else False
