"""Ids: what new objects are called."""

from __future__ import annotations

import os
from collections.abc import Callable

from reconciler.emulator.flavour import IdForm

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

NewId = Callable[[str], str]
"""Makes an id from a prefix such as `thread_`; a counter in tests."""


def random_base62(length: int = 24) -> str:
    """Draw *length* characters, each of 62 equally likely ones."""
    number = int.from_bytes(os.urandom(length + 8))
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(digits)


def random_uuid() -> str:
    """Draw a version 4 UUID."""
    raw = bytearray(os.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class Ids:
    """Makes ids of one form, or hands every request for one to *new_id*."""

    def __init__(self, form: IdForm = IdForm.OPENAI, new_id: NewId | None = None) -> None:
        self._form = form
        self._new_id = new_id

    def new(self, prefix: str) -> str:
        """Name a new object of the kind that *prefix* tells."""
        if self._new_id is not None:
            return self._new_id(prefix)
        match self._form:
            case IdForm.OPENAI:
                return prefix + random_base62()
            case IdForm.UUID:
                return random_uuid()
            case IdForm.PREFIXED_UUID:
                return prefix + random_uuid()

    def new_stamped(self, prefix: str, *, now_s: int, tail: str | None = None) -> str:
        """Name a conversation or, with the *tail* of its conversation's id, one of its items.

        Of the 48 hex digits the first eight are the time, and items that were added to a
        conversation end in the same sixteen as it does.
        """
        if self._new_id is not None or self._form is not IdForm.OPENAI:
            return self.new(prefix)
        digits = os.urandom(20).hex()
        return f"{prefix}{now_s:08x}{digits[:24]}{tail or digits[24:]}"

    def prefix(self, expected: str) -> str:
        """Tell what a given id has to begin with."""
        return "" if self._form is IdForm.UUID else expected
