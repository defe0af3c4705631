"""Layout: where blanks stand, as `terraform fmt` has it.

Only blanks change, and what `rewrite` says. Lines are neither joined nor split, and text in
heredocs and strings stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from reconciler.diagnostics import grapheme_count
from reconciler.language.rewrite import rewrite
from reconciler.language.tokens import (
    COMMENT,
    DIRECTIVE,
    END_HEREDOC,
    END_QUOTE,
    END_SEQUENCE,
    HEREDOC,
    INTERPOLATION,
    LITERAL,
    NAME,
    NEWLINE,
    NUMBER,
    QUOTE,
    STRING,
    Token,
    tokenize,
)

_CHANGE = {kind: 1 for kind in ("(", "[", "{", INTERPOLATION, DIRECTIVE)}
_CHANGE |= {kind: -1 for kind in (")", "]", "}", END_SEQUENCE)}

_NO_SPACE_AFTER = frozenset((LITERAL, QUOTE, HEREDOC))
_NO_SPACE_BEFORE = frozenset((LITERAL, END_QUOTE, END_HEREDOC))
_BEFORE_NEGATION = frozenset(
    (
        *("", "(", "{", "[", "=", ":", ",", "?", "+", "*", "/", "%", "-", "==", "!=", ">", ">="),
        *("<", "<=", "&&", "||", "!"),
    )
)


def lay_out(text: str) -> str:
    """Lay out a text that is known to be well-formed."""
    text = _ended(text)
    lines = [_Line(each) for each in _lines(rewrite(tokenize(text)))]
    _indent(lines)
    for line in lines:
        _space(line.lead)
        _space(line.value)
    _align(lines, lambda line: line.value, lambda line: line.lead)
    _align(lines, lambda line: line.comment, lambda line: [*line.lead, *line.value])
    return "".join(line.written() for line in lines)


_BLANKS_AT_END = re.compile(r"(?<=\n)[ \t]+\Z")


def _ended(text: str) -> str:
    """The text with a line end at its end, unless there is nothing in it."""
    text = _BLANKS_AT_END.sub("", text.removeprefix("\ufeff"))
    if not text.strip(" \t"):
        return ""
    return text if text.endswith("\n") else f"{text}\n"


class _Line:
    """One line in three cells: what leads, the equals sign with a value, the comment."""

    __slots__ = ("comment", "lead", "value")

    def __init__(self, tokens: list[Token]) -> None:
        self.lead = tokens
        self.value: list[Token] = []
        self.comment: list[Token] = []
        if len(tokens) > 1 and tokens[-1].kind == COMMENT:
            self.lead, self.comment = tokens[:-1], tokens[-1:]
        for index, token in enumerate(self.lead):
            if index > 0 and token.kind == "=":
                # A value of several lines is not aligned with the others.
                if sum(_CHANGE.get(each.kind, 0) for each in self.lead[index:]) == 0:
                    self.lead, self.value = self.lead[:index], self.lead[index:]
                break

    def written(self) -> str:
        tokens = (*self.lead, *self.value, *self.comment)
        return "".join([" " * token.spaces + token.text for token in tokens])


def _lines(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    line: list[Token] = []
    for token in tokens:
        line.append(token)
        if token.kind == NEWLINE or (token.kind == COMMENT and token.text.endswith("\n")):
            yield line
            line = []
    if line:
        yield line


def _indent(lines: Sequence[_Line]) -> None:
    """Indent by two for every line that leaves brackets open, however many it leaves open."""
    opened: list[int] = []
    for line in lines:
        first = line.lead[0]
        if first.kind == NEWLINE:
            continue
        change = _net_change(line.lead)
        if change < 0:
            _close(opened, -change)
        first.spaces = 2 * len(opened)
        if change > 0:
            opened.append(change)


def _net_change(tokens: Sequence[Token]) -> int:
    """How many more brackets are opened than closed before any heredoc."""
    change = 0
    for token in tokens:
        change += _CHANGE.get(token.kind, 0)
        if token.kind == HEREDOC:
            break
    return change


def _close(opened: list[int], closed: int) -> None:
    while closed > 0 and opened:
        if closed >= opened[-1]:
            closed -= opened.pop()
        else:
            opened[-1] -= closed
            closed = 0


def _space(tokens: Sequence[Token]) -> None:
    """Put a blank, or none, between the tokens of a cell."""
    before, left, is_in = "", "", False
    for token in tokens:
        right = token.kind
        if left:
            token.spaces = _spaces(before, left, right, is_in)
        before, left, is_in = left, right, token.text == "in"


@cache
def _spaces(before: str, left: str, right: str, is_in: bool) -> int:
    """How many blanks stand between two kinds of tokens; *is_in*: the left one is the word in."""
    return 1 if _has_space(before, left, right, is_in) else 0


def _has_space(before: str, left: str, right: str, is_in: bool) -> bool:
    if right == NEWLINE or (left == NAME and right == "("):
        return False
    if "." in (left, right) or right in (",", "..."):
        return False
    if "::" in (left, right):
        return COMMENT in (left, right)
    if left == ",":
        return True
    if left in _NO_SPACE_AFTER or right in _NO_SPACE_BEFORE:
        return False
    if left == NAME and is_in and before == NAME:
        return True
    if right == "[" and (left in (NAME, NUMBER) or _CHANGE.get(left, 0) < 0):
        return False
    if left == "!":
        return False
    if left == "-":
        return before not in _BEFORE_NEGATION
    return _has_space_at_bracket(left, right)


def _has_space_at_bracket(left: str, right: str) -> bool:
    if left == "{" or right == "}":
        return not (left == "{" and right == "}")
    if left in (INTERPOLATION, DIRECTIVE) and right == "{":
        return True
    if left == "}" and right == END_SEQUENCE:
        return True
    if left == END_SEQUENCE and right in (INTERPOLATION, DIRECTIVE):
        return False
    return _CHANGE.get(left, 0) <= 0 and _CHANGE.get(right, 0) >= 0


_Cell = Callable[[_Line], Sequence[Token]]


def _align(lines: Sequence[_Line], cell: _Cell, before: _Cell) -> None:
    """Move the cells of successive lines to one column, a blank behind the longest line."""
    run: list[_Line] = []
    for line in (*lines, None):
        if line is not None and cell(line):
            run.append(line)
            continue
        if len(run) == 1:
            cell(run[0])[0].spaces = 1
        elif run:
            columns = [_columns(before(each)) for each in run]
            widest = max(columns)
            for each, column in zip(run, columns, strict=True):
                cell(each)[0].spaces = widest - column + 1
        run = []


def _columns(tokens: Sequence[Token]) -> int:
    return sum(token.spaces + _width(token) for token in tokens)


def _width(token: Token) -> int:
    text = token.text
    if token.kind == STRING and not text.isascii():
        # An accent does not become one with a quote.
        return 2 + grapheme_count(text[1:-1])
    return grapheme_count(text)
