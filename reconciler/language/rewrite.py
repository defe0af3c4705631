"""Rewrite: what formatting changes besides blanks: quotes that say nothing, and those missing.

Labels get quotes, a string that is one interpolation becomes the expression in it, and the old
ways of writing the type of a variable become the new ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reconciler.language.tokens import (
    COMMENT,
    END_HEREDOC,
    END_QUOTE,
    END_SEQUENCE,
    HEREDOC,
    INTERPOLATION,
    NAME,
    NEWLINE,
    QUOTE,
    STRING,
    Token,
)

_OPENERS = frozenset(("(", "[", "{", QUOTE, HEREDOC, INTERPOLATION, "%{"))
_CLOSERS = frozenset((")", "]", "}", END_QUOTE, END_HEREDOC, END_SEQUENCE))

TYPES = {
    '"string"': "string",
    '"list"': "list(string)",
    '"map"': "map(string)",
    "list": "list(any)",
    "map": "map(any)",
    "set": "set(any)",
}
"""How types of variables were written once, and how they are written now."""

_WORD = re.compile(r"\w+|[()]")


def rewrite(tokens: Sequence[Token]) -> list[Token]:
    """The tokens with labels quoted, and values and types written plainly."""
    return _Rewriting(tokens).done()


class _Rewriting:
    """A walk over the items of a body and of the bodies in it."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._out: list[Token] = []
        self._index = 0
        self._blocks: list[str] = []

    def done(self) -> list[Token]:
        while self._index < len(self._tokens):
            token = self._tokens[self._index]
            if token.kind == NAME:
                self._item()
                continue
            if token.kind == "}" and self._blocks:
                self._blocks.pop()
            self._keep()
        return self._out

    def _keep(self) -> None:
        self._out.append(self._tokens[self._index])
        self._index += 1

    def _item(self) -> None:
        """An argument up to its value, or a block up to its opening brace."""
        name = self._tokens[self._index].text
        self._keep()
        while self._index < len(self._tokens):
            token = self._tokens[self._index]
            if token.kind == "=":
                self._keep()
                self._value(name)
                return
            if token.kind == "{":
                self._keep()
                self._blocks.append(name)
                return
            self._label(token)

    def _label(self, token: Token) -> None:
        if token.kind == NAME:
            self._out.append(Token(STRING, f'"{token.text}"'))
            self._index += 1
        else:
            self._keep()

    def _value(self, name: str) -> None:
        start = self._index
        end = end_of_value(self._tokens, start)
        while end > start and self._tokens[end - 1].kind == COMMENT:
            end -= 1
        while start < end and self._tokens[start].kind == COMMENT:
            self._keep()
            start += 1
        value = list(self._tokens[start:end])
        if name == "type" and self._blocks == ["variable"]:
            self._out += _plain_type(value)
        else:
            ends_line = end == len(self._tokens) or self._tokens[end].kind == NEWLINE
            self._out += _unwrapped(value, ends_line=ends_line)
        self._index = end


def end_of_value(tokens: Sequence[Token], index: int) -> int:
    """Where the expression that begins at *index* ends: at its line's end or its block's."""
    depth = 0
    while index < len(tokens):
        kind = tokens[index].kind
        if kind in _OPENERS:
            depth += 1
        elif kind in _CLOSERS:
            depth -= 1
        ends_line = kind == NEWLINE or (kind == COMMENT and tokens[index].text[:2] != "/*")
        if depth < 0 or (depth == 0 and ends_line):
            return index
        index += 1
    return index


def _plain_type(value: list[Token]) -> list[Token]:
    written = TYPES.get("".join(token.text for token in value))
    if written is None:
        return value
    return [Token(NAME if text.isalpha() else text, text) for text in _WORD.findall(written)]


def _unwrapped(value: list[Token], *, ends_line: bool) -> list[Token]:
    """The expression in a string that is one interpolation and nothing else."""
    while (inner := _interpolated(value)) is not None:
        while inner and inner[0].kind == NEWLINE:
            inner = inner[1:]
        while inner and inner[-1].kind == NEWLINE:
            inner = inner[:-1]
        if _needs_parentheses(_without_comments(inner) if ends_line else inner):
            inner = [Token("(", "("), *inner, Token(")", ")")]
        if inner[-1].kind == END_HEREDOC and not ends_line:
            # Nothing may follow the marker of a heredoc on its line.
            break
        value = inner
    return value


def _without_comments(tokens: list[Token]) -> list[Token]:
    """The tokens without the comments behind them."""
    end = len(tokens)
    while end > 1 and tokens[end - 1].kind == COMMENT:
        end -= 1
    return tokens[:end]


def _needs_parentheses(tokens: list[Token]) -> bool:
    """Whether an expression spans lines in a way that only parentheses allow, or make plain."""
    if _is_in_parentheses(tokens):
        return False
    depth = 0
    is_long = False
    for token in tokens:
        depth += (token.kind in _OPENERS) - (token.kind in _CLOSERS)
        ends_line = token.kind == NEWLINE or (token.kind == COMMENT and token.text[-1] == "\n")
        if depth == 0 and ends_line:
            return True
        is_long |= token.kind == NEWLINE
    return is_long and not (tokens[0].kind == "(" and tokens[-1].kind == ")")


def _is_in_parentheses(tokens: list[Token]) -> bool:
    """Whether the first token is a parenthesis that the last one closes."""
    if tokens[0].kind != "(" or tokens[-1].kind != ")":
        return False
    depth = 0
    for token in tokens[:-1]:
        depth += (token.kind in _OPENERS) - (token.kind in _CLOSERS)
        if depth == 0:
            return False
    return True


def _interpolated(value: list[Token]) -> list[Token] | None:
    if len(value) < 4 or value[0].kind != QUOTE or value[1].kind != INTERPOLATION:
        return None
    depth = 0
    for index, token in enumerate(value):
        if token.kind in _OPENERS:
            depth += 1
        elif token.kind in _CLOSERS:
            depth -= 1
        if depth == 1 and token.kind == END_SEQUENCE:
            return value[2:-2] if index == len(value) - 2 else None
    return None
