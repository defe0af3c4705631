"""Conversion: functions that change a value's type or mark, or ask whether it works at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reconciler.language.convert import conversion_type, convert, require_convertible
from reconciler.language.frame import Frame
from reconciler.language.functions.function import Family, Parameter, refuse
from reconciler.language.marks import mark, unmark
from reconciler.language.mistakes import Mistake, ValueMistake
from reconciler.language.nodes import Call
from reconciler.language.types import Type
from reconciler.language.values import Sensitive, Unknown, contains_unknown, limit_parts

FUNCTIONS = Family()
_add = FUNCTIONS.add

_ANY = Parameter("v", is_nullable=True, unknown="any", marks="any")


def _converter(name: str, target: Type, description: str, examples: tuple[str, ...]) -> None:
    @_add(name, description, _ANY, returns=target, examples=examples)
    def _convert(value: object) -> object:
        try:
            bare, is_marked = unmark(value)
            limit_parts(bare)
            if isinstance(bare, Unknown):
                require_convertible(bare.type, target)
                return mark(Unknown(conversion_type(bare.type, target), not_null=False), is_marked)
            return convert(value, target)
        except ValueMistake as mistake:
            if mistake.summary is not None:
                raise
            raise ValueMistake(
                f'the value for "v" is not right: {mistake.text}',
                summary="Invalid function argument",
                argument=0,
            ) from None


_converter(
    "tostring",
    "string",
    "The value as text. Numbers and truth values have one; null stays null.",
    ("tostring(1)", "tostring(true)"),
)
_converter(
    "tonumber",
    "number",
    "The number that a text spells in decimal.",
    ('tonumber("1.50")',),
)
_converter(
    "tobool",
    "bool",
    'The truth value that a text spells: "true" or "false".',
    ('tobool("true")',),
)
_converter(
    "tolist",
    ["list", "dynamic"],
    "The elements as a list, all of one type.",
    ('tolist(["a", 1])',),
)
_converter(
    "toset",
    ["set", "dynamic"],
    "The distinct elements as a set, all of one type.",
    ('toset(["b", "a", "b"])',),
)
_converter(
    "tomap",
    ["map", "dynamic"],
    "The attributes as a map, all of one type.",
    ('tomap({ a = 1, b = "x" })',),
)


@_add(
    "sensitive",
    "The same value, never to be shown.",
    Parameter("value", is_nullable=True, unknown="any", marks="any"),
    examples=('issensitive(sensitive("a"))',),
)
def _sensitive(value: object) -> object:
    return mark(value)


@_add(
    "nonsensitive",
    "The same value, free to be shown.",
    Parameter("value", is_nullable=True, unknown="any", marks="any"),
    examples=('nonsensitive(sensitive("a"))',),
)
def _nonsensitive(value: object) -> object:
    return unmark(value)[0]


@_add(
    "issensitive",
    "Whether the value itself is never to be shown.",
    Parameter("value", is_nullable=True, unknown="any", marks="any"),
    returns="bool",
    examples=("issensitive(1)", 'issensitive(sensitive("a"))'),
)
def _issensitive(value: object) -> object:
    if isinstance(value, Sensitive):
        return True
    return Unknown("bool") if isinstance(value, Unknown) else False


@_add(
    "ephemeralasnull",
    "The value itself; values that only live for one run would be null, and there are none here.",
    Parameter("value", is_nullable=True, unknown="any", marks="any"),
    examples=('ephemeralasnull("a")',),
)
def _ephemeralasnull(value: object) -> object:
    return value


@_add(
    "try",
    "The first of the expressions that has a value and not an error.",
    variadic=Parameter("expressions"),
    examples=('try({ a = 1 }.b, "none")',),
    is_lazy=True,
)
def _try(frame: Frame, node: Call, arguments: Sequence[Callable[[Frame], object]]) -> object:
    if not arguments:
        raise refuse("at least one expression is required")
    mistakes: list[Mistake] = []
    for each in arguments:
        try:
            value = each(frame)
        except Mistake as mistake:
            if not mistake.is_catchable:
                raise
            mistakes.append(mistake)
            continue
        if contains_unknown(value):
            return Unknown("dynamic", not_null=False)
        return value
    details = "; ".join(mistake.detail.rstrip(".") for mistake in mistakes)
    raise refuse(f"none of the expressions has a value: {details}")


@_add(
    "can",
    "Whether the expression has a value and not an error.",
    Parameter("expression"),
    returns="bool",
    examples=('can(tonumber("x"))',),
    is_lazy=True,
)
def _can(frame: Frame, node: Call, arguments: Sequence[Callable[[Frame], object]]) -> object:
    if len(arguments) != 1:
        raise refuse("exactly one expression is required")
    try:
        value = arguments[0](frame)
    except Mistake as mistake:
        if not mistake.is_catchable:
            raise
        return False
    return Unknown("bool") if contains_unknown(value) else True


@_add(
    "convert",
    "The value as the type that is written as in a variable block.",
    Parameter("value"),
    Parameter("type"),
    examples=('convert("true", bool)', 'convert(["a", "a"], set(string))'),
    is_lazy=True,
)
def _convert(frame: Frame, node: Call, arguments: Sequence[Callable[[Frame], object]]) -> object:
    from reconciler.language.constraints import constraint_at

    if len(arguments) != 2:
        raise refuse("a value and a type are required")
    constraint = constraint_at(frame, node.arguments[1])
    return convert(constraint.with_defaults(arguments[0](frame)), constraint.type)
