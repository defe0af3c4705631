"""Closing: finds where strings, heredocs and interpolations end, to any depth of templates."""

from __future__ import annotations

import re

from reconciler.language.scan import (
    COMMENT_PATTERN,
    IDENTIFIER,
    MAX_TEMPLATE_DEPTH,
    LexicalMistake,
)


def end_of_line(text: str, start: int) -> int:
    """Where the line that *start* is in ends."""
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
    rf'(?:[^"#/<{{}}]++|#[^\n]*+|/{COMMENT_PATTERN}|/(?!\*)|<<-?(?P<marker>{IDENTIFIER})\r?\n|<)'
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
            if len(stack) > MAX_TEMPLATE_DEPTH and _is_too_deep(stack):
                return _too_deep(stack[0])


_MAX_BRACES = 250


def _is_too_deep(stack: list[_Open]) -> bool:
    templates = sum(1 for each in stack if each.closer != "}")
    return templates > MAX_TEMPLATE_DEPTH or len(stack) - templates > _MAX_BRACES


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
    first = next((each for each in stack if each.closer == "}" and text[each.start] in "$%"), None)
    if first is not None and "\n" in text[first.start : position]:
        # It could go on over lines, but hardly does: what it took in on them was not meant for it.
        return _open_interpolation(text, first)
    blamed = stack[-1]
    quoted = blamed.closer == '"' and blamed.end_marker is None
    if quoted and len(stack) > 1:
        outer = stack[-2]
        if "\n" not in text[outer.start : blamed.start] and text[outer.start] in "$%":
            return _open_interpolation(text, outer)
    if blamed.end_marker is not None:
        return open_heredoc(text, blamed.start, blamed.closer)
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
    return LexicalMistake(opened.start, opened.start + 2, UNCLOSED_INTERPOLATION, detail)


UNCLOSED_HEREDOC = "Unclosed heredoc"
UNCLOSED_INTERPOLATION = "Unclosed interpolation"


def open_heredoc(text: str, start: int, marker: str) -> LexicalMistake:
    """The mistake that a heredoc is which never ends."""
    detail = (
        f"There is no line that holds only {marker}, which would end this heredoc. Add it on a "
        "line of its own."
    )
    return LexicalMistake(start, end_of_line(text, start), UNCLOSED_HEREDOC, detail)


def _too_deep(opened: _Open) -> LexicalMistake:
    detail = f"Templates may stand in templates up to {MAX_TEMPLATE_DEPTH} deep."
    return LexicalMistake(opened.start, opened.start + 1, "Nesting too deep", detail)
