"""Diagnostics: a user's mistake, with file:line:column and the lines it points at."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.concealment import Concealment
from reconciler.errors import SpecError
from reconciler.frozen import frozen


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"


@frozen
class Position:
    """A place: *line* and *column* (in graphemes) from 1, *byte* (in UTF-8) from 0."""

    line: int
    column: int
    byte: int


@frozen
class SourceRange:
    """A stretch of one file."""

    path: str
    start: Position
    end: Position

    def __str__(self) -> str:
        return f"{self.path}:{self.start.line}:{self.start.column}"

    def overlaps(self, other: SourceRange) -> bool:
        """Whether the two have a place in common."""
        if self.path != other.path:
            return False
        if self.start.byte == other.start.byte:
            return True
        return self.start.byte < other.end.byte and other.start.byte < self.end.byte


@dataclass(slots=True)
class SourceFile:
    """The text of one spec file, and where its lines begin. Offsets are in code points."""

    path: str
    text: str
    first_byte: int = 0
    """How many bytes of the file come before the text: those of a byte order mark."""
    concealment: Concealment | None = field(default=None, repr=False, compare=False)
    """What messages about it do not show; None: what the file itself says about that."""
    is_values: bool = False
    """Whether it is a variable file."""
    _line_starts: list[int] | None = field(default=None, repr=False)
    _line_bytes: list[int] | None = field(default=None, repr=False)

    def range(self, start: int, end: int) -> SourceRange:
        """The stretch between two offsets of the text."""
        return SourceRange(self.path, self.position(start), self.position(max(start, end)))

    def position(self, offset: int) -> Position:
        """Where an offset of the text lies."""
        starts = self._starts()
        offset = min(max(offset, 0), len(self.text))
        line = bisect.bisect_right(starts, offset) - 1
        before = self.text[starts[line] : offset]
        byte = self.first_byte + self._bytes_before(line) + len(before.encode(errors="replace"))
        return Position(line + 1, grapheme_count(before) + 1, byte)

    def offset_in_line(self, offset: int) -> int:
        """How far behind the beginning of its line an offset of the text lies."""
        starts = self._starts()
        return offset - starts[bisect.bisect_right(starts, offset) - 1]

    def line(self, number: int) -> str:
        """What is shown of a line, counted from 1, without its line end."""
        starts = self._starts()
        end = starts[number] if number < len(starts) else len(self.text)
        text = self.conceal().shown(self.text, is_values=self.is_values)
        return text[starts[number - 1] : end].rstrip("\r\n")

    def conceal(self) -> Concealment:
        """What hides the keys in it."""
        if self.concealment is None:
            self.concealment = Concealment(self.text)
        return self.concealment

    def told(self, words: str) -> str:
        """What a message about it says."""
        hidden = self.conceal()
        return hidden.told_beside(self.text, words) if self.is_values else hidden.told(words)

    def _bytes_before(self, line: int) -> int:
        """How many bytes the lines before *line* have; they are counted once for all lines."""
        starts = self._starts()
        if self.text.isascii():
            return starts[line]
        if self._line_bytes is None:
            pairs = itertools.pairwise(starts)
            lengths = (len(self.text[a:b].encode(errors="replace")) for a, b in pairs)
            self._line_bytes = list(itertools.accumulate(lengths, initial=0))
        return self._line_bytes[line]

    def _starts(self) -> list[int]:
        if self._line_starts is None:
            self._line_starts = [0]
            find = self.text.find
            at = find("\n")
            while at != -1:
                self._line_starts.append(at + 1)
                at = find("\n", at + 1)
        return self._line_starts


Place = tuple[SourceFile, int, int]
"""A stretch of a file as everything before the diagnostics knows it: file, start and end offset."""


def grapheme_count(text: str) -> int:
    """How many characters a person sees in *text*."""
    return len(text) - text.count("\r\n") if text.isascii() else len(graphemes(text))


_CONJUNCT = "(?V1)(?<=[\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d]\\u200d?)(?=\\p{L})"
"""Between an Indian consonant without a vowel and the next: one character only since Unicode 15.1,
which Terraform does not follow yet."""


def graphemes(text: str) -> list[str]:
    """The characters a person sees in *text*."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    import regex  # python-hcl2's lark already brings it; only non-ASCII text pays for the import

    found: list[str] = regex.findall(r"\X", text)
    if not regex.search(_CONJUNCT, text):
        return found
    return [part for each in found for part in regex.split(_CONJUNCT, each)]


@frozen
class Diagnostic:
    """One thing to tell the user about the spec.

    *summary* is a noun phrase without a full stop, *detail* says what is wrong and then what to
    do. *subject* is the place, *lines* the source lines it covers, *context* the block it stands
    in (`resource "openai_message" "a"`), *values* what the names in it stand for
    (`var.x`, `is "abc"`); *address* names the instance where there is no place.
    """

    severity: Severity
    summary: str
    detail: str = ""
    subject: SourceRange | None = None
    lines: tuple[str, ...] = ()
    context: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    address: str | None = None
    cut: int = 0
    """How many graphemes are missing at the beginning of the first of *lines*: of a very long line
    only what is around the place is kept."""


MAX_KEPT = 1_000
"""How many diagnostics are kept of one command."""


class Diagnostics:
    """What has been found so far, errors and warnings, in the order of finding."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}
        self._left_out = 0

    def error(
        self,
        summary: str,
        detail: str = "",
        *,
        place: Place | None = None,
        context: str | None = None,
        values: tuple[tuple[str, str], ...] = (),
        address: str | None = None,
    ) -> None:
        """Note a mistake that stops the command once everything has been looked at."""
        if self.is_full:
            self._left_out += 1
            return
        self._note(
            diagnostic(
                Severity.ERROR,
                summary,
                detail,
                place=place,
                context=context,
                values=values,
                address=address,
            )
        )

    def warning(
        self,
        summary: str,
        detail: str = "",
        *,
        place: Place | None = None,
        context: str | None = None,
        address: str | None = None,
    ) -> None:
        """Note something the user should know and that stops nothing."""
        if self.is_full:
            return
        self._note(
            diagnostic(
                Severity.WARNING, summary, detail, place=place, context=context, address=address
            )
        )

    def extend(self, found: Iterable[Diagnostic]) -> None:
        """Take over diagnostics made elsewhere."""
        for each in found:
            if not self.is_full:
                self._note(each)
            elif each.severity is Severity.ERROR:
                self._left_out += 1

    def _note(self, found: Diagnostic) -> None:
        self._found[found] = None

    @property
    def is_full(self) -> bool:
        """Whether so much was found that nothing more is kept: looking further helps nobody."""
        return len(self._found) >= MAX_KEPT

    @property
    def has_errors(self) -> bool:
        """Whether anything found stops the command."""
        return any(each.severity is Severity.ERROR for each in self._found)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The errors, each once, in order of place."""
        return tuple(each for each in self if each.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The warnings, each once, in order of place."""
        return tuple(each for each in self if each.severity is Severity.WARNING)

    def raise_if_errors(self) -> None:
        """Stop here if there is any error.

        Raises:
            SpecError: with every diagnostic, warnings included.
        """
        if self.has_errors:
            raise SpecError(tuple(self))

    def __iter__(self) -> Iterator[Diagnostic]:
        found = sorted(self._found, key=_place)
        if self._left_out:
            detail = (
                f"Only the first {MAX_KEPT:,} diagnostics are shown. Mend what they are about, and "
                "then look again."
            )
            found.append(Diagnostic(Severity.ERROR, "More errors were found", detail))
        return iter(found)

    def __len__(self) -> int:
        return len(self._found) + (self._left_out > 0)


def _place(each: Diagnostic) -> tuple[bool, str, int, int]:
    if each.subject is None:
        return (True, each.address or "", 0, 0)
    return (False, each.subject.path, each.subject.start.line, each.subject.start.column)


def diagnostic(
    severity: Severity,
    summary: str,
    detail: str = "",
    *,
    place: Place | None = None,
    context: str | None = None,
    values: tuple[tuple[str, str], ...] = (),
    address: str | None = None,
) -> Diagnostic:
    """Make a diagnostic about *place*, with the lines it covers."""
    if place is None:
        return Diagnostic(severity, summary, detail, None, (), context, values, address)
    source, start, end = place
    hidden = source.conceal()
    summary, detail = source.told(summary), source.told(detail)
    values = tuple((name, hidden.told_of(name, each)) for name, each in values)
    subject = source.range(start, end)
    first, cut = _around(source.line(subject.start.line), source, start, subject.start)
    last = min(subject.end.line, subject.start.line + MAX_SNIPPET_LINES - 1)
    rest = (source.line(number) for number in range(subject.start.line + 1, last + 1))
    lines = (first, *(each[:MAX_SNIPPET_LENGTH] for each in rest))
    return Diagnostic(severity, summary, detail, subject, lines, context, values, address, cut)


def _around(line: str, source: SourceFile, start: int, position: Position) -> tuple[str, int]:
    """What is shown of the line that a place begins in, and how much is missing before it."""
    if len(line) <= MAX_SNIPPET_LENGTH:
        return line, 0
    at = source.offset_in_line(start)
    first = max(at - MAX_SNIPPET_LENGTH // 4, 0)
    cut = position.column - 1 - grapheme_count(line[first:at])
    return line[first : first + MAX_SNIPPET_LENGTH], cut


MAX_SNIPPET_LINES = 3
"""How many source lines a diagnostic shows at the most."""

MAX_SNIPPET_LENGTH = 1_000
"""How many code points of a source line a diagnostic shows at the most."""
