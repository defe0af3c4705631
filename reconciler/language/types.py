"""Types: what kind of value something is, in the JSON form that state files use.

`"string"`, `"number"`, `"bool"`, `"dynamic"`, `["list", T]`, `["set", T]`, `["map", T]`,
`["tuple", [T, ...]]`, `["object", {"name": T}]`; the object of a type constraint may have a third
part, the names of its optional attributes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

from reconciler.language.numbers import Double
from reconciler.language.values import (
    Sensitive,
    SetValue,
    TypedList,
    TypedMap,
    TypedNull,
    Unknown,
)

Type = object
"""A type in JSON form."""

PRIMITIVES = ("string", "number", "bool")

_SCALARS: dict[type, str] = {
    str: "string",
    int: "number",
    bool: "bool",
    Decimal: "number",
    Double: "number",
    float: "number",
    type(None): "dynamic",
}


def type_of(value: object) -> Type:
    """The type of *value* in JSON form; a null without a type is `"dynamic"`."""
    scalar = _SCALARS.get(type(value))
    if scalar is not None:
        return scalar
    match value:
        case Sensitive():
            return type_of(value.value)
        case Unknown() | TypedNull():
            return value.type
        case TypedList():
            return ["list", value.element]
        case SetValue():
            return ["set", value.element]
        case TypedMap():
            return ["map", value.element]
        case list() | tuple():
            return ["tuple", [type_of(each) for each in value]]
        case Mapping():
            return ["object", {name: type_of(value[name]) for name in value}]
    raise AssertionError(f"no value of the language is a {type(value).__name__}")


def kind(of: Type) -> str:
    """The outermost word of a type: `list`, `object`, `string`."""
    return of if isinstance(of, str) else cast(str, cast("Sequence[object]", of)[0])


def element_type(of: Type) -> Type:
    """The element type of a list, set or map."""
    return cast("Sequence[Type]", of)[1]


def item_types(of: Type) -> list[Type]:
    """The types of a tuple's elements."""
    return cast("list[Type]", cast("Sequence[object]", of)[1])


def attribute_types(of: Type) -> dict[str, Type]:
    """The types of an object's attributes."""
    return cast("dict[str, Type]", cast("Sequence[object]", of)[1])


def optional_names(of: Type) -> Sequence[str]:
    """The attributes that an object may lack."""
    parts = cast("Sequence[object]", of)
    return cast("Sequence[str]", parts[2]) if len(parts) > 2 else ()


def is_type(of: object) -> bool:
    """Whether something is a type in JSON form, such as a file may hold in its place."""
    queue = [of]
    while queue:
        match queue.pop():
            case "string" | "number" | "bool" | "dynamic":
                pass
            case ["list" | "set" | "map", element]:
                queue.append(element)
            case ["tuple", [*items]]:
                queue.extend(items)
            case ["object", {**attributes}] | ["object", {**attributes}, [*_]]:
                queue.extend(attributes.values())
            case _:
                return False
    return True


def has_dynamic(of: Type) -> bool:
    """Whether part of the type is not known."""
    queue = [of]
    while queue:
        each = queue.pop()
        match kind(each):
            case "dynamic":
                return True
            case "list" | "set" | "map":
                queue.append(element_type(each))
            case "tuple":
                queue.extend(item_types(each))
            case "object":
                queue.extend(attribute_types(each).values())
    return False


def unify(types: Sequence[Type]) -> Type | None:
    """The type that values of all *types* can be converted to, or None."""
    first = types[0]
    if all(each == first for each in types):
        return first
    kinds = {kind(each) for each in types}
    if has_structure := kinds - {"dynamic"} - set(PRIMITIVES):
        found, answer = _unify_structures(types, kinds, has_structure)
        if found:
            return answer
    return _most_general(types)


def _unify_structures(
    types: Sequence[Type], kinds: set[str], structures: set[str]
) -> tuple[bool, Type | None]:
    """Whether the kinds decide the answer on their own, and the answer."""
    if {"object", "tuple"} <= structures:
        return True, None
    is_dynamic = "dynamic" in kinds
    if kinds & set(PRIMITIVES):
        return False, None
    if len(structures) == 1:
        if is_dynamic:
            return True, "dynamic"
        return True, _UNIFY[next(iter(structures))](types)
    if structures == {"map", "object"}:
        return _as_collections(types, "object", "map", is_dynamic)
    if structures == {"list", "tuple"}:
        return _as_collections(types, "tuple", "list", is_dynamic)
    return False, None


def _as_collections(
    types: Sequence[Type], structure: str, collection: str, is_dynamic: bool
) -> tuple[bool, Type | None]:
    """Unify objects with maps, or tuples with lists, as collections if they can be."""
    if is_dynamic:
        return True, "dynamic"
    parts: list[Type] = []
    for each in types:
        if kind(each) != structure:
            parts.append(element_type(each))
        elif _parts(each):
            element = _element_of_parts([each], collection)
            if element is None:
                return False, None
            parts.append(element)
    element = unify(parts)
    return (True, [collection, element]) if element is not None else (False, None)


def _element_of_parts(types: Sequence[Type], collection: str) -> Type | None:
    """The element type of a collection that tuples or objects can become, or None."""
    parts = [each for of in types for each in _parts(of)]
    element = unify(parts) if parts else "dynamic"
    if element is None or not all(is_convertible(each, [collection, element]) for each in types):
        return None
    return element


def _parts(of: Type) -> list[Type]:
    return item_types(of) if kind(of) == "tuple" else list(attribute_types(of).values())


def _unify_collections(types: Sequence[Type]) -> Type | None:
    element = unify([element_type(each) for each in types])
    return None if element is None else [kind(types[0]), element]


def _unify_objects(types: Sequence[Type]) -> Type | None:
    attributes = [attribute_types(each) for each in types]
    names = attributes[0].keys()
    if all(each.keys() == names for each in attributes):
        unified = {name: unify([each[name] for each in attributes]) for name in names}
        return None if None in unified.values() else ["object", unified]
    element = _element_of_parts(types, "map")
    return None if element is None else ["map", element]


def _unify_tuples(types: Sequence[Type]) -> Type | None:
    items = [item_types(each) for each in types]
    if all(len(each) == len(items[0]) for each in items):
        unified = [unify(each) for each in zip(*items, strict=True)]
        return None if None in unified else ["tuple", unified]
    element = _element_of_parts(types, "list")
    return None if element is None else ["list", element]


_UNIFY = {
    "list": _unify_collections,
    "set": _unify_collections,
    "map": _unify_collections,
    "object": _unify_objects,
    "tuple": _unify_tuples,
}


def _most_general(types: Sequence[Type]) -> Type | None:
    """The most preferred of *types* that all the others can be converted to."""
    for wanted in sorted(_distinct(types), key=_preference):
        if all(each == wanted or is_convertible(each, wanted) for each in types):
            return wanted
    return None


def _distinct(types: Sequence[Type]) -> list[Type]:
    found: list[Type] = []
    for each in types:
        if each not in found:
            found.append(each)
    return found


_RANKS = {
    "string": 0, "number": 1, "bool": 1, "list": 0, "set": 1, "tuple": 2,
    "map": 0, "object": 1, "dynamic": 9,
}  # fmt: skip


def _preference(of: Type) -> tuple[int, ...]:
    rank = _RANKS[kind(of)]
    if kind(of) in ("list", "set", "map"):
        return (rank, *_preference(element_type(of)))
    return (rank,)


def is_convertible(source: Type, target: Type) -> bool:
    """Whether some value of type *source* may be turned into one of type *target*."""
    if source == target or target == "dynamic" or source == "dynamic":
        return True
    source_kind, target_kind = kind(source), kind(target)
    if target_kind in PRIMITIVES:
        return source_kind in PRIMITIVES and {source_kind, target_kind} != {"number", "bool"}
    if target_kind in ("list", "set"):
        return _is_convertible_to_elements(source, source_kind, element_type(target))
    if target_kind == "map":
        if source_kind == "map":
            return is_convertible(element_type(source), element_type(target))
        return source_kind == "object" and _is_convertible_to_parts(source, element_type(target))
    if target_kind == "tuple":
        return source_kind == "tuple" and _is_convertible_to_tuple(source, target)
    return _is_convertible_to_object(source, source_kind, target)


def _is_convertible_to_elements(source: Type, source_kind: str, element: Type) -> bool:
    if source_kind in ("list", "set"):
        return is_convertible(element_type(source), element)
    return source_kind == "tuple" and _is_convertible_to_parts(source, element)


def _is_convertible_to_parts(source: Type, element: Type) -> bool:
    parts = _parts(source)
    if element == "dynamic":
        common = unify(parts) if parts else "dynamic"
        if kind(source) == "tuple" and common == "dynamic":
            return all(each == "dynamic" for each in parts)
        return common is not None
    return all(is_convertible(each, element) for each in parts)


def _is_convertible_to_tuple(source: Type, target: Type) -> bool:
    have, want = item_types(source), item_types(target)
    return len(have) == len(want) and all(map(is_convertible, have, want))


def _is_convertible_to_object(source: Type, source_kind: str, target: Type) -> bool:
    wanted, optional = attribute_types(target), optional_names(target)
    if source_kind == "map":
        return all(is_convertible(element_type(source), each) for each in wanted.values())
    if source_kind != "object":
        return False
    have = attribute_types(source)
    return all(
        is_convertible(have[name], each) if name in have else name in optional
        for name, each in wanted.items()
    )


def describe_type(of: Type) -> str:
    """A type in the words of a message: `list of string`, `object`."""
    match kind(of):
        case "dynamic":
            return "any type"
        case "list" | "set" | "map" as word:
            element = element_type(of)
            inner = "any single type" if element == "dynamic" else describe_type(element)
            return f"{word} of {inner}"
        case word:
            return word


def a_type(of: Type) -> str:
    """A type as a noun with its article: `a list of string`, `an object`."""
    words = describe_type(of)
    if words == "any type":
        return words
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def type_text(of: Type) -> str:
    """A type as it is written in a spec: `list(string)`, `object({ a = number })`."""
    match kind(of):
        case "dynamic":
            return "any"
        case "list" | "set" | "map" as word:
            return f"{word}({type_text(element_type(of))})"
        case "tuple":
            return f"tuple([{', '.join(type_text(each) for each in item_types(of))}])"
        case "object":
            return f"object({{{_attributes_text(of)}}})"
        case word:
            return word


def _attributes_text(of: Type) -> str:
    optional = optional_names(of)
    texts = (
        f"{name} = optional({type_text(each)})"
        if name in optional
        else f"{name} = {type_text(each)}"
        for name, each in attribute_types(of).items()
    )
    inner = ", ".join(texts)
    return f" {inner} " if inner else ""
