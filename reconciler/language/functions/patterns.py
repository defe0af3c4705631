"""Patterns: functions that search text by regular expressions, with a limit on time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

import regex

from reconciler.language.functions.function import Family, Parameter, refuse, text
from reconciler.language.functions.lists import limit_length
from reconciler.language.functions.pattern_syntax import translate
from reconciler.language.functions.strings import check_length
from reconciler.language.rendering import composed
from reconciler.language.types import Type
from reconciler.language.values import MAX_PARTS, TypedList, TypedNull, Unknown

FUNCTIONS = Family()
_add = FUNCTIONS.add

TIMEOUT_S = 1.0
"""How long one call may search."""


class Pattern:
    """A compiled pattern and the names of its groups."""

    def __init__(self, source: str) -> None:
        translation = translate(source)
        self.names = translation.names
        try:
            self.compiled = regex.compile(translation.pattern)
        except (regex.error, OverflowError) as error:
            raise refuse(f"the pattern is not right: {error}", 0) from None
        except RecursionError:
            raise refuse("the pattern is nested too deeply", 0) from None

    def search(self, value: str, at: int, until: float) -> regex.Match[str] | None:
        """The first match from *at* on, found before the clock shows *until*."""
        left = until - time.monotonic()
        try:
            if left > 0:
                return self.compiled.search(value, at, timeout=left)
        except TimeoutError:
            pass
        raise refuse(f"the search took longer than {TIMEOUT_S:g} s", 0)

    def all(self, value: str) -> Iterator[regex.Match[str]]:
        """Every match; an empty one right after another match does not count."""
        until = time.monotonic() + TIMEOUT_S
        at, last_end = 0, -1
        while at <= len(value):
            found = self.search(value, at, until)
            if found is None:
                return
            if found.end() > found.start() or found.start() != last_end:
                yield found
            last_end = found.end()
            at = found.end() if found.end() > at else at + 1

    @property
    def result_type(self) -> Type:
        """The type of one match: text, a tuple of groups, or an object of named groups."""
        if not self.names:
            return "string"
        named = [name for name in self.names if name is not None]
        if not named:
            return ["tuple", ["string"] * len(self.names)]
        if len(named) < len(self.names):
            raise refuse("groups with and without a name cannot be mixed", 0)
        return ["object", dict.fromkeys(sorted(named), "string")]

    def result(self, match: regex.Match[str]) -> object:
        """What one match is as a value."""
        if not self.names:
            return composed(match[0])
        groups = [_group(each) for each in match.groups()]
        if self.names[0] is None:
            return groups
        return {str(name): each for name, each in zip(self.names, groups, strict=True)}


def _group(found: str | None) -> object:
    return TypedNull("string") if found is None else composed(found)


@lru_cache(maxsize=256)
def _pattern(source: str) -> Pattern:
    return Pattern(source)


@_add(
    "regex",
    "The first match of a pattern: the text, or its groups as a tuple, or named groups as an "
    "object. No match is an error.",
    text("pattern"),
    Parameter("string", "string", unknown="any"),
    examples=(
        'regex("[a-z]+", "53453453.345345aaabbbccc23454")',
        'regex("(?P<year>\\\\d+)-(?P<month>\\\\d+)", "2019-02-01")',
    ),
)
def _regex(source: str, value: str | Unknown) -> object:
    pattern = _pattern(source)
    of = pattern.result_type
    if isinstance(value, Unknown):
        return Unknown(of)
    match = next(pattern.all(value), None)
    if match is None:
        raise refuse("the pattern does not match the text", 1)
    return pattern.result(match)


@_add(
    "regexall",
    "A list of all matches of a pattern, each as `regex` would return it.",
    text("pattern"),
    Parameter("string", "string", unknown="any"),
    returns=["list", "dynamic"],
    examples=('regexall("[a-z]+", "1234abcd5678efgh9")',),
)
def _regexall(source: str, value: str | Unknown) -> object:
    pattern = _pattern(source)
    if isinstance(value, Unknown):
        return Unknown(["list", pattern.result_type])
    found = [pattern.result(each) for each in islice(pattern.all(value), MAX_PARTS + 1)]
    limit_length(len(found) * max(len(pattern.names), 1))
    return TypedList(found, pattern.result_type)


def replace_pattern(value: str, source: str, replacement: str) -> str:
    """*value* with every match of a pattern replaced; `$1` and `${name}` stand for its groups."""
    pattern = _pattern(source)
    parts = list(_replacement_parts(replacement, pattern))
    pieces: list[str] = []
    length = last_end = 0
    for match in pattern.all(value):
        pieces.append(value[last_end : match.start()])
        pieces.extend(each if isinstance(each, str) else match[each] or "" for each in parts)
        last_end = match.end()
        length += sum(map(len, pieces[-len(parts) - 1 :]))
        check_length(length)
    return "".join([*pieces, value[last_end:]])


_REFERENCE = regex.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")


def _replacement_parts(replacement: str, pattern: Pattern) -> Iterator[str | int]:
    """Literal text, and the numbers of the groups to put between."""
    at = 0
    for match in _REFERENCE.finditer(replacement):
        yield replacement[at : match.start()]
        at = match.end()
        if match[1]:
            yield "$"
            continue
        name = match[2] or match[3]
        if name in pattern.names:
            yield pattern.names.index(name) + 1
        elif name.isdecimal() and len(name) < 10 and int(name) <= len(pattern.names):
            yield int(name)
    yield replacement[at:]
