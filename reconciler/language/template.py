"""Template: text with `${}` and `%{}` in it, lifted into a skeleton.

The skeleton of a template holds one mark per stretch of literal text and the skeletons of its
expressions between their braces, so that templates which differ in words only share a shape.
"""

from __future__ import annotations

import re
from functools import lru_cache

from reconciler.language.scan import TEXT, is_lifted, lift

_SIMPLE = r'\{[^{}"\r\n#/<$%]*+\}'
_SIMPLE_CODE = re.compile(rf"((?<!\$)\${_SIMPLE}|(?<!%)%{_SIMPLE})")


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
