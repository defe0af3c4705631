"""Pattern syntax: RE2's regular expressions, rewritten for the `regex` module.

RE2 has no lookaround and no backreferences, its `\\d`, `\\w`, `\\s` and `\\b` know ASCII only, and
`$` is the very end of the text; what is written differently there is an error here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from reconciler.language.functions.function import refuse
from reconciler.language.functions.pattern_classes import (
    PERL_CLASSES,
    CharacterClass,
    property_text,
    read_class,
)

MAX_REPEAT = 1000
"""How often a pattern may ask for a repetition, repetitions inside of it counted each time."""

MAX_REPEATS = 100_000
"""How many repetitions one pattern may ask for in all."""

MAX_NESTING = 200
"""How deep groups may stand in each other."""

# The regex module prepares for a literal of n characters in n ** 3 steps, outside its timeout;
# an alternative keeps it from seeing a longer one.
_LONGEST_RUN = 64

_WORD = "[0-9A-Za-z_]"
_BOUNDARY = f"(?:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))"
_NO_BOUNDARY = f"(?:(?<={_WORD})(?={_WORD})|(?<!{_WORD})(?!{_WORD}))"
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{1,9}")
_LAST_CHARACTER = 0x10FFFF
_CONTROL = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}


@dataclass(slots=True)
class Translation:
    """A pattern rewritten, and the names of its groups; None for those without one."""

    pattern: str
    names: list[str | None]


@dataclass(slots=True)
class _Group:
    flags: frozenset[str]
    pieces: list[str] = field(default_factory=list)
    times: int = 1
    """How often something in it is repeated at the most."""


def translate(pattern: str) -> Translation:
    """The same pattern for the `regex` module.

    Raises:
        ValueMistake: it is not a pattern of RE2.
    """
    return _Translator(pattern).run()


class _Translator:
    """Walks through a pattern once, from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.names: list[str | None] = []
        self.groups = [_Group(frozenset())]
        self.is_repeatable = False
        self.is_repeated = False
        self.literals = 0
        self.times = 1
        """How often something in what was read last is repeated."""
        self.repeats = 0

    @property
    def flags(self) -> frozenset[str]:
        """The flags that hold here."""
        return self.groups[-1].flags

    def run(self) -> Translation:
        """Translate everything."""
        while self.at < len(self.pattern):
            self._step(self.pattern[self.at])
        if len(self.groups) > 1:
            raise self._wrong("a group is not closed")
        return Translation("".join(self.groups[0].pieces), self.names)

    def _wrong(self, message: str) -> Exception:
        return refuse(f"the pattern is not right: {message}", 0)

    def _step(self, character: str) -> None:
        match character:
            case "(":
                self._open()
            case ")":
                self._close()
            case "|":
                self._emit("|", repeatable=False)
                self.at += 1
            case "*" | "+" | "?":
                self.at += 1
                self._repeat(character)
            case "{":
                self._braces()
            case "[":
                found, self.at = read_class(self.pattern, self.at)
                self._emit_class(found)
            case "\\":
                self._escape()
            case _:
                self.at += 1
                self._plain(character)

    def _plain(self, character: str) -> None:
        match character:
            case ".":
                self._emit("(?s:.)" if "s" in self.flags else "[^\\n]")
            case "^":
                self._emit("(?m:^)" if "m" in self.flags else "(?:\\A)")
            case "$":
                self._emit("(?m:$)" if "m" in self.flags else "(?:\\Z)")
            case _:
                self._emit_literal(character)

    def _emit(self, text: str, *, repeatable: bool = True) -> None:
        self.groups[-1].pieces.append(text)
        self.is_repeatable, self.is_repeated = repeatable, False
        self.times = 1

    def _emit_literal(self, character: str) -> None:
        text = self._folded(literal(character))
        self.literals += 1
        if self.literals % _LONGEST_RUN == 0:
            text = f"(?:{text}|(?!))"
        self._emit(text)

    def _emit_class(self, found: CharacterClass) -> None:
        self._emit(self._folded(found.text()))

    def _folded(self, text: str) -> str:
        return f"(?i:{text})" if "i" in self.flags else text

    def _repeat(self, operator: str, times: int = 1) -> None:
        if not self.is_repeatable:
            raise self._wrong(f'there is nothing for "{operator}" to repeat')
        if self.is_repeated:
            raise self._wrong(f'"{operator}" cannot repeat a repetition')
        self.times *= max(times, 1)
        self.repeats += self.times
        if self.times > MAX_REPEAT or self.repeats > MAX_REPEATS:
            raise self._wrong(f"a repetition must be at most {MAX_REPEAT}, those inside counted")
        self.groups[-1].times = max(self.groups[-1].times, self.times)
        is_lazy = self.pattern[self.at : self.at + 1] == "?"
        if is_lazy:
            self.at += 1
        if "U" in self.flags:
            is_lazy = not is_lazy
        self.groups[-1].pieces.append(operator + ("?" if is_lazy else ""))
        self.is_repeated = True

    def _braces(self) -> None:
        end = self.pattern.find("}", self.at)
        counts = self.pattern[self.at + 1 : end].split(",") if end != -1 else []
        if not _are_counts(counts):
            self.at += 1
            self._emit_literal("{")
            return
        least, most = int(counts[0]), int(counts[-1] or counts[0])
        if max(least, most) > MAX_REPEAT or most < least:
            raise self._wrong(f"a repetition must be at most {MAX_REPEAT} and not turned round")
        self.at = end + 1
        self._repeat(f"{{{','.join(counts)}}}", most)

    def _open(self) -> None:
        if len(self.groups) > MAX_NESTING:
            raise self._wrong(f"groups are nested more than {MAX_NESTING} deep")
        rest = self.pattern[self.at + 1 :]
        if rest.startswith(("?P<", "?<")):
            self._open_named(rest)
        elif rest.startswith("?"):
            self._open_flags()
        else:
            self.names.append(None)
            self.at += 1
            self._begin("(", self.flags)

    def _begin(self, opening: str, flags: frozenset[str]) -> None:
        self.groups.append(_Group(flags, [opening]))
        self.is_repeatable = self.is_repeated = False

    def _open_named(self, rest: str) -> None:
        start = rest.index("<") + 1
        end = rest.find(">")
        name = rest[start:end]
        if end == -1 or not name or not all(c.isalnum() or c == "_" for c in name):
            raise self._wrong("a group has no proper name; lookbehind is not supported")
        self.names.append(name)
        self.at += end + 2
        self._begin("(", self.flags)

    def _open_flags(self) -> None:
        flags = set(self.flags)
        is_on = True
        self.at += 2
        while self.at < len(self.pattern):
            character = self.pattern[self.at]
            self.at += 1
            if character in "imsU":
                (flags.add if is_on else flags.discard)(character)
            elif character == "-" and is_on:
                is_on = False
            elif character == ":":
                self._begin("(?:", frozenset(flags))
                return
            elif character == ")":
                self.groups[-1].flags = frozenset(flags)
                self.is_repeatable = False
                return
            else:
                raise self._wrong(f'"(?{character}" is not supported')
        raise self._wrong("a group is not closed")

    def _close(self) -> None:
        if len(self.groups) == 1:
            raise self._wrong("a group is closed that was not opened")
        self.at += 1
        group = self.groups.pop()
        self._emit("".join(group.pieces) + ")")
        self.times = group.times
        self.groups[-1].times = max(self.groups[-1].times, self.times)

    def _escape(self) -> None:
        following = self.pattern[self.at + 1 : self.at + 2]
        self.at += 2
        if following in PERL_CLASSES:
            self._emit(PERL_CLASSES[following].text())
        elif following in _ANCHORS:
            self._emit(_ANCHORS[following])
        elif following in ("p", "P"):
            text, self.at = property_text(self.pattern, self.at - 2)
            self._emit(self._folded(f"[{text}]" if text else "(?!)"))
        elif following == "Q":
            self._quoted()
        else:
            self.at -= 2
            character, self.at = escaped_character(self.pattern, self.at)
            self._emit_literal(character)

    def _quoted(self) -> None:
        end = self.pattern.find("\\E", self.at)
        stop = len(self.pattern) if end == -1 else end
        for character in self.pattern[self.at : stop]:
            self._emit_literal(character)
        self.at = len(self.pattern) if end == -1 else end + 2


_ANCHORS = {"A": "(?:\\A)", "z": "(?:\\Z)", "b": _BOUNDARY, "B": _NO_BOUNDARY}


def _are_counts(counts: list[str]) -> bool:
    if len(counts) not in (1, 2) or not counts[0].isdecimal():
        return False
    return all(each == "" or (each.isascii() and each.isdecimal()) for each in counts) and all(
        len(each) < 10 for each in counts
    )


def literal(character: str) -> str:
    """A character that stands for itself."""
    if character.isalnum() or character == "_":
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def escaped_character(pattern: str, at: int) -> tuple[str, int]:
    """The character that a backslash sequence stands for, and where the sequence ends."""
    following = pattern[at + 1 : at + 2]
    if following in _CONTROL:
        return _CONTROL[following], at + 2
    if following == "x":
        return _hexadecimal(pattern, at + 2)
    if following in "01234567" and following:
        return _octal(pattern, at + 1)
    if following and following.isascii() and not following.isalnum():
        return following, at + 2
    raise refuse(f'the pattern is not right: "\\{following}" is not supported', 0)


def _hexadecimal(pattern: str, at: int) -> tuple[str, int]:
    if pattern[at : at + 1] == "{":
        digits, brace, _ = pattern[at + 1 :].partition("}")
        after = at + len(digits) + 2 if brace else 0
    else:
        digits = pattern[at : at + 2]
        after = at + 2 if len(digits) == 2 else 0
    if not after or not _HEXADECIMAL.fullmatch(digits) or int(digits, 16) > _LAST_CHARACTER:
        raise refuse("the pattern is not right: \\x needs hexadecimal digits", 0)
    return chr(int(digits, 16)), after


def _octal(pattern: str, at: int) -> tuple[str, int]:
    end = at
    while end < min(at + 3, len(pattern)) and pattern[end] in "01234567":
        end += 1
    if pattern[at] != "0" and end == at + 1:
        raise refuse("the pattern is not right: references back to groups are not supported", 0)
    return chr(int(pattern[at:end], 8)), end
