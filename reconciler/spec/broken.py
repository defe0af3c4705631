"""Broken: what a module may declare beyond what could be read of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.diagnostics import Place


@dataclass(slots=True)
class Broken:
    """Names that were declared, or may have been, where something was wrong.

    That has been reported; a reference to one of them is no mistake of its own.
    """

    subjects: set[str] = field(default_factory=set)
    """What was declared and could not be made sense of: `openai_thread.a`, `module.b`."""
    words: set[str] = field(default_factory=set)
    """What may be a name in text that could not be read."""
    is_blind: bool = False
    """Whether a whole file could not be read, so that it may declare anything."""

    def note_unread(self, places: Iterable[Place]) -> None:
        """Take account of text that could not be read."""
        for source, start, end in places:
            for match in _NAMES.finditer(source.text[start:end]):
                self.words.update(_NAME.findall("".join(filter(None, match.groups()))))

    def covers(self, subject: str) -> bool:
        """Whether *subject* may have been declared; its last part is its name."""
        if self.is_blind or subject in self.subjects:
            return True
        return bool(self.words) and subject.rpartition(".")[2] in self.words


ANY_ALIAS = "alias of openai"
"""The subject that stands for a provider configuration whose alias could not be read."""


def default_of(variable: str) -> str:
    """The subject that stands for the default of a variable."""
    return f"default of {variable}"


_NAME = re.compile(r"[^\W\d][\w-]*")

_NAMES = re.compile(
    r"""
      "([^\W\d][\w-]*)
    | ^[ \t]*(?:variable|output|module|check)[ \t]+([^\W\d][\w-]*)
    | ^[ \t]*(?:resource|data)\b([^{\n]*)
    | ^[ \t]*([^\W\d][\w-]*)
    """,
    re.MULTILINE | re.VERBOSE,
)
"""Where text that could not be read may name what it declares."""
