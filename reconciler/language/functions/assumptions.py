"""Assumptions: functions that hold a value against what is promised about it.

For a known value the promise is checked. An unknown value is believed to keep it.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.frozen import replace
from reconciler.language.equality import equals
from reconciler.language.functions.function import Family, Parameter, number, refuse, text
from reconciler.language.functions.strings import whole
from reconciler.language.numbers import Number
from reconciler.language.types import Type
from reconciler.language.values import Unknown

FUNCTIONS = Family()
_add = FUNCTIONS.add


@_add(
    "assumenotnull",
    "The value, which must not be null.",
    Parameter("value", unknown="any", marks="inside"),
    examples=('assumenotnull("hello")',),
)
def _assumenotnull(value: object) -> object:
    return replace(value, not_null=True) if isinstance(value, Unknown) else value


@_add(
    "assumeequal",
    "The value, which must equal what is expected.",
    Parameter("value", is_nullable=True, unknown="any", marks="inside"),
    Parameter("expected", is_nullable=True),
    examples=('assumeequal("a", "a")',),
)
def _assumeequal(value: object, expected: object) -> object:
    if equals(value, expected) is False:
        raise refuse("the value is not what was assumed", 0)
    return expected if isinstance(value, Unknown) else value


@_add(
    "assumestringprefix",
    "The text, which must begin with *prefix*.",
    Parameter("str", "string", unknown="any"),
    text("prefix"),
    returns="string",
    examples=('assumestringprefix("hello", "he")',),
)
def _assumestringprefix(value: str | Unknown, prefix: str) -> object:
    if isinstance(value, Unknown):
        return replace(value, prefix=max(value.prefix, prefix, key=len), origin=None)
    if not value.startswith(prefix):
        raise refuse(f'the text does not begin with "{prefix}", as was assumed', 0)
    return value


_WORDS = {"list": "elements", "set": "elements", "map": "elements"}


def _length_functions(word: str) -> None:
    of: Type = [word, "dynamic"]
    items = Parameter(word, of, unknown="any", marks="inside")

    @_add(
        f"assume{word}length",
        f"The {word}, which must have at least *min* and at most *max* {_WORDS[word]}.",
        items,
        number("min"),
        number("max"),
        returns=of,
        examples=(_example(word, "", "1, 2"),),
    )
    def _between(value: Sequence[object], least: Number, most: Number) -> object:
        return _checked(value, whole(least, "min", 1), whole(most, "max", 2))

    @_add(
        f"assume{word}lengthmin",
        f"The {word}, which must have at least *min* {_WORDS[word]}.",
        items,
        number("min"),
        returns=of,
        examples=(_example(word, "min", "1"),),
    )
    def _least(value: Sequence[object], least: Number) -> object:
        return _checked(value, whole(least, "min", 1), None)

    @_add(
        f"assume{word}lengthmax",
        f"The {word}, which must have at most *max* {_WORDS[word]}.",
        items,
        number("max"),
        returns=of,
        examples=(_example(word, "max", "2"),),
    )
    def _most(value: Sequence[object], most: Number) -> object:
        return _checked(value, 0, whole(most, "max", 1))


def _example(word: str, limit: str, numbers: str) -> str:
    value = "{ a = 1 }" if word == "map" else "[1, 2]"
    return f"assume{word}length{limit}({value}, {numbers})"


def _checked(value: Sequence[object] | Unknown, least: int, most: int | None) -> object:
    if isinstance(value, Unknown):
        return replace(value, lower=least, upper=most, origin=None)
    if len(value) < least:
        raise refuse(f"the length is {len(value)}, and at least {least} was assumed", 0)
    if most is not None and len(value) > most:
        raise refuse(f"the length is {len(value)}, and at most {most} was assumed", 0)
    return value


for _word in ("list", "map", "set"):
    _length_functions(_word)
