"""Rendering: the text that the parts of a template make."""

from __future__ import annotations

import unicodedata

from reconciler.language.convert import convert
from reconciler.language.marks import unmark_deep
from reconciler.language.mistakes import ValueMistake
from reconciler.language.values import Sensitive, Unknown, is_null


class Rendering:
    """A text being put together. What is unknown or sensitive in it makes the whole text so."""

    __slots__ = ("is_sensitive", "pieces", "unknown_at")

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.is_sensitive = False
        self.unknown_at: int | None = None

    def add(self, value: object) -> int:
        """Append the text of *value* and return its length.

        Raises:
            ValueMistake: the value has no text: it is null or a collection.
        """
        if type(value) is str:
            self.pieces.append(value)
            return len(value)
        plain, is_marked = unmark_deep(value)
        self.is_sensitive |= is_marked
        text = part_text(plain)
        if isinstance(text, Unknown):
            self.give_up()
            return 0
        self.pieces.append(text)
        return len(text)

    def give_up(self) -> None:
        """Note that what follows here is not known."""
        if self.unknown_at is None:
            self.unknown_at = len(self.pieces)

    def result(self) -> object:
        """The text made of all parts."""
        if self.unknown_at is not None:
            value: object = Unknown(
                "string", prefix=safe_prefix("".join(self.pieces[: self.unknown_at]))
            )
        else:
            value = composed("".join(self.pieces))
        return Sensitive(value) if self.is_sensitive else value


_INVALID = "Invalid template interpolation value"


def part_text(value: object) -> str | Unknown:
    """The text of an interpolated value without marks."""
    if is_null(value):
        raise ValueMistake(
            "the value is null, and a text cannot hold null",
            summary="Invalid template interpolation value",
        )
    try:
        text = convert(value, "string")
    except ValueMistake as mistake:
        raise ValueMistake(mistake.text, summary=_INVALID) from None
    assert isinstance(text, (str, Unknown)), "conversion gives text"
    return text


def composed(text: str) -> str:
    """The text in the one Unicode form that HCL keeps, NFC."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def well_formed(value: object) -> object:
    """What JSON was decoded to with all its text in NFC, and a replacement for what is no
    character."""
    if isinstance(value, str):
        if value.isascii():
            return value
        return composed(value.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    if isinstance(value, list):
        return [well_formed(each) for each in value]
    if isinstance(value, dict):
        return {str(well_formed(name)): well_formed(each) for name, each in value.items()}
    return value


def safe_prefix(text: str) -> str:
    """As much of *text* as stays as it is whatever follows: its last character might combine."""
    if not text or text[-1] in _NEVER_COMBINES:
        return composed(text)
    if text.isascii():
        return text[:-1]
    import regex  # only text beyond ASCII pays for the import

    return composed(regex.sub(r"\X\Z", "", text))


_NEVER_COMBINES = frozenset("!\"#$%&'()*+,-./:;?@[\\]^_{|}~ \t\n")
