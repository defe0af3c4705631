"""Strings: functions that take text apart and put it together."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from reconciler.diagnostics import graphemes
from reconciler.language.frame import MAX_TEXT
from reconciler.language.functions.function import (
    Family,
    Parameter,
    list_of,
    number,
    refuse,
    text,
)
from reconciler.language.numbers import Number, is_whole
from reconciler.language.values import TypedList, Unknown

FUNCTIONS = Family()
_add = FUNCTIONS.add


def whole(value: Number, name: str, argument: int) -> int:
    """The number as `int`, where nothing else will do."""
    if not is_whole(value):
        raise refuse(f'"{name}" must be a whole number', argument)
    return int(value)


def _map_letters(value: str, change: Callable[[str], str]) -> str:
    if value.isascii():
        return change(value)
    return "".join(_one_letter(each, change(each)) for each in value)


def _one_letter(letter: str, changed: str) -> str:
    """The changed letter where it still is one: a small \"\u00df\" has no capital."""
    if len(changed) == 1:
        return changed
    titled = letter.title()
    return titled if len(titled) == 1 and changed[0] != letter else letter


@_add(
    "upper",
    "Turns every letter into a capital.",
    text(),
    returns="string",
    examples=('upper("hello")', 'upper("straße")'),
)
def _upper(value: str) -> str:
    return _map_letters(value, str.upper)


@_add(
    "lower",
    "Turns every letter into a small one.",
    text(),
    returns="string",
    examples=('lower("HELLO")',),
)
def _lower(value: str) -> str:
    return "i".join(_map_letters(part, str.lower) for part in value.split("İ"))


@_add(
    "title",
    "Turns the first letter of every word into a capital.",
    text(),
    returns="string",
    examples=('title("hello world")',),
)
def _title(value: str) -> str:
    letters: list[str] = []
    starts_word = True
    for each in value:
        letters.append(_one_letter(each, each.title()) if starts_word else each)
        starts_word = _separates(each)
    return "".join(letters)


def _separates(letter: str) -> bool:
    if letter.isascii():
        return not (letter.isalnum() or letter == "_")
    if letter.isalpha() or unicodedata.category(letter) == "Nd":
        return False
    return letter.isspace()


@_add(
    "chomp",
    "Removes the line ends at the end.",
    text(),
    returns="string",
    examples=('chomp("hello\\n")',),
)
def _chomp(value: str) -> str:
    return value.rstrip("\r\n")


@_add(
    "trim",
    "Removes the characters of *cutset* from both ends.",
    text(),
    text("cutset"),
    returns="string",
    examples=('trim("?!hello?!", "!?")',),
)
def _trim(value: str, cutset: str) -> str:
    return value.strip(cutset) if cutset else value


_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


@_add(
    "trimspace",
    "Removes white space from both ends.",
    text(),
    returns="string",
    examples=('trimspace("  hello\\n\\n")',),
)
def _trimspace(value: str) -> str:
    return value.strip(_SPACE)


@_add(
    "trimprefix",
    "Removes *prefix* from the start, once, if it is there.",
    text(),
    text("prefix"),
    returns="string",
    examples=('trimprefix("helloworld", "hello")',),
)
def _trimprefix(value: str, prefix: str) -> str:
    return value.removeprefix(prefix)


@_add(
    "trimsuffix",
    "Removes *suffix* from the end, once, if it is there.",
    text(),
    text("suffix"),
    returns="string",
    examples=('trimsuffix("helloworld", "world")',),
)
def _trimsuffix(value: str, suffix: str) -> str:
    return value.removesuffix(suffix) if suffix else value


@_add(
    "startswith",
    "Whether the text begins with *prefix*.",
    Parameter("str", "string", unknown="any"),
    text("prefix"),
    returns="bool",
    examples=('startswith("hello world", "hello")',),
)
def _startswith(value: str | Unknown, prefix: str) -> object:
    if not isinstance(value, Unknown):
        return value.startswith(prefix)
    if value.prefix.startswith(prefix):
        return True
    return Unknown("bool") if prefix.startswith(value.prefix) else False


@_add(
    "endswith",
    "Whether the text ends with *suffix*.",
    text(),
    text("suffix"),
    returns="bool",
    examples=('endswith("hello world", "world")',),
)
def _endswith(value: str, suffix: str) -> bool:
    return value.endswith(suffix)


@_add(
    "strcontains",
    "Whether *substr* stands somewhere in the text.",
    text(),
    text("substr"),
    returns="bool",
    examples=('strcontains("hello world", "wor")',),
)
def _strcontains(value: str, part: str) -> bool:
    return part in value


@_add(
    "strrev",
    "The text from its last character to its first.",
    text(),
    returns="string",
    examples=('strrev("hello")',),
)
def _strrev(value: str) -> str:
    return "".join(reversed(graphemes(value)))


@_add(
    "substr",
    "A part of the text: *length* characters from *offset* on. A negative offset counts from the "
    "end, a length of -1 means everything that follows.",
    text(),
    number("offset"),
    number("length"),
    returns="string",
    examples=('substr("hello world", 1, 4)', 'substr("hello world", -5, -1)'),
)
def _substr(value: str, offset: Number, length: Number) -> str:
    start, count = whole(offset, "offset", 1), whole(length, "length", 2)
    characters = graphemes(value)
    if start < 0:
        start = max(start + len(characters), 0)
        count = count or -1  # Terraform takes 0 for everything here
    end = len(characters) if count < 0 else start + count
    return "".join(characters[start:end])


@_add(
    "split",
    "The parts of the text between occurrences of *separator*.",
    text("separator"),
    text(),
    returns=["list", "string"],
    examples=('split(",", "a,b,c")',),
)
def _split(separator: str, value: str) -> TypedList:
    return TypedList(value.split(separator) if separator else value, "string")


@_add(
    "join",
    "The elements of one or more lists, with *separator* between them.",
    text("separator"),
    variadic=list_of("lists", "string"),
    returns="string",
    examples=('join(", ", ["a", "b"])',),
)
def _join(separator: str, *lists: TypedList) -> str:
    if not lists:
        raise refuse("at least one list is required")
    items: list[str] = []
    for position, each in enumerate(lists, 1):
        for index, item in enumerate(each):
            if not isinstance(item, str):
                raise refuse(f"element {index} is null, and null cannot be joined", position)
            items.append(item)
    check_length(sum(map(len, items)) + len(separator) * len(items))
    return separator.join(items)


def check_length(length: int) -> None:
    """Refuse to make a text of *length* characters if that is too many."""
    if length > MAX_TEXT:
        raise refuse(f"the text would have more than {MAX_TEXT // 1024 // 1024} MiB")


@_add(
    "indent",
    "Puts *spaces* blanks before every line but the first.",
    number("spaces"),
    text(),
    returns="string",
    examples=('indent(2, "[\\n  foo,\\n]")',),
)
def _indent(spaces: Number, value: str) -> str:
    width = whole(spaces, "spaces", 0)
    if width < 0:
        raise refuse('"spaces" must not be negative', 0)
    lines = value.count("\n")
    check_length(len(value) + width * lines)
    return value.replace("\n", "\n" + " " * width) if lines else value


@_add(
    "replace",
    "Puts *replace* in the place of every *substr*. Between slashes, *substr* is a pattern, and "
    "`$1` or `${name}` in *replace* stands for what a group of it matched.",
    text(),
    text("substr"),
    text("replace"),
    returns="string",
    examples=('replace("1 + 2 + 3", "+", "-")', 'replace("hello world", "/w.*d/", "everybody")'),
)
def _replace(value: str, part: str, replacement: str) -> str:
    if len(part) > 1 and part.startswith("/") and part.endswith("/"):
        from reconciler.language.functions.patterns import replace_pattern

        return replace_pattern(value, part[1:-1], replacement)
    times = value.count(part)
    check_length(len(value) + times * (len(replacement) - len(part)))
    return value.replace(part, replacement)


@_add(
    "sort",
    "The elements as text, in the order of their code points.",
    Parameter("list", ["list", "string"], unknown="inside"),
    returns=["list", "string"],
    examples=('sort(["e", "d", "a"])',),
)
def _sort(items: TypedList) -> object:
    if any(isinstance(each, Unknown) for each in items):
        return TypedList([Unknown("string") for _ in items], "string")
    if not all(isinstance(each, str) for each in items):
        raise refuse("an element is null, and null has no place in an order", 0)
    return TypedList(sorted(items, key=str), "string")


@_add(
    "compact",
    "The elements without those that are empty or null.",
    list_of("list", "string"),
    returns=["list", "string"],
    examples=('compact(["a", "", "b", null])',),
)
def _compact(items: TypedList) -> TypedList:
    return TypedList([each for each in items if isinstance(each, str) and each], "string")
