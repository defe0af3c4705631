"""Order: the key by which the members of a sequence stand, where no reference decides.

The key is (`order`, source position, instance key). A source position is a path: place of the
module call, its instance key, ..., place of the block, its instance key; a place is file name and
offset, which orders like its line. Where two keys differ, numbers come before strings, runs of
ASCII digits count by their value (`turn2` before `turn10`), and ties fall by code point. What has
no `order` comes after what has one. Whatever is not a member of a sequence (threads, data
sources, locals) comes before all members, so that it never holds one back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from reconciler.address import Key
from reconciler.diagnostics import Place

OrderValue = int | float | Decimal | str | None
"""What the argument `order` may be."""

NaturalKey = tuple[int, int | float | Decimal, str, str]
"""How one part of a key is compared; see `natural_key`."""

SourcePlace = tuple[NaturalKey, int]
"""The place of a block: the file's name and the offset in it."""

SourcePath = tuple[tuple[SourcePlace, NaturalKey], ...]
"""The way to an instance: per module call, and last for the block, its place and instance key."""

OrderKey = tuple[int, NaturalKey, SourcePath]
"""What instances are sorted by."""


def order_key(order: OrderValue, path: SourcePath) -> OrderKey:
    """The key of a member of a sequence."""
    return (1, natural_key(order), path)


def free_key(path: SourcePath) -> OrderKey:
    """The key of anything that is not a member of a sequence."""
    return (0, _NOTHING, path)


def source_path(steps: Iterable[tuple[Place, Key]]) -> SourcePath:
    """The source position of an instance: the module calls on the way to it, then its block."""
    return tuple((source_place(place), natural_key(key, absent_first=True)) for place, key in steps)


def source_place(place: Place) -> SourcePlace:
    """Where a block stands among all blocks of its module."""
    source, start, _ = place
    return (natural_key(source.path.rpartition("/")[2]), start)


def natural_key(value: OrderValue, *, absent_first: bool = False) -> NaturalKey:
    """Make *value* comparable: numbers, then strings; None after both or before both."""
    if value is None:
        return _FIRST if absent_first else _NOTHING
    if isinstance(value, str):
        return (1, 0, _DIGITS.sub(_by_value, value), value)
    return (0, value, "", "")


_FIRST: NaturalKey = (-1, 0, "", "")
_NOTHING: NaturalKey = (2, 0, "", "")
_DIGITS = re.compile(r"[0-9]+")


def _by_value(match: re.Match[str]) -> str:
    # Still a digit, so that it compares with other characters as before; then how many digits,
    # then the digits: among runs of digits this is the order of their values.
    digits = match[0].lstrip("0")
    return f"0{chr(min(len(digits), _LONGEST))}{digits}"


_LONGEST = 0x10FFFF
"""The highest code point; no file that is read holds a longer run of digits."""
