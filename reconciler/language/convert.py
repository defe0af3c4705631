"""Convert: a value as another type, by the rules of cty."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from reconciler.language.mistakes import ValueMistake
from reconciler.language.numbers import format_number, normal, parse_number
from reconciler.language.sets import make_set
from reconciler.language.types import (
    Type,
    a_type,
    attribute_types,
    element_type,
    has_dynamic,
    is_convertible,
    item_types,
    kind,
    optional_names,
    type_of,
    unify,
)
from reconciler.language.values import (
    Sensitive,
    SetValue,
    TypedList,
    TypedMap,
    TypedNull,
    Unknown,
)

_EXACT_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, Decimal),
    "bool": (bool,),
}


def convert(value: object, target: Type) -> object:
    """The value as type *target*; marks, unknowns and nulls inside it are kept.

    Raises:
        ValueMistake: it cannot be; the path leads to the part that is in the way.
    """
    if isinstance(target, str) and type(value) in _EXACT_TYPES.get(target, ()):
        return value
    if target == "dynamic":
        return value
    if isinstance(value, Sensitive):
        return _convert_sensitive(value, target)
    if value is None:
        return TypedNull(target)
    if isinstance(value, Unknown):
        return _convert_unknown(value, target)
    if isinstance(value, TypedNull):
        require_convertible(value.type, target)
        return TypedNull(conversion_type(value.type, target))
    return _CONVERSIONS[kind(target)](value, target)


def _convert_sensitive(value: Sensitive, target: Type) -> Sensitive:
    try:
        converted = convert(value.value, target)
    except ValueMistake as mistake:
        raise ValueMistake(mistake.message) from None  # the path could name secret keys
    return converted if isinstance(converted, Sensitive) else Sensitive(converted)


def _convert_unknown(value: Unknown, target: Type) -> Unknown:
    if value.type == target:
        return value
    require_convertible(value.type, target)
    resolved = conversion_type(value.type, target)
    if resolved == value.type:
        return value
    return Unknown(resolved, not_null=False)


def require_convertible(source: Type, target: Type) -> None:
    """Refuse a type no value of which could become *target*."""
    if not is_convertible(source, target):
        raise ValueMistake(f"{a_type(target)} is required, not {a_type(source)}")


def conversion_type(source: Type, target: Type) -> Type:
    """The type that a value of type *source* has after conversion, `any` inside it resolved."""
    if target == "dynamic" or source == "dynamic":
        return source if target == "dynamic" else target
    if not has_dynamic(target):
        return target
    source_kind, target_kind = kind(source), kind(target)
    if target_kind in ("list", "set", "map"):
        inner = element_type(target)
        if source_kind in ("list", "set", "map"):
            return [target_kind, conversion_type(element_type(source), inner)]
        parts = (
            item_types(source) if source_kind == "tuple" else list(attribute_types(source).values())
        )
        resolved = [conversion_type(each, inner) for each in parts]
        return [target_kind, (unify(resolved) or "dynamic") if resolved else inner]
    if target_kind == "tuple":
        pairs = zip(item_types(source), item_types(target), strict=True)
        return ["tuple", [conversion_type(have, want) for have, want in pairs]]
    return ["object", dict(attribute_types(target))]


def _to_string(value: object, target: Type) -> object:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return format_number(value)
        case float():
            return format_number(normal(value))
    raise _needed(value, target)


def _to_number(value: object, target: Type) -> object:
    match value:
        case bool():
            raise _needed(value, target)
        case int() | Decimal():
            return value
        case float():
            return normal(value)
        case str():
            number = parse_number(value)
            if number is not None:
                return number
            raise ValueMistake("a number is required, and this text does not spell one")
    raise _needed(value, target)


_TRUTHS = {"true": True, "false": False, "1": True, "0": False}


def _to_bool(value: object, target: Type) -> object:
    match value:
        case bool():
            return value
        case str() if value in _TRUTHS:
            return _TRUTHS[value]
        case str() if value.lower() in ("true", "false"):
            raise ValueMistake('a bool is required; write "true" or "false" in lower case')
        case str():
            raise ValueMistake('a bool is required: "true" or "false"')
    raise _needed(value, target)


def _needed(value: object, target: Type) -> ValueMistake:
    return ValueMistake(f"{a_type(target)} is required, not {a_type(type_of(value))}")


def _to_list(value: object, target: Type) -> object:
    if isinstance(value, TypedList) and value.element == element_type(target):
        return value
    if not isinstance(value, (list, tuple)):
        raise _needed(value, target)
    if not value:
        return TypedList([], _element_of_none(value, target))
    items, element = _to_elements(list(enumerate(value)), element_type(target), "list")
    return TypedList(items, element)


def _to_set(value: object, target: Type) -> object:
    if isinstance(value, SetValue) and value.element == element_type(target):
        return value
    if not isinstance(value, (list, tuple)):
        raise _needed(value, target)
    if not value:
        return SetValue([], _element_of_none(value, target))
    items, element = _to_elements(list(enumerate(value)), element_type(target), "set")
    return make_set(items, element)


def _to_map(value: object, target: Type) -> object:
    if isinstance(value, TypedMap) and value.element == element_type(target):
        return value
    if not isinstance(value, Mapping):
        raise _needed(value, target)
    if not value:
        return TypedMap({}, _element_of_none(value, target))
    names = list(value)
    pairs = [(name, value[name]) for name in names]
    items, element = _to_elements(pairs, element_type(target), "map")
    return TypedMap(zip(names, items, strict=True), element)


def _element_of_none(value: object, target: Type) -> Type:
    """The element type of what an empty collection becomes: its own counts where it has one."""
    source = type_of(value)
    require_convertible(source, target)
    return element_type(conversion_type(source, target))


def _to_elements(
    pairs: Sequence[tuple[str | int, object]], element: Type, word: str
) -> tuple[list[object], Type]:
    """Convert every value to the one element type, which `any` leaves to be found."""
    if not has_dynamic(element):
        return _convert_each(pairs, element), element
    keys = [key for key, _ in pairs]
    items = _convert_each(pairs, element)
    types = [type_of(each) for each in items]
    common = unify(types)
    if word == "map" and common == "dynamic":
        known = [each for each in types if each != "dynamic"] or ["dynamic"]
        common = known[0] if all(each == known[0] for each in known) else None
    if common is None:
        raise ValueMistake(f"all elements of a {word} must have the same type")
    items = _convert_each(list(zip(keys, items, strict=True)), common)
    if has_dynamic(common):
        _require_one_type(items, word)
    return items, common


def _require_one_type(items: Sequence[object], word: str) -> None:
    known = [type_of(each) for each in items if not isinstance(each, Unknown)]
    if any(each != known[0] for each in known):
        raise ValueMistake(f"all elements of a {word} must have the same type")


def _convert_each(pairs: Sequence[tuple[str | int, object]], element: Type) -> list[object]:
    exact = _EXACT_TYPES.get(element, ()) if isinstance(element, str) else ()
    items: list[object] = []
    for key, each in pairs:
        if type(each) in exact:
            items.append(each)
            continue
        try:
            items.append(convert(each, element))
        except ValueMistake as mistake:
            raise ValueMistake(mistake.message, (key, *mistake.path)) from None
    return items


def _to_tuple(value: object, target: Type) -> object:
    if type_of(value) == target:
        return value
    wanted = item_types(target)
    if not isinstance(value, (list, tuple)) or isinstance(value, (SetValue, TypedList)):
        raise _needed(value, target)
    if len(value) != len(wanted):
        raise ValueMistake(f"a tuple of {len(wanted)} elements is required, not of {len(value)}")
    items: list[object] = []
    for index, each in enumerate(value):
        items.extend(_convert_each([(index, each)], wanted[index]))
    return items


def _to_object(value: object, target: Type) -> object:
    if not isinstance(value, Mapping):
        raise _needed(value, target)
    if type_of(value) == target:
        return value
    wanted, optional = attribute_types(target), optional_names(target)
    missing = sorted(name for name in wanted if name not in value and name not in optional)
    if missing:
        raise ValueMistake(_missing_text(missing))
    result: dict[str, object] = {}
    for name in sorted(wanted):
        if name in value:
            result[name] = _convert_each([(name, value[name])], wanted[name])[0]
        else:
            result[name] = TypedNull(wanted[name])
    return result


def _missing_text(missing: Sequence[str]) -> str:
    if len(missing) == 1:
        return f'attribute "{missing[0]}" is required'
    named = ", ".join(f'"{name}"' for name in missing[:-1])
    return f'attributes {named} and "{missing[-1]}" are required'


_CONVERSIONS: dict[str, Callable[[object, Type], object]] = {
    "string": _to_string,
    "number": _to_number,
    "bool": _to_bool,
    "list": _to_list,
    "set": _to_set,
    "map": _to_map,
    "tuple": _to_tuple,
    "object": _to_object,
}
