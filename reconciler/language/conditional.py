"""Conditional: the two branches of `? :` as one type, and the choice between them."""

from __future__ import annotations

from decimal import Decimal

from reconciler.language.convert import convert
from reconciler.language.equality import is_definitely_not_null
from reconciler.language.marks import mark, unmark, unmark_deep
from reconciler.language.mistakes import ValueMistake
from reconciler.language.operators import bounds, finite
from reconciler.language.types import (
    Type,
    a_type,
    element_type,
    is_convertible,
    kind,
    type_of,
    unify,
)
from reconciler.language.values import (
    SetValue,
    TypedList,
    TypedMap,
    Unknown,
    is_null,
    limit_parts,
    null_of,
)


def choose(condition: object, then: object, otherwise: object) -> object:
    """`condition ? then : otherwise`, where both branches have a value.

    Raises:
        ValueMistake: the condition is not a truth value, or the branches have no type in common.
    """
    decision, is_marked = unmark_deep(condition)
    bare_then, then_marked = unmark(then)
    bare_otherwise, otherwise_marked = unmark(otherwise)
    result_type = branch_type(bare_then, bare_otherwise)
    known = decide(decision)
    if isinstance(known, Unknown):
        result: object = _undecided(bare_then, bare_otherwise, result_type)
    else:
        result = _as_type(bare_then if known else bare_otherwise, result_type)
    return mark(result, is_marked or then_marked or otherwise_marked)


def decide(condition: object) -> bool | Unknown:
    """The truth value of an unmarked condition."""
    if isinstance(condition, bool):
        return condition
    if is_null(condition):
        raise ValueMistake("the condition is null", summary="Null condition")
    try:
        answer = convert(condition, "bool")
    except ValueMistake as mistake:
        raise ValueMistake(mistake.text, summary="Incorrect condition type") from None
    assert isinstance(answer, (bool, Unknown)), "conversion gives a truth value"
    return answer


def branch_type(then: object, otherwise: object) -> Type:
    """The type of the conditional; what the branch not chosen is of counts as well."""
    if then is None:
        return type_of(otherwise)
    if otherwise is None:
        return type_of(then)
    if type(then) is type(otherwise) and isinstance(then, (str, bool, int)):
        return type_of(then)
    limit_parts([then, otherwise])
    types = [type_of(then), type_of(otherwise)]
    result = unify(types)
    if result is None:
        raise ValueMistake(_inconsistent(*types), summary="Inconsistent conditional result types")
    return result


def _inconsistent(then: Type, otherwise: Type) -> str:
    words = a_type(then), a_type(otherwise)
    if words[0] == words[1]:
        return f"both results are {words[0]}, but of types that do not go together"
    return f"the true result is {words[0]}, the false result is {words[1]}"


def _as_type(value: object, of: Type) -> object:
    try:
        return convert(value, of)
    except ValueMistake as mistake:
        raise ValueMistake(
            f"the result cannot be converted to {a_type(of)}: {mistake.text}",
            summary="Inconsistent conditional result types",
        ) from None


def _undecided(then: object, otherwise: object, of: Type) -> object:
    """What is known of the result while the condition is not: sometimes all of it."""
    if is_null(then) and is_null(otherwise):
        return null_of(of)
    not_null = is_definitely_not_null(then) and is_definitely_not_null(otherwise)
    if not not_null or not is_convertible(type_of(then), of):
        return Unknown(of, not_null=not_null)
    if of == "number":
        branches = [convert(each, "number") for each in (then, otherwise)]
        low = min(bounds(each)[0] for each in branches)
        high = max(bounds(each)[1] for each in branches)
        if low == high:
            return low
        return Unknown(of, lower=finite(low), upper=finite(high))
    if kind(of) in ("list", "set", "map") and type_of(then) == type_of(otherwise) == of:
        return _undecided_collection(then, otherwise, of)
    return Unknown(of)


def _undecided_collection(then: object, otherwise: object, of: Type) -> object:
    lengths = [length_bounds(each) for each in (then, otherwise)]
    lows = [low for low, _ in lengths]
    highs = [high for _, high in lengths]
    upper = None if None in highs else max(high for high in highs if high is not None)
    return of_known_length(Unknown(of, lower=min(lows), upper=upper))


def of_known_length(value: Unknown) -> object:
    """The collection itself, its elements unknown, where its length says all there is to say."""
    length, of = value.lower or 0, value.type
    if length != value.upper or length > _MAX_SPELLED:
        return value
    items = [Unknown(element_type(of), not_null=False)] * int(length)
    match kind(of):
        case "list":
            return TypedList(items, element_type(of))
        case "set" if length <= 1:
            return SetValue(items, element_type(of))
        case "map" if length == 0:
            return TypedMap({}, element_type(of))
    return value


_MAX_SPELLED = 1024


def length_bounds(value: object) -> tuple[int | Decimal, int | Decimal | None]:
    """The least and the greatest length that a collection, known or not, can have."""
    if isinstance(value, Unknown):
        return value.lower or 0, value.upper
    assert isinstance(value, (list, dict)), "only collections have a length"
    return len(value), len(value)
