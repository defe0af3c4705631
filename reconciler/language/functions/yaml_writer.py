"""YAML writer: a value as block-style YAML, all text and all keys in double quotes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from reconciler.language.functions.function import refuse
from reconciler.language.functions.strings import check_length
from reconciler.language.numbers import format_number
from reconciler.language.values import is_null

_WIDTH = 80
_STEP = 2
_MAX_SIMPLE_KEY_BYTES = 128

_UNPRINTABLE = re.compile("[^\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_BREAKS = "\n\x85\u2028\u2029"
_ESCAPES = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r",
    "\x1b": "e", '"': '"', "\\": "\\", "\x85": "N", "\u2028": "L", "\u2029": "P",
}  # fmt: skip


def yaml_text(value: object) -> str:
    """The value as a YAML document."""
    writer = _Writer()
    writer.node(value, -_STEP)
    text = "".join(writer.pieces)
    if not text.endswith("\n"):
        text += "\n"
    is_plain = is_null(value) or isinstance(value, (bool, int, Decimal))
    return f"{text}...\n" if is_plain else text


class _Writer:
    """Writes nodes and knows in which column it is."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.column = 0
        self.length = 0

    def put(self, text: str) -> None:
        """Write *text* as it is."""
        self.pieces.append(text)
        self.length += len(text)
        check_length(self.length)
        line_end = text.rfind("\n")
        self.column = self.column + len(text) if line_end == -1 else len(text) - line_end - 1

    def line(self, indent: int) -> None:
        """Go to *indent*, on a new line unless this one holds only dashes up to there."""
        if self.column > indent or (self.column == indent and not self._is_fresh()):
            self.put("\n")
        self.put(" " * (indent - self.column))

    def _is_fresh(self) -> bool:
        return self.column == 0 or self.pieces[-1].endswith(("- ", "? ", ": ", " "))

    def node(self, value: object, indent: int) -> None:
        """Write a value below something that is indented by *indent*."""
        if isinstance(value, Mapping):
            self._mapping(value, indent + _STEP)
        elif isinstance(value, (list, tuple)):
            self._sequence(value, indent + _STEP)
        elif isinstance(value, str):
            self._string(value, indent + _STEP, is_key=False)
        elif is_null(value):
            self.put("null")
        elif isinstance(value, bool):
            self.put("true" if value else "false")
        else:
            assert isinstance(value, (int, Decimal)), "scalars are text, bool, null or number"
            self.put(_number(value))

    def _sequence(self, items: list[object] | tuple[object, ...], indent: int) -> None:
        if not items:
            self.put("[]")
            return
        for each in items:
            self.line(indent)
            self.put("- ")
            self.node(each, indent)
            self._end_line()

    def _mapping(self, value: Mapping[str, object], indent: int) -> None:
        if not value:
            self.put("{}")
            return
        for name in sorted(value):
            self.line(indent)
            self._key(name, indent)
            self._value(value[name], indent)
            self._end_line()

    def _key(self, name: str, indent: int) -> None:
        if "\n" in name or len(name.encode()) > _MAX_SIMPLE_KEY_BYTES:
            self.put("? ")
            self._string(name, indent + _STEP, is_key=False)
            self._end_line()
            self.line(indent)
        else:
            self._string(name, indent, is_key=True)
        self.put(":")

    def _value(self, value: object, indent: int) -> None:
        if isinstance(value, (list, tuple)) and value:
            self.put("\n")
            self.node(value, indent - _STEP)
        elif isinstance(value, Mapping) and value:
            self.put("\n")
            self.node(value, indent)
        else:
            self.put(" ")
            self.node(value, indent)

    def _end_line(self) -> None:
        if self.column:
            self.put("\n")

    def _string(self, text: str, indent: int, *, is_key: bool) -> None:
        if "\n" in text and not is_key and _can_be_block(text):
            self._block(text, max(indent, _STEP))
        else:
            self._quoted(text, max(indent, _STEP), is_key=is_key)

    def _block(self, text: str, indent: int) -> None:
        leading = str(_STEP) if text[0] in " " + _BREAKS else ""
        self.put(f"|{leading}{_chomping(text)}\n")
        for line in text.splitlines(keepends=True):
            self.put(line if line in _BREAKS else " " * indent + line)
        self._end_line()

    def _quoted(self, text: str, indent: int, *, is_key: bool) -> None:
        self.put('"')
        was_space = False
        last = len(text) - 1
        for at, character in enumerate(text):
            if character != " ":
                self.put(_escaped(character))
            elif is_key or was_space or self.column <= _WIDTH or at in (0, last):
                self.put(" ")
            else:
                self.put("\n" + " " * indent + ("\\" if text[at + 1] == " " else ""))
            was_space = character == " "
        self.put('"')


def _number(value: int | Decimal) -> str:
    if not isinstance(value, int) and not value.is_finite():
        raise refuse("infinity cannot be written as YAML", 0)
    return format_number(value)


def _can_be_block(text: str) -> bool:
    if text.endswith(" ") or _UNPRINTABLE.search(text):
        return False
    return not any(f" {each}" in text for each in _BREAKS)


def _chomping(text: str) -> str:
    if text[-1] not in _BREAKS:
        return "-"
    return "+" if len(text) == 1 or text[-2] in _BREAKS else ""


def _escaped(character: str) -> str:
    short = _ESCAPES.get(character)
    if short is not None:
        return f"\\{short}"
    if not _UNPRINTABLE.match(character):
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
