"""Maps: functions over maps and objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.language.convert import convert
from reconciler.language.functions.function import (
    Family,
    Parameter,
    list_of,
    looked_into,
    refuse,
)
from reconciler.language.functions.lists import (
    limit_length,
    sequence,
    sequence_element,
    wrong_kind,
)
from reconciler.language.marks import mark, unmark
from reconciler.language.mistakes import ValueMistake
from reconciler.language.types import Type, a_type, attribute_types, element_type, kind, type_of
from reconciler.language.values import (
    TypedList,
    TypedMap,
    TypedNull,
    Unknown,
    is_null,
)

FUNCTIONS = Family()
_add = FUNCTIONS.add


def mapping(value: object, name: str, argument: int = 0) -> dict[str, object]:
    """The value, which must be a map or an object."""
    if isinstance(value, dict):
        return value
    if isinstance(value, Mapping):
        return {each: value[each] for each in value}
    raise wrong_kind(value, name, "a map or an object", argument)


@_add(
    "keys",
    "The keys, sorted.",
    Parameter("inputMap", unknown="any", marks="inside"),
    examples=("keys({ b = 2, a = 1 })",),
)
def _keys(value: object) -> object:
    if isinstance(value, Unknown):
        return _unknown_keys(value)
    names = sorted(mapping(value, "inputMap"))
    return TypedList(names, "string") if isinstance(value, TypedMap) else names


def _unknown_keys(value: Unknown) -> object:
    match kind(value.type):
        case "object":
            return sorted(attribute_types(value.type))
        case "map":
            return Unknown(["list", "string"], lower=value.lower, upper=value.upper)
        case "dynamic":
            return Unknown("dynamic", not_null=False)
    raise wrong_kind(value, "inputMap", "a map or an object", 0)


@_add(
    "values",
    "The values, sorted by their keys.",
    looked_into("mapping"),
    infer=lambda of: ["list", element_type(of)] if kind(of) == "map" else "dynamic",
    examples=("values({ b = 2, a = 1 })",),
)
def _values(value: object) -> object:
    found = mapping(value, "mapping")
    items = [found[name] for name in sorted(found)]
    return TypedList(items, value.element) if isinstance(value, TypedMap) else items


@_add(
    "lookup",
    "The value of a key, or the default if there is no such key.",
    looked_into("inputMap"),
    Parameter("key", "string", unknown="any"),
    infer=lambda of, key, *default: element_type(of) if kind(of) == "map" else "dynamic",
    may_be_null=True,
    variadic=Parameter("default", is_nullable=True, unknown="any", marks="any"),
    examples=('lookup({ a = "x" }, "a", "none")', 'lookup({ a = "x" }, "b", "none")'),
)
def _lookup(value: object, key: str | Unknown, *default: object) -> object:
    found = mapping(value, "inputMap")
    if len(default) > 1:
        raise refuse("at most one default is taken", 3)
    fallback = [_default(value, each) for each in default]
    if isinstance(key, Unknown):
        of = value.element if isinstance(value, TypedMap) else "dynamic"
        return Unknown(of, not_null=False)
    if key in found:
        return found[key]
    if fallback:
        return fallback[0]
    raise refuse(f'there is no key "{key}", and no default was given', 1)


def _default(value: object, default: object) -> object:
    if not isinstance(value, TypedMap):
        return default
    try:
        return convert(default, value.element)
    except ValueMistake as mistake:
        raise refuse(f"the default is not of the map's type: {mistake.text}", 2) from None


@_add(
    "merge",
    "All keys of all maps; where several have the same key, the last one counts.",
    variadic=Parameter("maps", is_nullable=True, unknown="inside", marks="any"),
    infer=lambda *maps: _merged_type(maps),
    examples=("merge({ a = 1, b = 2 }, { b = 3 })",),
)
def _merge(*maps: object) -> object:
    merged: dict[str, object] = {}
    is_marked = False
    bare: list[object] = []
    for position, each in enumerate(maps):
        value, was_marked = unmark(each)
        is_marked |= was_marked
        if isinstance(value, TypedNull) and kind(value.type) not in ("map", "object"):
            raise wrong_kind(value, "maps", "a map or an object", position)
        if not is_null(value):
            limit_length(len(merged))
            merged.update(mapping(value, "maps", position))
        if value is not None:
            bare.append(value)
    return mark(_like_first(merged, bare), is_marked)


def _merged_type(maps: Sequence[Type]) -> Type:
    for position, each in enumerate(maps):
        if kind(each) not in ("map", "object", "dynamic"):
            raise refuse(f'"maps" must be maps or objects, not {a_type(each)}', position)
    return "dynamic"


def _like_first(merged: dict[str, object], maps: list[object]) -> object:
    """A map if all are maps of one type."""
    types = [type_of(each) for each in maps]
    if types and kind(types[0]) == "map" and all(each == types[0] for each in types):
        first = maps[0]
        assert isinstance(first, (TypedMap, TypedNull)), "its type is a map"
        return TypedMap(merged, first.element if isinstance(first, TypedMap) else "dynamic")
    return merged


@_add(
    "zipmap",
    "Keys from one list and their values from another.",
    list_of("keys", "string"),
    looked_into("values"),
    infer=lambda keys, of: _zipped_type(of),
    examples=('zipmap(["a", "b"], [1, 2])',),
)
def _zipmap(keys: TypedList, values: object) -> object:
    found = sequence(values, "values", 1)
    if len(keys) != len(found):
        raise refuse(f"there are {len(keys)} keys for {len(found)} values")
    names = [each for each in keys if isinstance(each, str)]
    if len(names) != len(keys):
        raise refuse("a key must not be null", 0)
    pairs = dict(zip(names, found, strict=True))
    return TypedMap(pairs, found.element) if isinstance(found, TypedList) else pairs


def _zipped_type(of: Type) -> Type:
    element = sequence_element(of, "values", 1)
    return ["map", element] if kind(of) == "list" else "dynamic"


@_add(
    "transpose",
    "A map of lists turned round: every element becomes a key, with the keys it stood under.",
    Parameter("values", ["map", ["list", "string"]]),
    returns=["map", ["list", "string"]],
    examples=('transpose({ a = ["1", "2"], b = ["2"] })',),
)
def _transpose(values: TypedMap) -> object:
    found: dict[str, TypedList] = {}
    for name in sorted(values):
        items = values[name]
        if not isinstance(items, list):
            raise refuse(f'the list of "{name}" is null', 0)
        for each in items:
            if not isinstance(each, str):
                raise refuse(f'an element of "{name}" is null', 0)
            if each not in found:
                found[each] = TypedList((), "string")
            found[each].append(name)
    return TypedMap(dict[str, object](found), ["list", "string"])
