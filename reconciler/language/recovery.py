"""Recovery: looks at a refused body item by item, to find more than its first mistake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.language.problems import Problem
from reconciler.language.refusal import MISSING_NAME
from reconciler.language.shaping import Shaping
from reconciler.language.words import Word, Words, split_words

MAX_ITEMS = 2000
"""Bodies with more items than this are not looked at one by one."""


def problems_by_item(
    skeleton: str, cache_folder: str | None, *, is_nested: bool = False
) -> list[Problem]:
    """The problems of every item of a body, found as if the others were not there.

    A block that is wrong is taken apart once more, so that each of its arguments gets its own.
    """
    words = split_words(skeleton, 0, len(skeleton), Words())
    items = list(_items(words))
    if len(items) > MAX_ITEMS:
        return []
    found: list[Problem] = []
    for item in items:
        start, end = item[0].start, item[-1].end
        text = skeleton[start:end]
        problems = Shaping(text, cache_folder).make(is_body=True).problems
        if problems and not is_nested and (braces := _braces(item)) is not None:
            inner_start, inner_end = braces
            inner = skeleton[inner_start:inner_end]
            nested = problems_by_item(inner, cache_folder, is_nested=True)
            problems = [each.moved(inner_start - start) for each in nested] or problems
        found += [each.moved(start) for each in problems]
    # The rest of an item that was broken in the middle has no name; that is no news.
    return [each for each in found if each.summary != MISSING_NAME]


def _items(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """The stretches between line breaks outside of all brackets."""
    depth = first = 0
    for index, word in enumerate(words):
        if word.kind in ("(", "[", "{"):
            depth += 1
        elif word.kind in (")", "]", "}"):
            depth = max(depth - 1, 0)
        elif word.kind == "newline" and depth == 0:
            if index > first:
                yield words[first:index]
            first = index + 1
    if first < len(words):
        yield words[first:]


def _braces(item: Sequence[Word]) -> tuple[int, int] | None:
    """Where the body of a block of several lines begins and ends, if the item is one."""
    for index, word in enumerate(item):
        if word.kind == "{":
            is_multi_line = index + 1 < len(item) and item[index + 1].kind == "newline"
            if not is_multi_line or item[-1].kind != "}":
                return None
            return word.end, item[-1].start
        if word.kind not in ("name", "string"):
            return None
    return None
