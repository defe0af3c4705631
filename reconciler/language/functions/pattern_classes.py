"""Pattern classes: sets of characters in RE2's regular expressions, such as `[a-z\\d]`."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.frozen import frozen
from reconciler.language.functions.function import refuse

Range = tuple[int, int]

_LAST = 0x10FFFF


@frozen
class CharacterClass:
    """Characters by ranges of code points, and by Unicode properties."""

    ranges: tuple[Range, ...] = ()
    properties: tuple[str, ...] = ()
    is_negated: bool = False

    def text(self) -> str:
        """The class as the `regex` module writes it."""
        inner = "".join(f"{_code(low)}-{_code(high)}" for low, high in self.ranges)
        inner += "".join(self.properties)
        if not inner:
            return "[\\u0000-\\U0010ffff]" if self.is_negated else "(?!)"
        return f"[{'^' if self.is_negated else ''}{inner}]"


def _code(point: int) -> str:
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _span(text: str) -> tuple[Range, ...]:
    """Ranges from pairs of characters: `"09AZ"`."""
    return tuple((ord(text[at]), ord(text[at + 1])) for at in range(0, len(text), 2))


def _complement(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    found: list[Range] = []
    start = 0
    for low, high in sorted(ranges):
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    if start <= _LAST:
        found.append((start, _LAST))
    return tuple(found)


_DIGITS, _LETTERS = "09", "AZaz"
_PERL = {"d": _span(_DIGITS), "w": _span(_DIGITS + _LETTERS + "__"), "s": _span("\t\n\f\r  ")}

PERL_CLASSES = {
    **{letter: CharacterClass(ranges) for letter, ranges in _PERL.items()},
    **{letter.upper(): CharacterClass(_complement(each)) for letter, each in _PERL.items()},
}
"""`\\d`, `\\w`, `\\s` and their opposites, which know ASCII only."""

_POSIX = {
    "alnum": _span(_DIGITS + _LETTERS),
    "alpha": _span(_LETTERS),
    "ascii": _span("\x00\x7f"),
    "blank": _span("\t\t  "),
    "cntrl": _span("\x00\x1f\x7f\x7f"),
    "digit": _span(_DIGITS),
    "graph": _span("!~"),
    "lower": _span("az"),
    "print": _span(" ~"),
    "punct": _span("!/:@[`{~"),
    "space": _span("\t\r  "),
    "upper": _span("AZ"),
    "word": _span(_DIGITS + _LETTERS + "__"),
    "xdigit": _span("09AFaf"),
}


@dataclass(slots=True)
class _Reading:
    pattern: str
    at: int
    ranges: list[Range] = field(default_factory=list)
    properties: list[str] = field(default_factory=list)


def read_class(pattern: str, at: int) -> tuple[CharacterClass, int]:
    """The class that begins with the bracket at *at*, and where it ends."""
    reading = _Reading(pattern, at + 1)
    is_negated = pattern[reading.at : reading.at + 1] == "^"
    reading.at += is_negated
    is_first = True
    while is_first or pattern[reading.at : reading.at + 1] != "]":
        if reading.at >= len(pattern):
            raise refuse("the pattern is not right: a bracket is not closed", 0)
        _read_member(reading)
        is_first = False
    found = CharacterClass(tuple(reading.ranges), tuple(reading.properties), is_negated)
    return found, reading.at + 1


def _read_member(reading: _Reading) -> None:
    rest = reading.pattern[reading.at : reading.at + 2]
    if rest == "[:" and _read_posix(reading):
        return
    if rest[:1] == "\\" and rest[1:] in PERL_CLASSES:
        reading.ranges.extend(PERL_CLASSES[rest[1:]].ranges)
        reading.at += 2
        return
    if rest in ("\\p", "\\P"):
        text, reading.at = property_text(reading.pattern, reading.at)
        reading.properties.append(text)
        return
    low = _read_character(reading)
    high = low
    after = reading.pattern[reading.at : reading.at + 2]
    if after[:1] == "-" and after[1:] not in ("]", ""):
        reading.at += 1
        high = _read_character(reading)
    if high < low:
        raise refuse("the pattern is not right: a range in brackets is turned round", 0)
    reading.ranges.append((low, high))


def _read_character(reading: _Reading) -> int:
    from reconciler.language.functions.pattern_syntax import escaped_character

    if reading.at >= len(reading.pattern):
        raise refuse("the pattern is not right: a bracket is not closed", 0)
    if reading.pattern[reading.at] == "\\":
        character, reading.at = escaped_character(reading.pattern, reading.at)
    else:
        character = reading.pattern[reading.at]
        reading.at += 1
    return ord(character)


def _read_posix(reading: _Reading) -> bool:
    end = reading.pattern.find(":]", reading.at + 2)
    if end == -1:
        return False
    name = reading.pattern[reading.at + 2 : end]
    ranges = _POSIX.get(name.removeprefix("^"))
    if ranges is None:
        raise refuse(f'the pattern is not right: there is no class "[:{name}:]"', 0)
    reading.ranges.extend(_complement(ranges) if name.startswith("^") else ranges)
    reading.at = end + 2
    return True


def property_text(pattern: str, at: int) -> tuple[str, int]:
    """The members of a Unicode property such as `\\p{Greek}` or `\\pL`, and where it ends."""
    is_negated = pattern[at + 1] == "P"
    if pattern[at + 2 : at + 3] == "{":
        end = pattern.find("}", at)
        if end == -1:
            raise refuse("the pattern is not right: the name of a property is not closed", 0)
        name, after = pattern[at + 3 : end], end + 1
    else:
        name, after = pattern[at + 2 : at + 3], at + 3
    if name.startswith("^"):
        name, is_negated = name[1:], not is_negated
    if not name.replace("_", "").isalpha():
        raise refuse("the pattern is not right: a Unicode property has no proper name", 0)
    if name == "Any":
        return ("" if is_negated else "\\u0000-\\U0010ffff"), after
    return f"\\{'P' if is_negated else 'p'}{{{name}}}", after
