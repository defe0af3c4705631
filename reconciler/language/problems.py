"""Problems: what is wrong with a shape, said once for every passage that has it."""

from __future__ import annotations


class Problem:
    """A mistake between two offsets of a skeleton."""

    __slots__ = ("detail", "end", "start", "summary")

    def __init__(self, start: int, end: int, summary: str, detail: str) -> None:
        self.start = start
        self.end = end
        self.summary = summary
        self.detail = detail

    def moved(self, offset: int) -> Problem:
        """The same problem in a skeleton that begins *offset* earlier."""
        return Problem(self.start + offset, self.end + offset, self.summary, self.detail)


def bad_character(start: int, text: str) -> Problem:
    """Say what is wrong with a text whose first character is no part of the language."""
    return Problem(start, start + len(text), "Invalid character", _about_character(text[0]))


def _about_character(char: str) -> str:
    if char == "'":
        return "Strings are written in double quotes, not in single quotes."
    if char in "\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019":
        return 'Typographic quotes do not enclose strings. Use the plain double quote (").'
    if char == "`":
        return "Backquotes are not used. For text of several lines use a heredoc (<<EOT)."
    if char == ";":
        return "Arguments are separated by line breaks and items by commas, not by semicolons."
    if char in "&|":
        return f"Single {char} is no operator; for true and false there is {char * 2}."
    if char in "~^":
        return "There are no operators on bits. To negate true or false, use !."
    if char == "\r":
        return "A carriage return without a line feed does not end a line. Save with LF or CRLF."
    if char in "$@\\":
        return f"{char} has no meaning outside of strings. Names stand as they are: var.name."
    if char == "\xa0":
        return "This is a no-break space. Replace it with a plain space."
    if char.isprintable():
        return f"{char} is not used in the language. Remove it or put it into a string."
    return f"The character U+{ord(char):04X} is not used in the language. Remove it."
