"""Body: the JSON of an answer, read with limits and without surprises.

Lenient in what is no part of the API's meaning: a byte order mark, NaN, numbers without bound, and
bytes of an older encoding. An answer that is refused here may be of a create that has happened.
"""

from __future__ import annotations

import json
import math

MAX_DEPTH = 64
"""How deep an answer may nest; those of the API reach 8."""

MAX_DIGITS = 300
"""A whole number of more digits counts as one without bound."""


class StrangeBody(ValueError):
    """The bytes are not JSON that this API could have meant."""


def parse(raw: bytes) -> object:
    """Read one JSON document.

    Lone surrogates, which no file could hold later, become U+FFFD; NaN and what is too large to be
    a number become null. Bytes that are not UTF-8 are read as Latin-1.

    Raises:
        StrangeBody: it is no JSON, nests too deep, or names a key twice.
    """
    text = _text(raw)
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=lambda name: None,
            parse_int=_whole,
            parse_float=_finite,
        )
    except RecursionError:
        raise StrangeBody("it nests too deep") from None
    except json.JSONDecodeError as error:
        raise StrangeBody(f"it is not JSON ({error.msg} at {error.pos})") from None
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH:
        _check_depth(value)
    return _without_surrogates(value) if "\\ud" in text.lower() else value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise StrangeBody("it names a key twice")
    return value


def _text(raw: bytes) -> str:
    try:
        return raw.decode(json.detect_encoding(raw))
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _whole(text: str) -> int | None:
    return int(text) if len(text) <= MAX_DIGITS else None


def _finite(text: str) -> float | None:
    value = float(text)
    return None if math.isinf(value) else value


def _check_depth(value: object) -> None:
    level: list[object] = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [child for each in level for child in _children(each)]
        if not level:
            return
    raise StrangeBody("it nests too deep")


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return [each for each in value.values() if isinstance(each, (dict, list))]
    if isinstance(value, list):
        return [each for each in value if isinstance(each, (dict, list))]
    return []


def _without_surrogates(value: object) -> object:
    text = json.dumps(value, ensure_ascii=False)
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    clean: object = json.loads(whole)
    return clean
