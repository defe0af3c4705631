"""JSON value: a text that is a JSON object or array, as a value to be shown by its structure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.schema import Value

MAX_DEPTH = 24
"""What is nested deeper is shown as the plain text it is."""

MAX_LENGTH = 200_000


_OPENING = re.compile(r"[ \t\r\n]*[{\[]")


class Verbatim(str):
    """A number as it is written in the text, digit by digit."""

    __slots__ = ()


def parse(text: Value) -> Value:
    """The object or array that *text* is in JSON, None for everything else.

    Numbers keep their spelling. A text with a key twice is not shown by structure, since one of
    the two would be lost.
    """
    if not isinstance(text, str) or len(text) > MAX_LENGTH or not _OPENING.match(text):
        return None
    import json  # only a text that looks like JSON pays for the import

    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=Verbatim,
            parse_float=Verbatim,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError):
        return None
    return value if _depth(value) <= MAX_DEPTH else None


def _object(pairs: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError("a key stands twice")
        found[key] = value
    return found


def _refuse(constant: str) -> Value:
    raise ValueError(f"{constant} is not JSON")


def _depth(value: Value) -> int:
    depth, level = 0, [value]
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [child for each in level for child in _children(each)]
    return depth


def _children(value: Value) -> Iterable[Value]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
