"""Outline: the items of a stretch with mistakes, told by brackets or else by indentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.language.check import NEVER_FIRST
from reconciler.language.words import Word

CLOSERS = {"(": ")", "[": "]", "{": "}"}
_BRACKETS = frozenset((*CLOSERS, *CLOSERS.values()))


class Outline:
    """Where items begin and end. *margin* is how far the first line of the skeleton is indented."""

    def __init__(self, skeleton: str, words: Sequence[Word], margin: int) -> None:
        self._skeleton = skeleton
        self._words = words
        self._margin = margin

    def end_of_item(self, index: int, end: int, *, is_strict: bool = False) -> tuple[int, bool]:
        """Where the line ends outside of all brackets, and whether the brackets match.

        Unless it *is_strict*, a line that can only go on with it belongs to it.
        """
        opened: list[str] = []
        for at in range(index, end):
            kind = self._words[at].kind
            if kind in CLOSERS:
                opened.append(CLOSERS[kind])
            elif kind in (")", "]", "}"):
                if not opened or opened.pop() != kind:
                    return at, False
                if not opened and self._ends_with_block(index, at, end):
                    return at + 1, True
            elif kind == "newline" and not opened and (is_strict or not self.goes_on(at, end)):
                return at, True
        return end, not opened

    def _ends_with_block(self, index: int, closer: int, end: int) -> bool:
        """Whether a block ends at a brace, and what follows on its line begins nothing."""
        if closer + 1 >= end or self._words[closer + 1].kind in ("newline", "name"):
            return False
        return self._closes_block(index, closer)

    def _closes_block(self, index: int, at: int) -> bool:
        """Whether the word at *at* closes the block that begins at *index*."""
        opener = self.brace_of_block(index, at)
        return opener is not None and self._words[at].kind == "}"

    def is_closed(self, first: int, opener: int, last: int) -> bool:
        """Whether the last word of a block is the brace that closes it.

        Where brackets do not match, indentation tells whether it is that of something in it.
        """
        closer = last - 1
        if closer <= opener or self._words[closer].kind != "}":
            return False
        if self._closed_by(opener, last) == closer:
            return True
        while self._words[closer].kind in _BRACKETS:
            closer -= 1
        is_alone = self._words[closer].kind == "newline"
        return is_alone and self.indent(closer + 1) <= self.indent(first)

    def ends_askew(self, first: int, last: int) -> bool:
        """Whether a block of several lines ends behind something else on a line."""
        opener = self.opener_of_block(first, last)
        if opener is None:
            return False
        closer = self.closer_of(opener, last)
        if closer < last - 1 or self._words[closer - 1].kind != "newline":
            return True
        after = last
        while after < len(self._words) and self._words[after].kind == "newline":
            after += 1
        # Another one, further out, is the one that was meant.
        is_followed = after < len(self._words) and self._words[after].kind == "}"
        return is_followed and self.indent(after) == self.indent(first) < self.indent(closer)

    def _closed_by(self, opener: int, end: int) -> int | None:
        """The bracket that closes the one at *opener*, if all between them match."""
        opened: list[str] = []
        for at in range(opener, end):
            kind = self._words[at].kind
            if kind in CLOSERS:
                opened.append(CLOSERS[kind])
            elif kind in (")", "]", "}"):
                if opened.pop() != kind:
                    return None
                if not opened:
                    return at
        return None

    def closer_of(self, opener: int, end: int) -> int:
        """The bracket that closes the one at *opener*, in an item whose brackets match."""
        depth = 0
        for at in range(opener, end):
            kind = self._words[at].kind
            depth += (kind in CLOSERS) - (kind in (")", "]", "}"))
            if depth == 0:
                return at
        return end - 1

    def bracket_around(self, first: int, last: int, offset: int) -> int | None:
        """The innermost bracket of an item that is open at an offset."""
        opened: list[int] = []
        for at in range(first, last):
            if self._words[at].start >= offset:
                break
            if self._words[at].kind in CLOSERS:
                opened.append(at)
            elif self._words[at].kind in (")", "]", "}") and opened:
                opened.pop()
        return opened[-1] if opened else None

    def goes_on(self, newline: int, end: int) -> bool:
        """Whether the next line begins with what can only go on with the one before."""
        at = newline
        while at < end and self._words[at].kind == "newline":
            at += 1
        return at < end and self._words[at].kind in NEVER_FIRST

    def resynchronized(self, first: int, end: int, *, is_flat: bool) -> int:
        """Where an item whose brackets do not match ends, going by indentation.

        Where nothing is indented (*is_flat*), only a closing bracket or another block can tell.
        """
        base = self.indent(first)
        is_block = self.opener_of_block(first, end) is not None
        for number, at in enumerate(self.line_starts(first + 1, end)):
            kind, indent = self._words[at].kind, self.indent(at)
            is_flat = is_flat or (number == 0 and is_block and indent <= base)
            if indent > base:
                continue
            if kind == "}" and is_block:
                return at + 1
            if kind in (")", "]", "}"):
                return self.line_end(at, end)
            begins = self.brace_of_block(at, end) is not None
            if begins or (not is_flat and self.begins_argument(at, end)):
                return self.before_newlines(at)
        return self.before_newlines(end)

    def before_newlines(self, end: int) -> int:
        while self._words[end - 1].kind == "newline":
            end -= 1
        return end

    def line_starts(self, start: int, end: int) -> Iterator[int]:
        """The words that begin a line, one after the other."""
        words = self._words
        return (
            at
            for at in range(start, end)
            if words[at - 1].kind == "newline" and words[at].kind != "newline"
        )

    def line_end(self, index: int, end: int) -> int:
        while index < end and self._words[index].kind != "newline":
            index += 1
        return index

    def indent(self, index: int) -> int:
        start = self._words[index].start
        line = self._skeleton.rfind("\n", 0, start)
        return start - line - 1 if line >= 0 else start + self._margin

    def begins_argument(self, index: int, end: int) -> bool:
        words = self._words
        return index + 1 < end and words[index].kind == "name" and words[index + 1].kind == "="

    def sets(self, index: int, end: int) -> bool:
        """Whether a line looks as if it was meant to set something, however it is written."""
        words, at = self._words, index
        while at < end and words[at].kind in ("name", "string", "number", "dotname", ".", "[", "]"):
            if at > index and words[at].kind == "name":
                return False
            at += 1
        return at > index and at < end and words[at].kind in ("=", ":", "==", "=>")

    def opener_of_block(self, index: int, end: int) -> int | None:
        """The brace of the block of several lines that begins at a word, if one does."""
        brace = self.brace_of_block(index, end)
        if brace is None:
            return None
        return brace if brace + 1 == end or self._words[brace + 1].kind == "newline" else None

    def brace_of_block(self, index: int, end: int) -> int | None:
        """The brace of the block that begins at a word, if one does."""
        words = self._words
        if words[index].kind != "name":
            return None
        while index < end and words[index].kind in ("name", "string"):
            index += 1
        return index if index < end and words[index].kind == "{" else None

    def is_one(self, first: int, last: int) -> bool:
        """Whether all line breaks of an item stand inside brackets."""
        return self.end_of_item(first, last, is_strict=True)[0] == last
