"""Separators: commas and semicolons that stand where something else separates, put right."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.language.outline import Outline
from reconciler.language.problems import Problem
from reconciler.language.refusal import BETWEEN_ARGUMENTS, MISPLACED_COMMA
from reconciler.language.words import Word, is_operand


def is_separator(problem: Problem, text: Sequence[str]) -> bool:
    """Whether a problem is one of what separates things."""
    is_comma = problem.summary == MISPLACED_COMMA and problem.detail == BETWEEN_ARGUMENTS
    return is_comma or (problem.start < len(text) and text[problem.start] == ";")


class Separators:
    """Those of one item, from word *first* to before *last*; *text* is what is changed."""

    def __init__(
        self, text: list[str], words: Sequence[Word], outline: Outline, first: int, last: int
    ) -> None:
        self._text = text
        self._words = words
        self._outline = outline
        self._first = first
        self._last = last

    def mend(self, offset: int, *, is_top: bool) -> bool:
        """Put a right separator in the place of a wrong one; whether that could be done.

        *is_top*: the item is in no block.
        """
        words, text = self._words, self._text
        around = self._outline.bracket_around(self._first, self._last, offset)
        if text[offset] == ";" and not self._could_be(offset, around):
            return False
        if around is None or self._is_block(around):
            if around is None or words[around + 1].kind == "newline":
                text[offset] = "\n"
                return True
            # One on one line holds no second argument; in a block it may be meant as an object.
            brace = self._outline.brace_of_block(self._first, self._last)
            opened = words[around].end
            closed = words[self._outline.closer_of(around, self._last)].start - 1
            if not is_top or brace != around or text[opened] != " " or text[closed] != " ":
                return False
            text[offset] = text[opened] = text[closed] = "\n"
        else:
            text[offset] = ","
        return True

    def _is_block(self, bracket: int) -> bool:
        words = self._words
        return words[bracket].kind == "{" and words[bracket - 1].kind in ("name", "string")

    def _could_be(self, offset: int, around: int | None) -> bool:
        """Whether something ends before an offset, and something else begins behind it."""
        words, first, last = self._words, self._first, self._last
        at = next((each for each in range(first, last) if words[each].start >= offset), last)
        if at == first or not is_operand(words[at - 1]):
            return False
        after = [each.kind for each in words[at + 1 : min(at + 3, last)]]
        if not after or after[0] in ("newline", ")", "]", "}"):
            is_begun = True
        elif around is not None and words[around].kind != "{":
            is_begun = after[0] in ("string", "number", "[", "{")
        else:
            is_begun = len(after) > 1 and after[1] in ("=", ":", "{")
        return is_begun and (self._is_value(at, around))

    def _is_value(self, at: int, around: int | None) -> bool:
        """Whether what stands before a word of a list or a body is no name, but a value."""
        words = self._words
        if around is not None and words[around].kind != "{":
            return True
        while at > self._first and words[at - 1].kind not in ("newline", ","):
            at -= 1
            if words[at].kind in ("=", ":") or at - 1 == around:
                return words[at].kind in ("=", ":")
        return False
