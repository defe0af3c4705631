"""Template: text with `${}` and `%{}` in it, lifted into a skeleton.

The skeleton of a template holds one mark per stretch of literal text and the skeletons of its
expressions between their braces, so that templates which differ in words only share a shape.
"""

from __future__ import annotations

import re
from functools import lru_cache

from reconciler.language.scan import (
    TEXT,
    LexicalMistake,
    bad_escapes,
    is_lifted,
    lift,
    lift_exactly,
    skip_code,
)

_SIMPLE = r'\{[^{}"\r\n#/<$%]*+\}'
_SIMPLE_CODE = re.compile(rf"((?<!\$)\${_SIMPLE}|(?<!%)%{_SIMPLE})")
_LITERAL = re.compile(r"(?:[^$%]++|\$\$\{|%%\{|[$%](?!\{))++")


def lift_template(text: str) -> tuple[str, list[str]] | None:
    """Skeleton and slots of the inside of a template, or None if that takes a closer look."""
    parts: list[str] = _SIMPLE_CODE.split(text)
    slots: list[str] = []
    for index, part in enumerate(parts):
        if index & 1:
            skeleton, inner = _lift_code(part)
            parts[index] = skeleton
            slots += inner
        elif "${" in part or "%{" in part or "\\" in part:
            return None
        elif part:
            parts[index] = TEXT
            slots.append(part)
    return "".join(parts), slots


@lru_cache(maxsize=4096)
def _lift_code(code: str) -> tuple[str, list[str]]:
    skeleton, slots = lift(code[2:-1])
    assert is_lifted(skeleton), "simple code has no strings that lift cannot take"
    return f"{code[:2]}{skeleton}}}", slots


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
