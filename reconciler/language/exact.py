"""Exact: lifts the constants out of any text, however malformed, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.language.closing import (
    UNCLOSED_HEREDOC,
    end_of_line,
    open_heredoc,
    skip_code,
    skip_template,
)
from reconciler.language.scan import (
    COMMENT,
    COMMENT_PATTERN,
    HEREDOC,
    IDENTIFIER,
    MARK_OF,
    MARKS,
    NAME_PATTERN,
    NUMBER,
    NUMBER_PATTERN,
    STRING,
    TEXT,
    LexicalMistake,
)

_INTEREST = re.compile(
    rf'"|#[^\n]*+|/{COMMENT_PATTERN}|/\*|<<-?(?P<marker>{IDENTIFIER})\r?\n|(?<!\.)\.{NAME_PATTERN}'
    rf"|(?<![\w.\-])(?<![eE]\+)[0-9]{NUMBER_PATTERN}|<<|[{MARKS}]"
)


class ExactLift:
    """Skeleton and slots of a stretch of a text, whatever is in it, and every mistake of its words.

    A string that is not closed is lifted up to the end of its line, so that what follows can
    still be looked at; a heredoc or comment that is never closed takes all that is left.
    """

    __slots__ = ("_done", "_hopeless", "_parts", "is_open", "mistakes", "slots", "text")

    def __init__(self, text: str, start: int, hopeless: set[str] | None = None) -> None:
        self.text = text
        self.slots: list[str] = []
        self.mistakes: list[LexicalMistake] = []
        self.is_open = False
        """Whether a heredoc or comment is never closed."""
        self._done = start
        self._parts: list[str] = []
        self._hopeless = set() if hopeless is None else hopeless
        """Markers that close no heredoc any more; looking for them each time takes forever."""

    def follow(self, end: int) -> int:
        """Lift what begins before *end*; returns where the last of it ends, or *end*."""
        while not self.is_open and (match := _INTEREST.search(self.text, self._done, end)):
            self._lift(match, end)
        return max(self._done, end)

    def skeleton(self, end: int) -> str:
        """What is left of the text up to *end*."""
        return "".join(self._parts) + self.text[self._done : end]

    def _lift(self, match: re.Match[str], limit: int) -> None:
        start, end, word = match.start(), match.end(), match.group()
        mark = MARK_OF.get(word[0], NUMBER)
        if word in MARKS:
            mark = COMMENT
            detail = f"The character U+{ord(word):04X} is not used in the language. Remove it."
            self._mistake(start, end, "Invalid character", detail)
        elif word == "/*":
            end, mark = self._comment(start, limit), COMMENT
        elif word == "<<":
            detail = (
                "A heredoc begins with << (or <<- to remove the indentation), directly followed "
                "by a marker such as EOT and the end of the line."
            )
            self._mistake(start, end_of_line(self.text, start), "Invalid heredoc", detail)
        elif mark == STRING:
            end = self._string(start, end)
        elif mark == HEREDOC:
            end = self._heredoc(start, match["marker"], end, limit)
        self._parts += (self.text[self._done : start], mark)
        self.slots.append(self.text[start:end])
        self._done = end

    def _mistake(self, start: int, end: int, summary: str, detail: str) -> None:
        self.mistakes.append(LexicalMistake(start, end, summary, detail))

    def _comment(self, start: int, limit: int) -> int:
        end = self.text.find("*/", start + 2)
        if end != -1:
            return end + 2
        self.is_open = True
        detail = "This comment begins with /* and is never closed. Add */ where it ends."
        self._mistake(start, start + 2, "Unclosed comment", detail)
        return limit

    def _string(self, start: int, body: int) -> int:
        end = skip_template(self.text, start, None, body)
        if isinstance(end, LexicalMistake):
            self.mistakes.append(end)
            return end_of_line(self.text, max(body, end.start))
        inside = self.text[start:end]
        if "\\" in inside and "${" not in inside and "%{" not in inside:
            self.mistakes += bad_escapes(self.text, body, end - 1)
        return end

    def _heredoc(self, start: int, marker: str, body: int, limit: int) -> int:
        end: int | LexicalMistake
        if marker in self._hopeless:
            end = open_heredoc(self.text, start, marker)
        else:
            end = skip_template(self.text, start, marker, body)
        if isinstance(end, LexicalMistake):
            if end.summary == UNCLOSED_HEREDOC:
                self._hopeless.add(marker)
            self.mistakes.append(end)
            self.is_open = True
            return limit
        if "\r" in self.text[body:end]:
            ends_before_break = self.text.startswith("\r\n", end - 1)
            self.mistakes += _bare_returns(self.text, body, end - ends_before_break)
        return end


def lift_exactly(text: str) -> ExactLift:
    """Lift the whole of *text*."""
    lifted = ExactLift(text, 0)
    lifted.follow(len(text))
    return lifted


_BAD_ESCAPE = re.compile(
    r'\\(?:[nrt"\\]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}'
    r"|U(?!0000[dD][89a-fA-F])00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})|(\\u[0-9a-fA-F]{0,4}"
    r"|\\U[0-9a-fA-F]{0,8}|\\.?)"
)


def bad_escapes(text: str, start: int, end: int) -> Iterator[LexicalMistake]:
    """The backslash sequences of a quoted string that mean nothing."""
    for match in _BAD_ESCAPE.finditer(text, start, end):
        if (written := match[1]) is not None:
            detail = (
                f'{written} is not one of \\n, \\r, \\t, \\", \\\\, \\uNNNN and \\UNNNNNNNN (a '
                "character by its hexadecimal number). For a plain backslash write \\\\."
            )
            yield LexicalMistake(match.start(1), match.end(1), "Invalid escape sequence", detail)


_BARE_RETURN = re.compile(r"\r(?!\n)")


def _bare_returns(text: str, start: int, end: int) -> Iterator[LexicalMistake]:
    for match in _BARE_RETURN.finditer(text, start, end):
        detail = "A heredoc cannot contain a carriage return that does not end a line."
        yield LexicalMistake(match.start(), match.end(), "Invalid character", detail)


_LITERAL = re.compile(r"(?:[^$%]++|\$\$\{|%%\{|[$%](?!\{))++")


class ExactTemplate:
    """Skeleton and slots of the inside of any template, and every mistake of its words."""

    __slots__ = ("mistakes", "skeleton", "slots", "text")

    def __init__(self, text: str, *, quoted: bool) -> None:
        self.text = text
        self.slots: list[str] = []
        self.mistakes: list[LexicalMistake] = []
        parts: list[str] = []
        position = 0
        while position < len(text):
            if match := _LITERAL.match(text, position):
                if quoted and "\\" in match.group():
                    self.mistakes += bad_escapes(text, position, match.end())
                self.slots.append(match.group())
                parts.append(TEXT)
                position = match.end()
                continue
            end = skip_code(text, position, position + 2)
            if isinstance(end, LexicalMistake):
                self.mistakes.append(end)
                break
            parts += (text[position : position + 2], self._code(position + 2, end - 1), "}")
            position = end
        self.skeleton = "".join(parts)

    def _code(self, start: int, end: int) -> str:
        code = lift_exactly(self.text[start:end])
        self.mistakes += [each.moved(start) for each in code.mistakes]
        self.slots += code.slots
        return code.skeleton(end - start)
