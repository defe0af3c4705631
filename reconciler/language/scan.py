"""Scan: lifts the constants out of a text, so that what is left is its skeleton.

Strings, heredocs, numbers, `.names` and comments leave one mark character each behind; whether
the rest is sensible is not asked here. `lift` is one regular expression and takes nearly every
text there is; what it leaves unlifted (a quote, `<<`, `/*`) shows in the skeleton, and then
`exact` decides, which follows templates inside templates to any depth.
"""

from __future__ import annotations

import re

STRING = "\x01"
"""The mark of a quoted string, template or not."""
NUMBER = "\x02"
COMMENT = "\x03"
DOTNAME = "\x04"
"""The mark of a `.name`."""
TEXT = "\x05"
"""The mark of literal text between the interpolations of a template."""
HEREDOC = "\x06"

MARKS = STRING + NUMBER + COMMENT + DOTNAME + TEXT + HEREDOC

MAX_TEMPLATE_DEPTH = 40
"""How deep templates may stand in templates."""

MAX_HEREDOC_SEARCH = 50_000_000
"""How many characters the ends of heredocs are looked for in before it is done exactly."""

MARK_OF = {'"': STRING, "#": COMMENT, "/": COMMENT, ".": DOTNAME, "<": HEREDOC}
MARK_OF |= dict.fromkeys("0123456789", NUMBER)

_ESCAPE = r'\\(?:[nrt"\\]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})'
_PLAIN = r'[^"\\$%\r\n]'
_INNER = rf'[^{{}}"\r\n#/<]*+(?:"{_PLAIN}*+"[^{{}}"\r\n#/<]*+)*+'
_QUOTED = rf'(?:{_PLAIN}++|{_ESCAPE}|\$\$\{{|%%\{{|[$%](?!\{{)|[$%]\{{{_INNER}\}})*+"'
IDENTIFIER = r"[^\W\d][\w-]*+"
_MARKER = r"[ \t]*+(?P=marker)[ \t\r]*+"
NAME_PATTERN = rf"(?![eE][0-9+-]){IDENTIFIER}"
"""A name after a dot; `.e5` may be the rest of the number `1.e5`."""
_HEREDOC = rf"<-?(?P<marker>{IDENTIFIER})\r?\n(?:(?!{_MARKER}(?:\n|\Z)).*+\n)*+{_MARKER}(?=\n|\Z)"
COMMENT_PATTERN = r"(?:/[^\n]*+|\*[\s\S]*?\*/)"
NUMBER_PATTERN = r"[0-9]{0,14}+(?:\.[0-9]{1,15}+)?+(?![\w.])"

# Looking back at the first character keeps that character a plain set, which `re` searches for
# in a tight loop; an alternation of the same patterns is a third slower.
_LIFT = re.compile(
    '(["#/.<0-9](?:'
    rf'(?<="){_QUOTED}|(?<=\.)(?<!\.\.){NAME_PATTERN}|(?<=<){_HEREDOC}|(?<=#)[^\n]*+|(?<=/){COMMENT_PATTERN}'
    rf"|(?<![\w.\-][0-9])(?<![eE]\+[0-9])(?<=[0-9]){NUMBER_PATTERN}))"
)

_BARE_RETURN = re.compile(r"\r(?!\n)")

_TRIVIA = re.compile(r"(?:[ \t\n]++|\r\n|#[^\n]*+|//[^\n]*+|/\*[\s\S]*?\*/)*+")


class LexicalMistake:
    """Something that cannot be cut into words: offsets into the text, and what to say."""

    __slots__ = ("detail", "end", "start", "summary")

    def __init__(self, start: int, end: int, summary: str, detail: str) -> None:
        self.start = start
        self.end = end
        self.summary = summary
        self.detail = detail

    def moved(self, offset: int) -> LexicalMistake:
        """The same mistake in a text that begins *offset* earlier."""
        return LexicalMistake(self.start + offset, self.end + offset, self.summary, self.detail)


def lift(text: str) -> tuple[str, list[str]]:
    """Skeleton and slots of *text*; whatever is malformed stays in the skeleton as it is."""
    openers = text.count("<<")
    if openers * len(text) > MAX_HEREDOC_SEARCH:
        return text, []
    parts: list[str] = _LIFT.split(text)
    slots = parts[1::3]
    parts[1::3] = [MARK_OF[slot[0]] for slot in slots]
    del parts[2::3]
    if openers > 1 and any(slot[0] == "<" and "<<" in slot[2:] for slot in slots):
        # A heredoc in an interpolation of a heredoc may have ended the outer one.
        return text, []
    return "".join(parts), slots


def has_marks(text: str) -> bool:
    """Whether characters occur in *text* that `lift` would mistake for its own."""
    return any(mark in text for mark in MARKS)


def is_suspicious(text: str) -> bool:
    """Whether there are control characters in *text* that `lift` does not look for."""
    return has_marks(text) or ("\r" in text and _BARE_RETURN.search(text) is not None)


def is_lifted(skeleton: str) -> bool:
    """Whether `lift` took everything that has to be taken."""
    return '"' not in skeleton and "<<" not in skeleton and "/*" not in skeleton


def skip_trivia(text: str, start: int, end: int) -> int:
    """The offset of the first character that is neither blank nor comment."""
    match = _TRIVIA.match(text, start, end)
    return match.end() if match else start


def open_brackets(skeleton: str) -> int:
    """How many more brackets are opened than closed; of all kinds, since a `}` may be indented
    like the end of a block and yet stand in a list."""
    count = skeleton.count
    return count("{") - count("}") + count("[") - count("]") + count("(") - count(")")
