"""Scan: lifts the constants out of a text, so that what is left is its skeleton.

Strings, heredocs, numbers, `.names` and comments leave one mark character each behind; whether
the rest is sensible is not asked here. `lift` is one regular expression and takes nearly every
text there is; what it leaves unlifted (a quote, `<<`, `/*`) shows in the skeleton, and then
`lift_exactly` decides: it follows templates inside templates to any depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

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

_MARK_OF = {'"': STRING, "#": COMMENT, "/": COMMENT, ".": DOTNAME, "<": HEREDOC}
_MARK_OF |= dict.fromkeys("0123456789", NUMBER)

_ESCAPE = r'\\(?:[nrt"\\]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})'
_PLAIN = r'[^"\\$%\r\n]'
_INNER = rf'[^{{}}"\r\n#/<]*+(?:"{_PLAIN}*+"[^{{}}"\r\n#/<]*+)*+'
_QUOTED = rf'(?:{_PLAIN}++|{_ESCAPE}|\$\$\{{|%%\{{|[$%](?!\{{)|[$%]\{{{_INNER}\}})*+"'
IDENTIFIER = r"[^\W\d][\w-]*+"
_MARKER = r"[ \t]*+(?P=marker)[ \t\r]*+"
_HEREDOC = rf"<-?(?P<marker>{IDENTIFIER})\r?\n(?:(?!{_MARKER}(?:\n|\Z)).*+\n)*+{_MARKER}(?=\n|\Z)"
_COMMENT = r"(?:/[^\n]*+|\*[\s\S]*?\*/)"
_NUMBER = r"[0-9]{0,14}+(?:\.[0-9]{1,15}+)?+(?![\w.])"

# Looking back at the first character keeps that character a plain set, which `re` searches for
# in a tight loop; an alternation of the same patterns is a third slower.
_LIFT = re.compile(
    '(["#/.<0-9](?:'
    rf'(?<="){_QUOTED}|(?<=\.){IDENTIFIER}|(?<=<){_HEREDOC}|(?<=#)[^\n]*+|(?<=/){_COMMENT}'
    rf"|(?<![\w.\-][0-9])(?<=[0-9]){_NUMBER}))"
)

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
    if text.count("<<") * len(text) > MAX_HEREDOC_SEARCH:
        return text, []
    parts: list[str] = _LIFT.split(text)
    slots = parts[1::3]
    parts[1::3] = [_MARK_OF[slot[0]] for slot in slots]
    del parts[2::3]
    return "".join(parts), slots


def has_marks(text: str) -> bool:
    """Whether characters occur in *text* that `lift` would mistake for its own."""
    return any(mark in text for mark in MARKS)


def is_lifted(skeleton: str) -> bool:
    """Whether `lift` took everything that has to be taken."""
    return '"' not in skeleton and "<<" not in skeleton and "/*" not in skeleton


def skip_trivia(text: str, start: int, end: int) -> int:
    """The offset of the first character that is neither blank nor comment."""
    match = _TRIVIA.match(text, start, end)
    return match.end() if match else start


_INTEREST = re.compile(
    rf'"|#[^\n]*+|/{_COMMENT}|/\*|<<-?(?P<marker>{IDENTIFIER})\r?\n|\.{IDENTIFIER}'
    rf"|(?<![\w.\-])[0-9]{_NUMBER}|<<|[{MARKS}]"
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
        mark = _MARK_OF.get(word[0], NUMBER)
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
            self._mistake(start, _end_of_line(self.text, start), "Invalid heredoc", detail)
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
            return _end_of_line(self.text, max(body, end.start))
        inside = self.text[start:end]
        if "\\" in inside and "${" not in inside and "%{" not in inside:
            self.mistakes += bad_escapes(self.text, body, end - 1)
        return end

    def _heredoc(self, start: int, marker: str, body: int, limit: int) -> int:
        end: int | LexicalMistake
        if marker in self._hopeless:
            end = _open_heredoc(self.text, _Open(start, marker))
        else:
            end = skip_template(self.text, start, marker, body)
        if isinstance(end, LexicalMistake):
            if end.summary == UNCLOSED_HEREDOC:
                self._hopeless.add(marker)
            self.mistakes.append(end)
            self.is_open = True
            return limit
        if "\r" in self.text[body:end]:
            self.mistakes += _bare_returns(self.text, body, end)
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


def _end_of_line(text: str, start: int) -> int:
    end = text.find("\n", start)
    end = len(text) if end == -1 else end
    return end - 1 if end > start and text[end - 1] == "\r" else end


class _Open:
    """Something that still has to be closed: a string, a brace, or a heredoc with its end."""

    __slots__ = ("closer", "end_marker", "start")

    def __init__(self, start: int, closer: str, end_marker: re.Pattern[str] | None = None) -> None:
        self.start = start
        self.closer = closer
        self.end_marker = end_marker


_IN_QUOTES = re.compile(r'(?:[^"\\$%\r\n]++|\\[^\r\n]|\$\$\{|%%\{|[$%](?!\{))*+')
_IN_HEREDOC = re.compile(r"(?:[^$%\n]++|\$\$\{|%%\{|[$%](?!\{))*+")
_IN_CODE = re.compile(
    rf'(?:[^"#/<{{}}]++|#[^\n]*+|/{_COMMENT}|/(?!\*)|<<-?(?P<marker>{IDENTIFIER})\r?\n|<)'
)


def skip_template(text: str, start: int, marker: str | None, body: int) -> int | LexicalMistake:
    """Where the string or heredoc that begins at *start*, with its text at *body*, ends."""
    return _skip(text, body, [_opened(text, start, marker, body)])


def skip_code(text: str, start: int, body: int) -> int | LexicalMistake:
    """Where the `${` or `%{` at *start* ends: the offset after its closing brace."""
    return _skip(text, body, [_Open(start, "}")])


def _opened(text: str, start: int, marker: str | None, body: int) -> _Open:
    if marker is None:
        return _Open(start, '"')
    pattern = rf"[ \t]*+{re.escape(marker)}[ \t\r]*+(?=\n|\Z)"
    return _Open(start, marker, re.compile(pattern))


def _skip(text: str, position: int, stack: list[_Open]) -> int | LexicalMistake:
    """Follow *text* until everything on the stack is closed."""
    at_line_start = stack[-1].end_marker is not None
    while True:
        top = stack[-1]
        if top.end_marker is not None:
            step = _skip_heredoc(text, position, top, at_line_start)
        elif top.closer == '"':
            step = _skip_quoted(text, position)
        else:
            step = _skip_code(text, position)
        position, event = step
        at_line_start = False
        if event == "close":
            stack.pop()
            if not stack:
                return position
        elif event == "error":
            return _not_closed(text, stack, position)
        elif isinstance(event, _Open):
            stack.append(event)
            at_line_start = event.end_marker is not None
            if len(stack) > 2 * MAX_TEMPLATE_DEPTH + _MAX_BRACES:
                return _too_deep(stack[0])


_MAX_BRACES = 250

_Step = tuple[int, "str | _Open"]


def _skip_quoted(text: str, position: int) -> _Step:
    match = _IN_QUOTES.match(text, position)
    position = match.end() if match else position
    char = text[position : position + 1]
    if char == '"':
        return position + 1, "close"
    if char in ("$", "%") and char:
        return position + 2, _Open(position, "}")
    return position, "error"


def _skip_heredoc(text: str, position: int, top: _Open, at_line_start: bool) -> _Step:
    assert top.end_marker is not None
    while True:
        if at_line_start and (ended := top.end_marker.match(text, position)):
            return ended.end(), "close"
        match = _IN_HEREDOC.match(text, position)
        position = match.end() if match else position
        char = text[position : position + 1]
        if char == "\n":
            position += 1
            at_line_start = True
            continue
        if char:
            return position + 2, _Open(position, "}")
        return position, "error"


def _skip_code(text: str, position: int) -> _Step:
    while match := _IN_CODE.match(text, position):
        position = match.end()
        if match["marker"]:
            return position, _opened(text, match.start(), match["marker"], position)
    char = text[position : position + 1]
    if char == "}":
        return position + 1, "close"
    if char in ('"', "{") and char:
        return position + 1, _Open(position, '"' if char == '"' else "}")
    return position, "error"


def _not_closed(text: str, stack: list[_Open], position: int) -> LexicalMistake:
    """Blame what the reader of the text would see as left open."""
    blamed = stack[-1]
    quoted = blamed.closer == '"' and blamed.end_marker is None
    if quoted and len(stack) > 1 and position < len(text):
        outer = stack[-2]
        if "\n" not in text[outer.start : blamed.start] and text[outer.start] in "$%":
            return _open_interpolation(text, outer)
    if blamed.end_marker is not None:
        return _open_heredoc(text, blamed)
    if not quoted:
        braces = [each for each in stack if each.closer == "}" and text[each.start] in "$%"]
        return _open_interpolation(text, braces[-1] if braces else blamed)
    if text[position : position + 1] == "\r" and text[position + 1 : position + 2] != "\n":
        detail = "A quoted string cannot contain a bare carriage return; write \\r."
        return LexicalMistake(position, position + 1, "Invalid character", detail)
    detail = (
        "This string is not closed before the end of its line. Add the closing quote, or write "
        "\\n for a line break, or use a heredoc (<<EOT) for text of several lines."
    )
    return LexicalMistake(blamed.start, position, "Unclosed string", detail)


def _open_interpolation(text: str, opened: _Open) -> LexicalMistake:
    opener = text[opened.start : opened.start + 2]
    if opener[0] == "{":
        detail = "This brace is never closed. Add the missing }."
        return LexicalMistake(opened.start, opened.start + 1, "Unclosed brace", detail)
    detail = (
        f"This {opener} is never closed. Add the missing }}, or write {opener[0]}{opener} if "
        f"the text itself should contain {opener}."
    )
    return LexicalMistake(opened.start, opened.start + 2, "Unclosed interpolation", detail)


UNCLOSED_HEREDOC = "Unclosed heredoc"


def _open_heredoc(text: str, opened: _Open) -> LexicalMistake:
    detail = (
        f"There is no line that holds only {opened.closer}, which would end this heredoc. Add "
        "it on a line of its own."
    )
    return LexicalMistake(opened.start, _end_of_line(text, opened.start), UNCLOSED_HEREDOC, detail)


def _too_deep(opened: _Open) -> LexicalMistake:
    detail = f"Templates may stand in templates up to {MAX_TEMPLATE_DEPTH} deep."
    return LexicalMistake(opened.start, opened.start + 1, "Nesting too deep", detail)
