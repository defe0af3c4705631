"""Entry: lines that are typed one after the other, until they can be a whole expression.

An entry goes on while a bracket, a heredoc, a comment or an interpolation is open.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from reconciler.language.closing import UNCLOSED_HEREDOC, UNCLOSED_INTERPOLATION
from reconciler.language.exact import ExactLift, lift_exactly
from reconciler.language.scan import IDENTIFIER, open_brackets, skip_trivia

CanClose = Callable[[str], bool]
"""Whether a line could be the one that ends what is open."""


class Entry:
    """The lines so far. Every line is looked at once, however many there are."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._open_lines: list[str] = []
        """The last lines, from where something is open that may not be cut."""
        self._can_close: CanClose | None = None
        self._depth = 0

    def add(self, line: str) -> None:
        """Go on with one more line, given without its line end."""
        self._lines.append(line)
        self._open_lines.append(line)
        if self._can_close is not None and not self._can_close(line):
            return
        text = "\n".join(self._open_lines) + "\n"
        lifted = lift_exactly(text)
        self._can_close = _closer_of(lifted)
        if self._can_close is None:
            self._depth += open_brackets(lifted.skeleton(len(text)))
            self._open_lines = []

    @property
    def is_begun(self) -> bool:
        """Whether there are lines."""
        return bool(self._lines)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is open any more; it may still be wrong."""
        return self.is_begun and self._can_close is None and self._depth <= 0

    @property
    def is_blank(self) -> bool:
        """Whether it holds nothing but blanks and comments."""
        text = self.text
        return skip_trivia(text, 0, len(text)) == len(text)

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self._lines)


def _closer_of(lifted: ExactLift) -> CanClose | None:
    """What could close that which is open at the end; None if nothing is."""
    if not lifted.mistakes:
        return None
    last = lifted.mistakes[-1]
    if last.summary == UNCLOSED_INTERPOLATION:
        return lambda line: "}" in line
    if not lifted.is_open:
        return None
    if last.summary != UNCLOSED_HEREDOC:
        return lambda line: "*/" in line
    marker = _MARKER.match(lifted.text, last.start)
    assert marker is not None, "an open heredoc has a marker"
    return lambda line: line.strip() == marker[1]


_MARKER = re.compile(rf"<<-?({IDENTIFIER})")
