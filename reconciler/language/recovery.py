"""Recovery: what can be read of a stretch with mistakes, and what exactly is wrong with the rest.

The stretch is cut into its blocks and arguments by their brackets and, where these do not match,
by indentation. Each is looked at as if the others were not there. One that cannot be read is made
a comment of the same length, and so offsets and slots stay what they are; what is left of the
stretch is read like any other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from reconciler.language.check import MISSING_LINE_BREAK, shared_line
from reconciler.language.headers import Headers
from reconciler.language.outline import Outline
from reconciler.language.pieces import Piece, add_argument, body_around, tear
from reconciler.language.problems import Problem
from reconciler.language.scan import COMMENT, MARKS
from reconciler.language.separators import Separators, is_separator
from reconciler.language.shaping import Shaping
from reconciler.language.words import MAX_WORDS, Word, Words, split_words

MAX_ITEMS = 2000
"""Of a stretch with more items than this, only the first mistake is told and nothing is read."""

MAX_PROBLEMS = 100
"""After so many mistakes the rest of a stretch is not looked at."""

MAX_DEPTH = 20
"""How deep blocks in blocks are looked into."""

_NOTHING_UNREAD = (-1, True)

_BLANKED = {ord(mark): COMMENT for mark in MARKS}


class Recovery:
    """One stretch, taken apart.

    *bad* are the offsets of words that are malformed, which has been reported; what *open_from*
    begins is never closed, which has been reported too. *margin* is how far the first line is
    indented.
    """

    def __init__(
        self,
        skeleton: str,
        bad: Sequence[int],
        *,
        open_from: int | None = None,
        margin: int = 0,
        cache_folder: str | None,
    ) -> None:
        self.problems: list[Problem] = []
        self.pieces: list[Piece] = []
        self.unread: list[tuple[int, int]] = []
        """What nothing could be made of."""
        self._text = list(skeleton)
        self._bad = sorted(bad)
        self._open_from = open_from
        self._cache_folder = cache_folder
        self._arguments: list[tuple[Word, int]] = []
        """Names of arguments whose value could not be read, and where it ends."""
        self._nameless: list[tuple[int, int]] = []
        self._unclosed: set[int] = set()
        self._told: set[int] = set()
        """Where a line break is missing that has been reported."""
        self._left = MAX_ITEMS
        found = Words()
        words = split_words(skeleton, 0, len(skeleton), found)
        self._skeleton = skeleton
        self._words = _with_bad_characters(words, found.problems, skeleton)
        self._outline = Outline(skeleton, self._words, margin)
        self._torn: list[int] = []
        if len(words) <= MAX_WORDS:
            self._mend_headers(margin)
        if len(words) > MAX_WORDS:
            self.problems += found.problems[-1:]
            self.unread.append((0, len(skeleton)))
        else:
            self._run()

    def _run(self) -> None:
        items = list(self._items(0, len(self._words), 0, -1))
        for first, last, _ in items:
            start, end = self._words[first].start, self._words[last - 1].end
            if not self._is_blank(start, end):
                self._keep(start, end)
        if self._is_enough:
            self.unread.append((self._words[items[-1][0]].start, len(self._text)))

    def _mend_headers(self, margin: int) -> None:
        headers = Headers(self._text, self._words, self._outline, set(self._bad))
        self._words = headers.mend(lambda text: self._shaping(text).shape.problems)
        self._outline = Outline(self._skeleton, self._words, margin)
        self.problems += headers.problems
        self.unread += headers.unread
        self._torn = headers.torn

    @property
    def _is_enough(self) -> bool:
        """Whether so much has been looked at, or found wrong, that more would take too long."""
        return self._left < 0 or len(self.problems) > MAX_PROBLEMS

    # -- cutting

    def _items(
        self, start: int, end: int, depth: int, outer: int
    ) -> Iterator[tuple[int, int, bool]]:
        """The items between two words, each after it has been looked at; whether it can be read.

        *outer* is how far the block around them is indented.
        """
        index, after = start, _NOTHING_UNREAD
        before: list[tuple[int, int]] = []
        while index < end and not self._is_enough:
            if self._words[index].kind == "newline":
                index += 1
                continue
            self._left -= 1
            last, is_balanced = self._outline.end_of_item(index, end)
            if last == index:
                last = self._outline.line_end(index, end)
                self._take_out_orphans(before, index)
            elif not is_balanced or self._outline.ends_askew(index, last):
                last = self._outline.resynchronized(
                    index, end, is_flat=self._outline.indent(index) <= outer
                )
                is_balanced = False
            if after is _NOTHING_UNREAD and self._shares_line(index, start):
                self.problems.append(shared_line(self._words[index]))
            before.append((index, len(self.problems)))
            is_read = self._look_at(index, last, depth, is_balanced, after)
            is_line = is_balanced and self._outline.line_end(index, last) == last
            after = _NOTHING_UNREAD if is_read else (self._outline.indent(index), is_line)
            if not is_read:
                last = self._take_out(index, last, end, depth, is_sure=is_balanced)
            yield index, last, is_read
            index = last

    def _shares_line(self, index: int, start: int) -> bool:
        """Whether an item begins on the line on which a block before it ends."""
        words = self._words
        return index > start and words[index].kind == "name" and words[index - 1].kind == "}"

    def _take_out_orphans(self, before: list[tuple[int, int]], closer: int) -> None:
        """Make a comment of the items before a bracket that closes nothing, if they are indented:
        they stand in a block whose first line is missing."""
        first = len(before)
        while first and self._outline.indent(before[first - 1][0]) > self._outline.indent(closer):
            first -= 1
        if first < len(before):
            index, problems = before[first]
            stretch = self._words[index].start, self._words[closer - 1].end
            self._blank(*stretch)
            self.unread.append(stretch)
            del self.problems[problems:]
            del before[first:]

    def _look_at(
        self, first: int, last: int, depth: int, is_balanced: bool, after: tuple[int, bool]
    ) -> bool:
        """Report what is wrong with an item; whether it can be read, perhaps in part.

        *after* is how far the item before it is indented, and whether it is one whole line, if
        that could not be read.
        """
        words = self._words
        start, end = words[first].start, words[last - 1].end
        is_bad = self._is_bad(start, end)
        found = self._problems(start, end) if is_balanced and not is_bad else []
        found = self._mend_separators(first, last, found, is_top=depth == 0)
        found = self._without_breaks(start, end, found)
        if is_balanced and not is_bad and not found:
            return True
        opener = self._outline.opener_of_block(first, last)
        if opener is not None and depth < MAX_DEPTH:
            return self._look_into(first, opener, last, depth)
        if not is_bad and not self._is_remainder(first, last, *after):
            self.problems += found or self._problems(start, end)
        return False

    def _look_into(self, first: int, opener: int, last: int, depth: int) -> bool:
        """Look at every item of a block, and then at what is left of the block itself."""
        words = self._words
        start, end = words[first].start, words[last - 1].end
        is_closed = self._outline.is_closed(first, opener, last)
        inner_end = last - 1 if is_closed else last
        inner = list(self._items(opener + 1, inner_end, depth + 1, self._outline.indent(first)))
        if self._is_bad(start, words[opener].end):
            return False
        found = self._without_breaks(start, end, self._problems(start, end))
        if found and is_closed:
            self.problems += found
            for item_first, item_last, _ in inner:
                item = words[item_first].start, words[item_last - 1].end
                if any(item[0] <= each.start < item[1] for each in found):
                    self._blank(*item)
                    self._nameless.append(item)
            return not self._problems(start, end)
        if found and not self._is_open(start, end):
            self.problems += found
        if found and depth == 0:
            self._unclosed.add(start)
        return not found or depth == 0 or self._close(start, last)

    def _close(self, start: int, last: int) -> bool:
        """Close a block in a block behind its last word; whether there is room and all is well."""
        end = self._words[last - 1].end
        if "".join(self._text[end : end + 3]) != "\n  ":
            return False
        self._text[end : end + 3] = "\n}\n"
        if not self._problems(start, end + 2):
            return True
        self._text[end : end + 3] = "\n  "
        return False

    def _without_breaks(self, start: int, end: int, found: list[Problem]) -> list[Problem]:
        """Report line breaks that are missing, if nothing else is wrong; what is wrong then.

        They hide nothing: what they should stand between has been read.
        """
        while found and all(each.summary == MISSING_LINE_BREAK for each in found):
            self.problems += found
            self._told |= {each.start for each in found}
            found = self._problems(start, end)
        return found

    def _mend_separators(
        self, first: int, last: int, found: list[Problem], *, is_top: bool
    ) -> list[Problem]:
        """Report wrong separators and put right ones in their place; what else is wrong then."""
        start, end = self._words[first].start, self._words[last - 1].end
        separators = Separators(self._text, self._words, self._outline, first, last)
        while not self._is_enough:
            wrong = next((each for each in found if is_separator(each, self._text)), None)
            if wrong is None or not separators.mend(wrong.start, is_top=is_top):
                break
            self.problems.append(wrong)
            found = self._problems(start, end)
        return found

    def _is_remainder(self, first: int, last: int, indent: int, is_line: bool) -> bool:
        """Whether an item can only be the rest of the one before it, which cannot be read."""
        if indent < 0:
            return False
        words = self._words
        if words[first].kind in (")", "]", "}"):
            return not is_line
        is_name = words[first].kind == "name" and last - first > 1
        if is_name and words[first + 1].kind in ("=", "{", "string"):
            return False
        return self._outline.indent(first) > indent or not self._outline.sets(first, last)

    def _is_bad(self, start: int, end: int) -> bool:
        """Whether a malformed word stands there that has not been taken out."""
        at = bisect_left(self._bad, start)
        while at < len(self._bad) and self._bad[at] < end:
            if self._text[self._bad[at]] != COMMENT:
                return True
            at += 1
        return False

    def _is_open(self, start: int, end: int) -> bool:
        """Whether something in a stretch is never closed: nothing comes after that."""
        is_last = end == self._words[-1].end
        return (
            self._open_from is not None
            and start <= self._open_from
            and (is_last or self._open_from < end)
        )

    def _problems(self, start: int, end: int) -> list[Problem]:
        """What is wrong with what is left of a stretch, read as if it stood alone."""
        problems = self._shaping("".join(self._text[start:end])).shape.problems
        return self._untold(start, problems)

    def _untold(self, start: int, problems: Sequence[Problem]) -> list[Problem]:
        moved = [each.moved(start) for each in problems]
        return [
            each
            for each in moved
            if each.summary != MISSING_LINE_BREAK or each.start not in self._told
        ]

    def _shaping(self, text: str) -> Shaping:
        shaping = Shaping(text, self._cache_folder)
        shaping.make(is_body=True)
        return shaping

    # -- taking out

    def _take_out(self, first: int, last: int, end: int, depth: int, *, is_sure: bool) -> int:
        """Make a comment of an item and the lines that can only belong to it; where these end.

        Unless it *is_sure*, what was meant to come after the item may be among its lines.
        """
        words = self._words
        is_argument = self._outline.begins_argument(first, last)
        base, at = self._outline.indent(first), last
        for start in self._outline.line_starts(last, end):
            if start < at:
                continue
            kind, indent = words[start].kind, self._outline.indent(start)
            if kind == "{" and indent >= base:
                at = self._outline.end_of_item(start, end)[0]
            elif indent > base or (indent == base and kind in (")", "]", "}") and at > last):
                at = self._outline.line_end(start, end)
            else:
                break
        stretch = words[first].start, words[at - 1].end
        self._blank(*stretch)
        if is_argument:
            self._arguments.append((words[first], stretch[1]))
        has_lines = "\n" in self._skeleton[slice(*stretch)]
        if not is_argument or (has_lines and not (is_sure and self._outline.is_one(first, last))):
            self._nameless.append(stretch)
        if depth == 0 or has_lines or not is_argument:
            self.unread.append(stretch)
        return at

    def _blank(self, start: int, end: int) -> None:
        for at in range(start, end):
            char = self._text[at]
            self._text[at] = char if char == "\n" else _BLANKED.get(ord(char), " ")

    def _is_blank(self, start: int, end: int) -> bool:
        blanks = (" ", "\n", COMMENT)
        return all(self._text[at] in blanks for at in range(start, end))

    # -- keeping

    def _keep(self, start: int, end: int) -> None:
        """Make a piece of what is left of an item."""
        closing = "\n}" if start in self._unclosed else ""
        shape = self._shaping("".join(self._text[start:end]) + closing).shape
        if self._untold(start, shape.problems) or shape.body is None:
            self.unread.append((start, end))
            return
        for name, value_end in self._arguments:
            if start < name.start < end:
                add_argument(shape, name, start, value_end)
        for first, last in self._nameless:
            if start < first < end:
                body_around(shape.body, first - start).unread += ((first - start, last - start),)
        for at in self._torn:
            if start <= at < end:
                tear(shape.body, at - start)
        self.pieces.append(Piece(start, end, shape))


def _with_bad_characters(
    words: list[Word], problems: Sequence[Problem], skeleton: str
) -> list[Word]:
    """The words of a skeleton, with runs of characters that are no part of the language."""
    if not problems:
        return words
    starts = {each.start for each in words}
    found = list(words)
    for each in problems:
        end = each.end
        while end < len(skeleton) and not skeleton[end].isspace() and end not in starts:
            end += 1
        found.append(Word("bad", each.start, end, skeleton[each.start : end]))
    return sorted(found, key=lambda word: word.start)
