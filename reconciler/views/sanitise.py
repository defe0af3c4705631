"""Sanitise: text of others, made unable to drive a terminal or to look like something else.

Message text, metadata, ids and error messages come from people and servers we do not know. Every
view passes them through here; colours come from `style` alone.
"""

from __future__ import annotations

import re
from decimal import Decimal

_UNSAFE_RANGES = (
    "\x00-\x1f"  # C0
    "\x7f-\x9f"  # DEL and C1
    "\u00ad"  # soft hyphen
    "\u034f"  # combining grapheme joiner
    "\u061c"  # Arabic letter mark
    "\u115f\u1160\u3164\uffa0"  # fillers that show as nothing
    "\u17b4\u17b5"  # Khmer vowels that show as nothing
    "\u180b-\u180f"  # Mongolian selectors and vowel separator
    "\u200b-\u200f"  # zero width, directional marks
    "\u2028-\u202e"  # line and paragraph separators, embeddings and overrides
    "\u2060-\u206f"  # word joiner, isolates, deprecated format characters
    "\ufdd0-\ufdef"  # noncharacters
    "\ufe00-\ufe0d"  # variation selectors; for the last two see below
    "\ufeff"  # byte order mark
    "\ufff0-\ufffb\ufffe\uffff"  # interlinear annotation, noncharacters
    "\ud800-\udfff"  # lone surrogates
    "\U00013430-\U00013440"  # how hieroglyphs are joined
    "\U0001bca0-\U0001bca3"  # shorthand format controls
    "\U0001d159\U0001d173-\U0001d17a"  # a note without a head, musical format controls
    "\U000e0000-\U000e0fff"  # tags
) + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(1 << 16, 17 << 16, 1 << 16)
)
_BEFORE_SELECTORS = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf"
    "\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
"""Signs that are drawn as text or in colours, as a selector behind them says."""

_SELECTORS = f"(?<![{_BEFORE_SELECTORS}#*0-9])[\ufe0e\ufe0f]|(?<=[#*0-9])[\ufe0e\ufe0f](?!\u20e3)"
UNSAFE = re.compile(f"[{_UNSAFE_RANGES}]|{_SELECTORS}")
"""A character that may never reach a terminal from a value; line feeds are structure, added by
the views themselves."""

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def line(text: str) -> str:
    """Write *text* on one line: what could move the cursor becomes a visible sign."""
    return UNSAFE.sub(_picture, text)


def lines(text: str) -> list[str]:
    """Write *text* line by line; only line feeds keep their meaning."""
    return [line(each) for each in text.split("\n")]


def block(text: str) -> str:
    """Write *text* with its line feeds and without anything else that drives a terminal."""
    return "\n".join(lines(text))


def quoted(text: str) -> str:
    """Write *text* as a string literal on one line, in escapes that HCL understands."""
    if '"' in text or "\\" in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + UNSAFE.sub(_escape, text) + '"'


def json_text(document: object, *, indent: int | None = None) -> str:
    """Write *document* as JSON that is also safe to look at: what is unsafe is a JSON escape."""
    import json  # only what prints JSON pays for the import

    separators = (",", ":") if indent is None else None
    text = json.dumps(
        document, ensure_ascii=False, indent=indent, separators=separators, default=_not_json
    )
    return text if text.isascii() and "\x7f" not in text else UNSAFE.sub(_json_escape, text)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _escape(match: re.Match[str]) -> str:
    short = _SHORT.get(match[0])
    if short is not None:
        return short
    code = ord(match[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == 0x0A:
        return "\n"  # of the layout: one inside a text is an escape already
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def _not_json(value: object) -> object:
    """Numbers that HCL computes with and JSON has no type for."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)  # of a mark that a value should not carry here: what it hides stays hidden
