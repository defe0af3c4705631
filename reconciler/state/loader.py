"""Loader: JSON documents of ours from disk, with limits on size, depth, keys and numbers."""

from __future__ import annotations

import json
import re

from reconciler.collector import collector_paused
from reconciler.schema import Value

MAX_BYTES = 512 * 1024 * 1024
"""Larger documents are refused; none of ours gets near it."""

MAX_DEPTH = 400
"""More brackets inside each other than this are refused. Values in specs nest half as deep."""

MAX_DIGITS = 4000
"""Numbers with more digits than this are refused."""


class BadDocument(ValueError):
    """The bytes are not a document of ours; the message is a clause that says why."""


def load_json(data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Value:
    """Read one JSON document: whole numbers are `int`, others `Decimal`, no key stands twice.

    Raises:
        BadDocument: it is too large, too deep, not UTF-8, not JSON, or means nothing definite.
    """
    if len(data) > max_bytes:
        raise BadDocument(f"it has {len(data):,} bytes, more than the {max_bytes:,} that are read")
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise BadDocument("it begins with a byte order mark")
    check_depth(data, max_depth=max_depth)
    _check_surrogates(data)
    try:
        with collector_paused():
            value: Value = _DECODER.decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadDocument(f"it is not UTF-8 (byte {error.start:,})") from error
    except json.JSONDecodeError as error:
        raise BadDocument(_syntax_clause(error)) from error
    return value


def check_json(data: bytes) -> None:
    """Refuse what a later `load_json` would stumble over; only equal keys are not looked for.

    Raises:
        BadDocument: it is too large, too deep, not UTF-8 or not JSON.
    """
    if len(data) > MAX_BYTES:
        raise BadDocument(f"it has {len(data):,} bytes, more than the {MAX_BYTES:,} that are read")
    check_depth(data)
    try:
        with collector_paused():
            json.loads(data.decode("utf-8"))
    except ValueError as error:
        raise BadDocument(f"it is not JSON: {error}") from error


def _syntax_clause(error: json.JSONDecodeError) -> str:
    if error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated string"):
        return "it ends in the middle, as if it had been cut off"
    return f"it is not JSON (line {error.lineno}, column {error.colno}: {error.msg})"


def check_depth(data: bytes, *, max_depth: int = MAX_DEPTH) -> None:
    """Refuse JSON text that is nested too deep to be parsed; the parser recurses, this does not.

    Raises:
        BadDocument: it is.
    """
    if data.count(b"[") + data.count(b"{") <= max_depth:
        return
    depth = 0
    for each in _outside_strings(data).translate(None, delete=_NOT_A_BRACKET):
        depth += 1 if each in b"[{" else -1
        if depth > max_depth:
            raise BadDocument(f"it is nested deeper than {max_depth} levels")


def _outside_strings(data: bytes) -> bytes:
    without_escapes = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(without_escapes.split(b'"')[::2])


def _check_surrogates(data: bytes) -> None:
    if not _SURROGATE.search(data):
        return
    left = _PAIR.sub(b"", data.replace(b"\\\\", b""))
    if _SURROGATE.search(left):
        raise BadDocument("it holds half a surrogate pair (\\ud800 to \\udfff alone)")


_NOT_A_BRACKET = bytes(each for each in range(256) if each not in b"[]{}")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def _unique(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise BadDocument(f'the key "{twice}" stands twice in one object')
    return found


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise BadDocument(f"it holds a number of {len(text):,} digits")
    return int(text)


def _fraction(text: str) -> Value:
    from reconciler.language.mistakes import ValueMistake
    from reconciler.language.numbers import parse_number

    try:
        return parse_number(text)
    except ValueMistake as error:
        raise BadDocument(f"it holds a number that is too large: {text[:40]}") from error


def _no_number(text: str) -> Value:
    raise BadDocument(f"it holds {text}, which is not a number in JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=_whole,
    parse_float=_fraction,
    parse_constant=_no_number,
)
