"""Refusal: says in the user's terms why a parse could not go on at a word.

The grammar tells at which word it stopped, and that place is right; which words it would have
taken says little to a person. What is missing is read off the words around the place instead.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.language.problems import Problem
from reconciler.language.words import OPERANDS, Word

_STARTS = frozenset(("name", "string", "number", "heredoc", "(", "[", "{", "!"))
"""Words that begin an expression and cannot go on with one."""

_CLOSERS = {"(": ")", "[": "]", "{": "}"}

_OPERATORS = frozenset(
    ("+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||", "?", ":", "!", "=>")
)

MISSING_NAME = "Missing name"
MISPLACED_COMMA = "Misplaced comma"
BETWEEN_ARGUMENTS = "Arguments are separated by line breaks, not by commas."

_LIST = "list"
_INDEX = "index"
_CALL = "call"
_PARENTHESES = "parentheses"
_OBJECT = "object"
_FOR = "for"
_BLOCK = "block"
_ALONE = "expression"
"""The parentheses that were put around an expression that stands alone."""


def refusal(words: Sequence[Word], index: int) -> Problem:
    """Say what is wrong at `words[index]`, or after the last word."""
    return _Refusal(words, index).problem()


class _Refusal:
    """The place a parse stopped at, with what is open there."""

    def __init__(self, words: Sequence[Word], index: int) -> None:
        self.words = words
        self.index = index
        self.word = words[index] if index < len(words) else None
        self.before = words[index - 1] if index > 0 else None
        self.opened = _open_brackets(words, index)
        self.inside = self.opened[-1][1] if self.opened else _BLOCK
        self.opener = self.opened[-1][0] if self.opened else None

    def problem(self) -> Problem:
        if self.opener is None and self._in_header():
            return self._header()
        if self.inside == _BLOCK and self._in_header():
            return self._header()
        if self._misses_value():
            return self._missing_value()
        kind = self.word.kind if self.word is not None else "newline"
        if self.inside == _FOR and (found := self._for()) is not None:
            return found
        if kind == "=":
            return self._equals()
        if kind in ("...", "=>", "::", "."):
            return self._symbol(kind)
        if self._has_open_question() and kind not in _STARTS:
            detail = "After ? and its value comes : and the other value: condition ? yes : no."
            return self._at("Incomplete condition", detail)
        if self.inside == _OBJECT and (found := self._object(kind)) is not None:
            return found
        return self._separator(kind)

    def _at(self, summary: str, detail: str) -> Problem:
        """The problem is the word itself, or the end of the word before if there is none."""
        word = self.word
        if word is not None and word.kind != "newline" and not _is_artificial(word):
            return Problem(word.start, word.end, summary, detail)
        end = self.before.end if self.before is not None else 0
        return Problem(end, end, summary, detail)

    def _in_header(self) -> bool:
        """Whether the place is where an argument or a block begins, before any value."""
        index = self.index - 1
        while index >= 0:
            word = self.words[index]
            if word.kind == "=" or _is_artificial(word):
                return False
            if word.kind == "newline" or word is self.opener:
                return True
            if word.kind not in ("name", "string", "dotname", "number", "heredoc", "}"):
                return False
            index -= 1
        return True

    def _header(self) -> Problem:
        word, before = self.word, self.before
        started = before is not None and before.kind != "newline" and before is not self.opener
        if not started:
            return self._no_item()
        assert before is not None
        name = before.text if before.kind == "name" else ""
        if before.kind == "}":
            detail = "Every argument and every block begins on a line of its own."
            return self._at("Missing line break", detail)
        if word is None or word.kind in ("newline", "}"):
            detail = "Give an argument a value (name = value), or a block a body in braces."
            return Problem(before.start, before.end, "Incomplete argument or block", detail)
        if word.kind == ":":
            return self._at("Colon instead of equals sign", "An argument is set with =.")
        if word.kind == "=":
            detail = "A block takes no equals sign; an argument takes no labels."
            return self._at("Misplaced equals sign", detail)
        if word.kind == "dotname":
            detail = "The name of an argument has no dots in it."
            return self._at("Invalid argument name", detail)
        detail = f"After {name or 'this'} comes = and a value (an argument), or labels and a body "
        detail += "in braces (a block)."
        return self._at("Missing equals sign or brace", detail)

    def _no_item(self) -> Problem:
        shown = _shown(self.word)
        detail = f"An argument or block begins with its name, not with {shown}."
        return self._at(MISSING_NAME, detail)

    def _misses_value(self) -> bool:
        before = self.before
        if before is None or before.kind in ("...", "newline"):
            return False
        if before.kind in OPERANDS and before.rendered not in ("in", "if"):
            return False
        if self.word is not None and self.word.kind in (*_STARTS, "-"):
            return False
        is_opener = before.kind in _CLOSERS
        if is_opener and self.word is not None and self.word.kind == _CLOSERS[before.kind]:
            return before.kind == "(" or self.inside == _INDEX
        return True

    def _missing_value(self) -> Problem:
        before = self.before
        assert before is not None
        if before.kind == "=":
            detail = "A value must follow the equals sign."
        elif before.kind == ",":
            detail = "A comma must be followed by another item or by the closing bracket."
        elif before.kind in _CLOSERS:
            detail = f"A value was expected here, not {_shown(self.word)}."
        elif before.kind == "name":
            detail = f"A value must follow {before.text}."
        else:
            detail = f"A value must follow {before.text}, not {_shown(self.word)}."
        if self.word is None or self.word.kind == "newline" or _is_artificial(self.word):
            return Problem(before.start, before.end, "Missing value", detail)
        return self._at("Missing value", detail)

    def _before_begins_anew(self) -> bool:
        """Whether the word before could only be the beginning of another argument or value."""
        if self.index < 2 or self.before is None or self.before.kind not in _STARTS:
            return False
        return self.words[self.index - 2].kind in OPERANDS

    def _equals(self) -> Problem:
        if self.inside == _FOR and self.opener is not None and self.opener.kind == "{":
            detail = "In {for ...} the key and the value are joined by =>."
            return self._at("Misplaced equals sign", detail)
        detail = "A single = sets an argument and is no operator. To compare, write ==."
        return self._at("Misplaced equals sign", detail)

    def _symbol(self, kind: str) -> Problem:
        if kind == "...":
            detail = "... stands after the last argument of a call, or after the value of a {for}."
            return self._at("Misplaced ...", detail)
        if kind == "=>":
            detail = "=> joins key and value in {for key, value in map : key => value}."
            return self._at("Misplaced =>", detail)
        if kind == "::":
            return self._at("Misplaced ::", ":: stands in names of functions only.")
        return self._at("Invalid attribute name", "A name must follow the dot.")

    def _has_open_question(self) -> bool:
        depth = questions = 0
        for word in reversed(self.words[: self.index]):
            if word.kind in (")", "]", "}"):
                depth += 1
            elif word.kind in _CLOSERS:
                depth -= 1
                if depth < 0:
                    break
            elif depth == 0 and word.kind == "?":
                questions += 1
            elif depth == 0 and word.kind == ":":
                questions -= 1
            elif depth == 0 and word.kind in ("newline", ",", "="):
                break
        return questions > 0

    def _object(self, kind: str) -> Problem | None:
        index = self.index - 1
        while index >= 0 and self.words[index].kind not in ("newline", ",", "=", ":"):
            if self.words[index] is self.opener:
                break
            index -= 1
        has_key_only = index < 0 or self.words[index].kind in ("newline", ",", "{")
        if has_key_only and kind != "=":
            detail = "An item of an object is written key = value."
            return self._at("Missing equals sign", detail)
        return None

    def _for(self) -> Problem | None:
        assert self.opener is not None
        start = next(i for i in range(self.index) if self.words[i] is self.opener) + 1
        seen = [word.rendered for word in self.words[start : self.index]]
        if "in" not in seen:
            detail = "Write [for item in list : value] or {for key, value in map : key => value}."
            return self._at("Incomplete for expression", detail)
        if ":" not in seen:
            detail = "After the collection of a for expression comes : and the value."
            return self._at("Incomplete for expression", detail)
        if self.opener.kind == "{" and "=>" not in seen:
            detail = "{for ...} needs a key and a value: {for item in list : key => value}."
            return self._at("Incomplete for expression", detail)
        if self.opener.kind == "[" and self.word is not None and self.word.kind == "=>":
            detail = "[for ...] makes a list and takes no key. For an object use {for ...}."
            return self._at("Misplaced =>", detail)
        if self.word is not None and self.word.kind == ",":
            detail = "A for expression is the only item between its brackets."
            return self._at("Misplaced comma", detail)
        return None

    def _separator(self, kind: str) -> Problem:
        if kind == "," and self.inside == _BLOCK:
            return self._at(MISPLACED_COMMA, BETWEEN_ARGUMENTS)
        if kind == "," and self.inside == _CALL:
            detail = "Nothing may follow an argument with ... in a call."
            return self._at("Misplaced comma", detail)
        if kind == ",":
            return self._at("Misplaced comma", "A comma stands between items of [] or {} only.")
        if self.inside == _LIST:
            return self._at("Missing comma", "Separate the items of a list by commas.")
        if self.inside == _CALL:
            return self._at("Missing comma", "Separate the arguments of a call by commas.")
        if self.inside in (_PARENTHESES, _INDEX) and self.opener is not None:
            closer = _CLOSERS[self.opener.kind]
            detail = f"Add an operator before {_shown(self.word)}, or {closer} to close the "
            return self._at("Missing operator", f"{detail}{self.inside}.")
        if self.inside == _ALONE:
            detail = f"The expression ends before {_shown(self.word)}. Is an operator missing?"
            return self._at("Missing operator", detail)
        if self.inside == _BLOCK:
            if kind == "newline" and self._before_begins_anew():
                return _Refusal(self.words, self.index - 1).problem()
            detail = (
                f"The value ends before {_shown(self.word)}. Add an operator, or begin a new line "
                "for the next argument."
            )
            return self._at("Missing line break or operator", detail)
        return self._at("Unexpected word", f"{_shown(self.word)} cannot stand here.")


def _is_artificial(word: Word) -> bool:
    return word.start == word.end


def _shown(word: Word | None) -> str:
    if word is None or word.kind == "newline":
        return "the end of the line"
    if _is_artificial(word):
        return "the end"
    if word.kind in ("string", "heredoc"):
        return "a text"
    if word.kind == "number":
        return "a number"
    return "a dot" if word.kind == "dotname" else word.text


def _open_brackets(words: Sequence[Word], index: int) -> list[tuple[Word, str]]:
    """The brackets that are open before a word, outermost first, with what each of them is."""
    opened: list[tuple[Word, str]] = []
    for place, word in enumerate(words[:index]):
        if word.kind in _CLOSERS:
            opened.append((word, _meaning(words, place, opened)))
        elif word.kind in (")", "]", "}") and opened:
            opened.pop()
    return opened


def _meaning(words: Sequence[Word], place: int, opened: Sequence[tuple[Word, str]]) -> str:
    word = words[place]
    before = words[place - 1].kind if place > 0 else ""
    follower = words[place + 1] if place + 1 < len(words) else None
    if follower is not None and follower.rendered == "for" and word.kind != "(":
        return _FOR
    if word.start == word.end:
        return _ALONE
    if word.kind == "(":
        return _CALL if before == "name" else _PARENTHESES
    if word.kind == "[":
        return _INDEX if before in OPERANDS else _LIST
    is_value = (opened and opened[-1][1] != _BLOCK) or before not in OPERANDS
    return _OBJECT if is_value else _BLOCK
