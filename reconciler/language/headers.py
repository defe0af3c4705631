"""Headers: first lines of blocks that are wrong, mended where it is plain what was meant.

What the block holds can then be read. Offsets stay what they are: words are made blanks, line
breaks become braces, and what was an indented line is one still.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from reconciler.language.check import misplaced_brace
from reconciler.language.outline import Outline
from reconciler.language.problems import Problem
from reconciler.language.scan import COMMENT, MARKS
from reconciler.language.words import Word

_LABELS = frozenset(("name", "string"))
_LITTER = frozenset(("bad", ",", "=", ":", ".", "dotname", "number"))
"""What may stand by mistake between the labels of a block, or behind them."""

FindProblems = Callable[[str], Sequence[Problem]]
"""Says what is wrong with a text that stands alone."""


class Headers:
    """The mended words of a stretch, and its text as a list of characters, which is changed.

    *bad* are the offsets of malformed strings, which have been reported.
    """

    def __init__(
        self, text: list[str], words: Sequence[Word], outline: Outline, bad: Collection[int]
    ) -> None:
        self.text = text
        self.problems: list[Problem] = []
        self.torn: list[int] = []
        """Where blocks begin whose labels are not what was meant."""
        self.unread: list[tuple[int, int]] = []
        """Their headers."""
        self._words = words
        self._outline = outline
        self._bad = bad
        self._instead: dict[int, tuple[Word, ...]] = {}
        """What takes the place of a word."""

    def mend(self, find_problems: FindProblems) -> list[Word]:
        """Mend every header that is wrong; the words there are then."""
        words = self._words
        for at, word in enumerate(words):
            if word.kind == "name" and (at == 0 or words[at - 1].kind == "newline"):
                self._look_at(at, find_problems)
        if not self._instead:
            return list(words)
        return [each for at, word in enumerate(words) for each in self._instead.get(at, (word,))]

    def _look_at(self, first: int, find_problems: FindProblems) -> None:
        words = self._words
        stop = first + 1
        while stop < len(words) and words[stop].kind in (*_LABELS, *_LITTER):
            stop += 1
        is_joined = stop > first + 1 and words[first].end == words[first + 1].start
        if is_joined and words[first + 1].kind not in ("=", ":"):
            return  # Even the type is not sure.
        litter = [at for at in range(first + 1, stop) if words[at].kind not in _LABELS]
        torn = [at for at in range(first + 1, stop) if words[at].start in self._bad]
        kind = words[stop].kind if stop < len(words) else ""
        if kind == "{" and not litter and self._has_second_brace(stop):
            self._drop(stop + 1)
        elif kind == "{" and (litter or torn) and self._is_header(first, stop, litter):
            self._clear(first, stop, litter, find_problems)
        elif kind == "newline" and not litter:
            is_mended = self._join_brace(stop) or self._add_brace(
                first, stop, find_problems, is_told=bool(torn)
            )
            if not is_mended:
                return
        elif kind in ("(", "[") and not litter and self._is_alone(stop):
            if not self._begins_item(self._after_newlines(stop + 1)):
                return
            self._make_braces(first, stop)
        else:
            return
        if torn or any(self._is_label(words[at]) for at in litter):
            self.unread.append((words[first].start, words[stop - 1].end))
            self.torn.append(words[first].start)
            for at in torn:
                self._drop(at)

    def _has_second_brace(self, brace: int) -> bool:
        """Report a brace that stands behind the one of a block; whether there is one."""
        words = self._words
        if brace + 2 >= len(words) or words[brace + 1].kind != "{" or not self._is_alone(brace + 1):
            return False
        second = words[brace + 1]
        detail = "The body of a block stands in one pair of braces. Remove this one."
        self.problems.append(Problem(second.start, second.end, "Extra opening bracket", detail))
        return True

    def _is_header(self, first: int, stop: int, litter: Sequence[int]) -> bool:
        """Whether a line with litter in it is no argument, and no part of an expression."""
        words = self._words
        if words[first].text in ("for", "in", "if"):
            return False
        kinds = [words[at].kind for at in range(first + 1, stop)]
        if kinds[0] in ("=", ":"):
            return len(kinds) > 1 and all(kind == "string" for kind in kinds[1:])
        has_label = "string" in kinds or kinds[0] == "name"
        return has_label or all(words[at].kind == "bad" for at in litter)

    def _clear(
        self, first: int, stop: int, litter: Sequence[int], find_problems: FindProblems
    ) -> None:
        """Take out what does not belong between the labels, and say so of each."""
        start, end = self._words[first].start, self._words[stop].end
        left = list(litter)
        if self._words[first + 1].kind in ("=", ":"):
            self.problems.append(_set_block(self._words[first + 1]))
            self._drop(left.pop(0))
        while left and (found := find_problems("".join([*self.text[start:end], "}"]))):
            self.problems.append(found[0].moved(start))
            at = next(
                (each for each in left if self._covers(each, start + found[0].start)), left[0]
            )
            left.remove(at)
            self._drop(at)
        for at in left:
            self._drop(at)

    def _is_label(self, word: Word) -> bool:
        """Whether a word that does not belong there may have been meant as a label."""
        is_text = word.kind == "bad" and any(char.isalnum() for char in word.text)
        return is_text or word.kind in ("dotname", "number")

    def _covers(self, at: int, offset: int) -> bool:
        return self._words[at].start <= offset < self._words[at].end

    def _join_brace(self, stop: int) -> bool:
        """Move a brace that stands below a header to its line; whether there is one."""
        words, brace = self._words, self._after_newlines(stop)
        if brace == len(words) or words[brace].kind != "{" or not self._is_alone(brace):
            return False
        self.problems.append(misplaced_brace(words[brace]))
        for at in range(stop, brace):
            self._drop(at)
        return True

    def _add_brace(
        self, first: int, stop: int, find_problems: FindProblems, *, is_told: bool
    ) -> bool:
        """Add a brace to a header that lacks it; whether indented lines and a brace follow."""
        words, outline = self._words, self._outline
        base, inner = outline.indent(first), self._after_newlines(stop)
        before = next((at for at in range(first - 1, -1, -1) if words[at].kind != "newline"), None)
        if inner == len(words) or outline.indent(inner) <= base:
            return False
        if before is not None and outline.indent(self._line_start(before)) > base:
            return False  # Rather the rest of what stands above.
        begins = self._begins_item(inner)
        closer = self._end_of_indented(inner, base)
        at = words[stop].start
        if not begins or closer is None or words[closer].kind != "}":
            return False
        if self.text[at + 1] not in " \t\n" or outline.indent(closer) != base:
            return False
        if not is_told:
            start = words[first].start
            found = find_problems("".join(self.text[start:at]))
            self.problems += [each.moved(start) for each in found[:1]]
        self.text[at : at + 2] = "{\n"
        self._instead[stop] = (Word("{", at, at + 1, "{"), Word("newline", at + 1, at + 2, "\n"))
        return True

    def _make_braces(self, first: int, stop: int) -> None:
        """Make a brace of another bracket that opens a block, and of the one that closes it."""
        words, opener = self._words, self._words[stop]
        detail = f"The body of a block stands in braces. Write {{ instead of {opener.kind}."
        self.problems.append(Problem(opener.start, opener.end, "Missing opening brace", detail))
        self._replace(stop, "{")
        closer = self._end_of_indented(self._after_newlines(stop + 1), self._outline.indent(first))
        if closer is not None and words[closer].kind in (")", "]"):
            self._replace(closer, "}")

    def _begins_item(self, at: int) -> bool:
        """Whether an argument or a block begins at a word."""
        end = len(self._words)
        is_argument = at < end and self._outline.begins_argument(at, end)
        return is_argument or (at < end and self._outline.brace_of_block(at, end) is not None)

    def _is_alone(self, at: int) -> bool:
        """Whether a bracket ends its line."""
        return at + 1 == len(self._words) or self._words[at + 1].kind == "newline"

    def _line_start(self, at: int) -> int:
        while at > 0 and self._words[at - 1].kind != "newline":
            at -= 1
        return at

    def _after_newlines(self, at: int) -> int:
        while at < len(self._words) and self._words[at].kind == "newline":
            at += 1
        return at

    def _end_of_indented(self, start: int, base: int) -> int | None:
        """The first word of the first line from *start* on that is indented no further."""
        for at in self._outline.line_starts(start, len(self._words)):
            if self._outline.indent(at) <= base:
                return at
        return None

    def _replace(self, at: int, bracket: str) -> None:
        word = self._words[at]
        self.text[word.start] = bracket
        self._instead[at] = (Word(bracket, word.start, word.end, bracket),)

    def _drop(self, at: int) -> None:
        word = self._words[at]
        for offset in range(word.start, word.end):
            self.text[offset] = COMMENT if self.text[offset] in MARKS else " "
        self._instead[at] = ()


def _set_block(word: Word) -> Problem:
    what = "equals sign" if word.kind == "=" else "colon"
    detail = f"A block takes no {what}; an argument takes no labels."
    return Problem(word.start, word.end, f"Misplaced {what}", detail)
