"""Stretches: where a variable file gives something that messages do not show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

STRING = re.compile(r'"(?:\\.|[^"\\])*"')
"""A text in quotation marks."""

_GIVEN = re.compile(r'[\s{,]*(?:"?(?P<name>[\w-]+)"?[ \t]*[=:](?!=))?')
_HEREDOC = re.compile(r"<<-?([\w-]+)")


def given_stretches(
    text: str, hidden: Iterable[str], plain: Iterable[str]
) -> Iterator[tuple[int, int]]:
    """What a variable file gives to other names than *plain*; more where it has mistakes."""
    word = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, hidden))})(?![\w-])\"?[ \t]*[=:]?")
    known, is_hidden, depth, closing = frozenset(plain), True, 0, ""
    at = 0
    for line in text.splitlines(keepends=True):
        start, first, other = 0, _GIVEN.match(line), word.search(line)
        assert first is not None, "it may match nothing"
        if not closing and depth <= 0:
            is_hidden, start, depth = first["name"] not in known, first.end(), 0
        rest = line[start:]
        if other is not None:
            if not is_hidden or other.start() == first.end():
                start = other.end()
            is_hidden, depth, closing, rest = True, 0, "", line[other.end() :]
        if is_hidden:
            yield at + start, at + len(line)
        at += len(line)
        bare = STRING.sub("", rest)
        if closing:
            is_end = count_marks(rest) % 2 if closing == '"' else rest.strip() == closing
            closing = "" if is_end else closing
        elif count_marks(rest) % 2:
            closing = '"'
        elif heredoc := _HEREDOC.search(bare):
            closing = heredoc[1]
        else:
            depth += sum(map(bare.count, "{[(")) - sum(map(bare.count, "}])"))


def count_marks(line: str) -> int:
    """How many quotation marks a line has, without those that are escaped."""
    return line.replace("\\\\", "").replace('\\"', "").count('"')
