"""Tokens: every word of a well-formed text in order, nothing left out but the blanks between.

The formatter works on these. Unlike the words of a skeleton they look into strings and heredocs:
literal text is a token of its own, and so is what opens and closes an interpolation.
"""

from __future__ import annotations

import re

from reconciler.language.scan import IDENTIFIER

NAME = "name"
NUMBER = "number"
COMMENT = "comment"
"""A comment; one that ends with its line has the line end in it."""
NEWLINE = "newline"
QUOTE = "quote"
"""The quote that opens a string."""
END_QUOTE = "end quote"
HEREDOC = "heredoc"
"""The marker line of a heredoc, with its line end."""
END_HEREDOC = "end heredoc"
"""The marker that ends a heredoc, with the blanks before it."""
STRING = "string"
"""A whole string without interpolations or anything else to look into."""
LITERAL = "literal"
"""Text in any other string, or in a heredoc."""
INTERPOLATION = "${"
DIRECTIVE = "%{"
END_SEQUENCE = "end sequence"
"""The brace that closes an interpolation or directive, with its `~`."""

_CODE = re.compile(
    r"[ \t]*+(?:(?P<name>[^\W\d][\w-]*+)|(?P<newline>\r?\n)"
    r'|(?P<string>"(?:[^"\\$%\n]++|\\.|[$%](?![{$%]))*+")'
    r"|(?P<comment>(?:#|//)[^\n]*+\n?|/\*[\s\S]*?\*/)"
    rf"|(?P<heredoc><<-?(?P<marker>{IDENTIFIER})\r?\n)"
    r"|(?P<number>\d(?:\d|\.\d|\.?[eE][+-]?\d)*+)"
    r"|(?P<sequence>~\})|(?P<operator>\.\.\.|::|=>|==|!=|<=|>=|&&|\|\||.)|\Z)",
    re.DOTALL,
)
_REST_OF_NAME = re.compile(r"[\w-]*")
_QUOTED = re.compile(r'(?P<literal>(?:[^"\\$%]++|\\.|\$\$\{|%%\{|[$%](?!\{))++)')
_LINE = re.compile(r"(?P<literal>(?:[^$%\n]++|\$\$\{|%%\{|[$%](?!\{))*+\n?)")
_SEQUENCE = re.compile(r"[$%]\{~?")


_SIMPLE = frozenset((NAME, NUMBER, COMMENT, NEWLINE, STRING))


class Token:
    """One token, and how many blanks stand before it on its line."""

    __slots__ = ("kind", "spaces", "text")

    def __init__(self, kind: str, text: str) -> None:
        self.kind = kind
        self.text = text
        self.spaces = 0

    def __repr__(self) -> str:
        return f"{self.kind}:{self.text!r}"


def tokenize(text: str) -> list[Token]:
    """The tokens of a text that `parse_file` has found nothing wrong with."""
    return _Tokenizer(text).done()


class _Tokenizer:
    """Follows a text through code, strings and heredocs, whatever stands in what."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._found: list[Token] = []
        self._open: list[str | re.Pattern[str]] = []
        """What is open: `"`, a heredoc by what ends it, or a brace of code (`{` or `${`)."""

    def done(self) -> list[Token]:
        while self._position < len(self._text):
            top = self._open[-1] if self._open else "{"
            if top == '"':
                self._quoted()
            elif isinstance(top, re.Pattern):
                self._heredoc(top)
            else:
                self._code()
        return self._found

    def _code(self) -> None:
        """Take tokens until a string or heredoc begins, or an interpolation ends."""
        text, found, position = self._text, self._found, self._position
        while position < len(text):
            match = _CODE.match(text, position)
            assert match is not None, "any character is an operator"
            position = match.end()
            kind = match.lastgroup
            if kind is None:
                break
            if kind in _SIMPLE:
                found.append(Token(kind, match[kind]))
                continue
            self._position = position
            if kind == "heredoc":
                self._open_heredoc(match["heredoc"], match["marker"])
                return
            word = match[kind]
            if kind == "sequence" or (word == "}" and self._open and self._open[-1] == "${"):
                self._open.pop()
                found.append(Token(END_SEQUENCE, word))
                return
            if word == '"':
                self._open.append(word)
                found.append(Token(QUOTE, word))
                return
            self._operator(word)
            position = self._position
        self._position = position

    def _operator(self, word: str) -> None:
        if word == "{":
            self._open.append(word)
        elif word == "}":
            self._open.pop()
        elif not word.isascii():
            # One of the rare characters of names that the pattern leaves out.
            rest = _REST_OF_NAME.match(self._text, self._position)
            assert rest is not None, "it matches nothing, too"
            self._found[-1].text += word + rest.group()
            self._position = rest.end()
            return
        self._found.append(Token(word, word))

    def _open_heredoc(self, opener: str, marker: str) -> None:
        pattern = rf"[ \t]*+{re.escape(marker)}(?=[ \t\r]*+(?:\n|\Z))[ \t]*+"
        self._open.append(re.compile(pattern))
        self._found.append(Token(HEREDOC, opener))

    def _quoted(self) -> None:
        if match := _QUOTED.match(self._text, self._position):
            self._position = match.end()
            self._found.append(Token(LITERAL, match["literal"]))
        elif self._text[self._position] == '"':
            self._position += 1
            self._open.pop()
            self._found.append(Token(END_QUOTE, '"'))
        else:
            self._sequence()

    def _heredoc(self, end: re.Pattern[str]) -> None:
        at_line_start = self._text[self._position - 1] == "\n"
        if at_line_start and (match := end.match(self._text, self._position)):
            self._position = match.end()
            self._open.pop()
            self._found.append(Token(END_HEREDOC, match.group()))
            return
        match = _LINE.match(self._text, self._position)
        if match is not None and match.end() > self._position:
            self._position = match.end()
            self._found.append(Token(LITERAL, match["literal"]))
        else:
            self._sequence()

    def _sequence(self) -> None:
        match = _SEQUENCE.match(self._text, self._position)
        assert match is not None
        self._position = match.end()
        self._open.append("${")
        kind = INTERPOLATION if match.group()[0] == "$" else DIRECTIVE
        self._found.append(Token(kind, match.group()))
