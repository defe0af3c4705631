"""Lists: functions over lists, tuples and what else has elements in an order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.diagnostics import graphemes
from reconciler.language.conditional import length_bounds
from reconciler.language.convert import convert
from reconciler.language.functions.function import (
    Family,
    Parameter,
    looked_into,
    number,
    refuse,
)
from reconciler.language.functions.strings import whole
from reconciler.language.marks import mark, unmark
from reconciler.language.numbers import Number
from reconciler.language.types import (
    Type,
    a_type,
    element_type,
    item_types,
    kind,
    type_of,
    unify,
)
from reconciler.language.values import (
    MAX_PARTS,
    SetValue,
    TypedList,
    Unknown,
    contains_unknown,
)

FUNCTIONS = Family()
_add = FUNCTIONS.add

MAX_RANGE = 1024
"""How many numbers `range` makes at the most."""


def same_kind(items: Iterable[object], of: object) -> object:
    """A list if *of* is one (or a set), otherwise a tuple."""
    if isinstance(of, (TypedList, SetValue)):
        return TypedList(items, of.element)
    return list(items)


def list_like(of: Type) -> Type:
    """The type of a list with the same elements."""
    return ["list", element_type(of)] if kind(of) in ("list", "set") else "dynamic"


def element_of(of: Type) -> Type:
    """The type of an element."""
    return element_type(of) if kind(of) in ("list", "set") else "dynamic"


def sequence_element(of: Type, name: str, argument: int = 0) -> Type:
    """The type of an element of what must be a list or a tuple, also where it is not known yet."""
    if kind(of) not in ("list", "tuple", "dynamic"):
        raise refuse(f'"{name}" must be a list or a tuple, not {a_type(of)}', argument)
    return element_of(of)


def sequence(value: object, name: str, argument: int = 0) -> list[object]:
    """The value, which must be a list or a tuple."""
    if isinstance(value, list) and not isinstance(value, SetValue):
        return value
    raise wrong_kind(value, name, "a list or a tuple", argument)


def elements(value: object, name: str, argument: int = 0) -> list[object]:
    """The value, which must be a list, a tuple or a set."""
    if isinstance(value, list):
        return value
    raise wrong_kind(value, name, "a list, a set or a tuple", argument)


def limit_length(length: int) -> None:
    """Refuse to make a collection of *length* elements if that is too many."""
    if length > MAX_PARTS:
        raise refuse(f"{length:,} elements are more than a value may have")


def wrong_kind(value: object, name: str, wanted: str, argument: int) -> Exception:
    """The mistake of an argument of another kind."""
    return refuse(f'"{name}" must be {wanted}, not {a_type(type_of(value))}', argument)


@_add(
    "length",
    "How many elements a list, set or map has, how many attributes an object, how many characters "
    "a text.",
    Parameter("value", unknown="any", marks="inside"),
    returns="number",
    examples=('length(["a", "b"])', 'length("hello")', "length({ a = 1 })"),
)
def _length(value: object) -> object:
    if isinstance(value, Unknown):
        return _unknown_length(value)
    if isinstance(value, str):
        return len(graphemes(value))
    if isinstance(value, SetValue) and contains_unknown(value):
        least = 1
        return least if len(value) == least else Unknown("number", lower=least, upper=len(value))
    if isinstance(value, (list, dict)):
        return len(value)
    raise refuse(
        f"{a_type(type_of(value))} has no length; lists, sets, maps, objects and text do", 0
    )


def _unknown_length(value: Unknown) -> object:
    match kind(value.type):
        case "tuple" | "object":
            return len(item_types(value.type))
        case "number" | "bool":
            raise refuse(f"{a_type(value.type)} has no length", 0)
        case "list" | "set" | "map":
            low, high = length_bounds(value)
            return low if low == high else Unknown("number", lower=low, upper=high)
    return Unknown("number", lower=0)


@_add(
    "element",
    "The element at *index*, counted from 0; beyond the end it starts again at the beginning, and "
    "a negative index counts from the end.",
    looked_into("list"),
    Parameter("index", "number", unknown="any"),
    infer=lambda items, index: sequence_element(items, "list"),
    may_be_null=True,
    examples=('element(["a", "b", "c"], 1)', 'element(["a", "b", "c"], 4)'),
)
def _element(items: object, index: Number | Unknown) -> object:
    found = sequence(items, "list")
    if isinstance(index, Unknown):
        of = found.element if isinstance(found, TypedList) else "dynamic"
        return Unknown(of, not_null=False)
    if not found:
        raise refuse("an empty list has no elements to choose from", 0)
    at = whole(index, "index", 1)
    if not -(2**63) <= at < 2**63:
        raise refuse('"index" is too large', 1)
    return found[at % len(found)]


@_add(
    "concat",
    "The elements of all lists, one list after the other.",
    variadic=looked_into("seqs"),
    infer=lambda *lists: _concat_type(lists),
    examples=('concat(["a"], ["b", "c"])',),
)
def _concat(*lists: object) -> object:
    if not lists:
        raise refuse("at least one list is required")
    found = [sequence(each, "seqs", position) for position, each in enumerate(lists)]
    limit_length(sum(map(len, found)))
    joined = [item for each in found for item in each]
    if not all(isinstance(each, TypedList) for each in found):
        return joined
    common = unify([type_of(each) for each in found])
    return joined if common is None else convert(TypedList(joined), common)


def _concat_type(lists: Sequence[Type]) -> Type:
    parts = [sequence_element(each, "seqs", position) for position, each in enumerate(lists)]
    if any(kind(each) != "list" for each in lists):
        return "dynamic"
    common = unify(parts)
    return "dynamic" if common is None else ["list", common]


@_add(
    "flatten",
    "The elements, with every list among them replaced by its own elements, however deep.",
    looked_into("list"),
    examples=('flatten([["a", "b"], [], [["c"]]])',),
)
def _flatten(items: object) -> object:
    elements(items, "list")
    found: list[object] = []
    is_marked = is_unknown = False
    queue: list[object] = [items]
    seen = 0
    while queue:
        each = queue.pop()
        bare, was_marked = unmark(each)
        if isinstance(bare, list):
            is_marked |= was_marked
            seen += len(bare)
            limit_length(seen)
            queue.extend(reversed(bare))
            continue
        if isinstance(bare, Unknown) and kind(bare.type) in ("list", "set", "tuple", "dynamic"):
            is_unknown = True
        found.append(each)
    return mark(Unknown("dynamic", not_null=False) if is_unknown else found, is_marked)


@_add(
    "reverse",
    "The elements from last to first.",
    looked_into("list"),
    infer=lambda items: list_like(items),
    examples=('reverse(["a", "b", "c"])',),
)
def _reverse(items: object) -> object:
    return same_kind(reversed(elements(items, "list")), items)


@_add(
    "slice",
    "The elements from *start_index* up to, and not including, *end_index*.",
    looked_into("list"),
    number("start_index"),
    number("end_index"),
    infer=lambda items, start, end: _slice_type(items),
    examples=('slice(["a", "b", "c", "d"], 1, 3)',),
)
def _slice(items: object, start: Number, end: Number) -> object:
    found = sequence(items, "list")
    first, last = whole(start, "start_index", 1), whole(end, "end_index", 2)
    if first < 0:
        raise refuse('"start_index" must not be negative', 1)
    if last > len(found):
        raise refuse(f'"end_index" must not be greater than the length, {len(found)}', 2)
    if first > last:
        raise refuse('"start_index" must not be greater than "end_index"', 1)
    return same_kind(found[first:last], found)


def _slice_type(of: Type) -> Type:
    sequence_element(of, "list")
    return list_like(of)


@_add(
    "chunklist",
    "The elements in lists of *size*; the last may be shorter. A size of 0 means one list.",
    looked_into("list", ["list", "dynamic"]),
    number("size"),
    returns=["list", ["list", "dynamic"]],
    infer=lambda items, size: ["list", items],
    examples=('chunklist(["a", "b", "c"], 2)',),
)
def _chunklist(items: TypedList, size: Number) -> object:
    width = whole(size, "size", 1)
    if width < 0:
        raise refuse('"size" must not be negative', 1)
    step = width or max(len(items), 1)
    chunks = [TypedList(items[at : at + step], items.element) for at in range(0, len(items), step)]
    return TypedList(chunks, ["list", items.element])


@_add(
    "range",
    "Numbers from a start (0 by default) up to, and not including, a limit, in steps (1 by "
    "default): `range(limit)`, `range(start, limit)`, `range(start, limit, step)`.",
    variadic=number("params"),
    returns=["list", "number"],
    examples=("range(3)", "range(1, 4)", "range(1, 8, 2)"),
)
def _range(*numbers_given: Number) -> object:
    from reconciler.language.numbers import add

    start, limit, step = _range_of(numbers_given)
    found: list[object] = []
    at = start
    while (at < limit) if step > 0 else (at > limit):
        if len(found) == MAX_RANGE:
            raise refuse(f"more than {MAX_RANGE} numbers are not made; use larger steps")
        found.append(at)
        at = add(at, step)
    return TypedList(found, "number")


def _range_of(given: Sequence[Number]) -> tuple[Number, Number, Number]:
    match given:
        case (limit,):
            return 0, limit, 1 if limit >= 0 else -1
        case (start, limit):
            return start, limit, 1 if limit >= start else -1
        case (start, limit, step):
            if step == 0 and start != limit:
                raise refuse("the step must not be zero", 2)
            if (step > 0) == (limit < start) and limit != start:
                raise refuse("the step leads away from the limit", 2)
            return start, limit, step
    raise refuse("one, two or three numbers are required: a limit, a start and a step")
