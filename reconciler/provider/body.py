"""Body: the JSON of an answer, read with limits and without surprises."""

from __future__ import annotations

import json
import math

MAX_DEPTH = 64
"""How deep an answer may nest; those of the API reach 8."""


class StrangeBody(ValueError):
    """The bytes are not JSON that this API could have meant."""


def parse(raw: bytes) -> object:
    """Read one JSON document.

    Lone surrogates, which no file could hold later, become U+FFFD.

    Raises:
        StrangeBody: it is no JSON, nests too deep, names a key twice, or holds NaN or infinity.
    """
    try:
        value: object = json.loads(
            raw,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except RecursionError:
        raise StrangeBody("it nests too deep") from None
    except UnicodeDecodeError:
        raise StrangeBody("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise StrangeBody(f"it is not JSON ({error.msg} at {error.pos})") from None
    except ValueError as error:
        # json's own limit on the digits of an integer is a plain ValueError.
        raise StrangeBody(str(error)) from None
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH:
        _check_depth(value)
    return _without_surrogates(value) if b"\\ud" in raw.lower() else value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise StrangeBody("it names a key twice")
    return value


def _refuse_constant(name: str) -> object:
    raise StrangeBody(f"it holds {name}, which is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise StrangeBody("it holds a number without bound")
    return value


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
