"""Template shape: the skeleton of a template on its way to a shape, directives nested."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from reconciler.language.flatten import FlatArgument
from reconciler.language.problems import Problem
from reconciler.language.scan import COMMENT, MAX_TEMPLATE_DEPTH, TEXT
from reconciler.language.shape import Formula, Shape, TextPart
from reconciler.language.shaping import Shaping, in_parentheses
from reconciler.language.words import Word

MAX_PIECES = 20_000
"""How many interpolations, directives and texts between them one template may have."""


@dataclass(slots=True)
class _Piece:
    """One part of a template's skeleton: `text`, `${` or `%{`, with the words of its code."""

    kind: str
    start: int
    end: int
    strip_before: bool = False
    strip_after: bool = False
    words: list[Word] = field(default_factory=list)
    keyword: str = ""
    names: tuple[str, ...] = ()
    node: int = -1


@dataclass(slots=True)
class _Level:
    """A directive that is open, with the parts of it read so far."""

    piece: _Piece | None
    parts: list[int] = field(default_factory=list)
    then: int | None = None


class TemplateShaping(Shaping):
    """The skeleton of a template on its way to a shape."""

    def make(self, *, is_body: bool = False) -> Shape:
        """Shape the template; its one formula is a Template, or a Wrap."""
        pieces = list(islice(self._pieces(), MAX_PIECES + 1))
        if len(pieces) > MAX_PIECES:
            detail = f"A template may have {MAX_PIECES:,} parts. Write a for directive instead."
            self._wrong(pieces.pop(), "Template too long", detail)
        for piece in pieces:
            if piece.kind != "text":
                self._read_code(piece)
        if not self.problems:
            self._parse(pieces)
        if not self.problems:
            self._nest(pieces)
        self.shape.layout = tuple(self._layout(pieces))
        self.problems += self.flattener.problems
        self.shape.problems = tuple(self.problems)
        return self.shape

    def _pieces(self) -> Iterator[_Piece]:
        skeleton = self.skeleton
        position = 0
        while position < len(skeleton):
            if skeleton[position] == TEXT:
                yield _Piece("text", position, position + 1)
                position += 1
                continue
            end = _closing_brace(skeleton, position + 2)
            yield _Piece(skeleton[position : position + 2], position, end)
            position = end

    def _read_code(self, piece: _Piece) -> None:
        start, end = piece.start + 2, piece.end - 1
        if self.skeleton[start:end].startswith("~"):
            piece.strip_before = True
            start += 1
        if end > start and self.skeleton[end - 1] == "~":
            piece.strip_after = True
            end -= 1
        if piece.kind == "%{":
            start = self._read_directive(piece, start, end)
        if piece.keyword not in ("else", "endif", "endfor"):
            piece.words = self.arrange(start, end, "code")

    def _read_directive(self, piece: _Piece, start: int, end: int) -> int:
        """Read the keyword and the names; the offset where the expression begins."""
        match = _DIRECTIVE.match(self.skeleton, start, end)
        if match is None:
            detail = "Write %{ if condition }, %{ for item in list }, %{ else }, %{ endif } or "
            detail += "%{ endfor }; for the text %{ itself, write %%{."
            self._wrong(piece, "Invalid directive", detail)
            piece.keyword = "endif"
            return end
        piece.keyword = match["keyword"] or "for"
        names = (match["first"], match["second"])
        piece.names = tuple(name for name in names if name)
        rest = self.skeleton[match.end() : end].strip(_TRIVIA)
        if piece.keyword in ("else", "endif", "endfor") and rest:
            detail = f"Nothing may follow {piece.keyword}. There is no else if: put another "
            detail += "%{ if } between %{ else } and its own %{ endif }."
            self._wrong(piece, "Invalid directive", detail)
        return match.end()

    def _wrong(self, piece: _Piece, summary: str, detail: str) -> None:
        self.problems.append(Problem(piece.start, piece.end, summary, detail))

    def _parse(self, pieces: Sequence[_Piece]) -> None:
        """Parse all expressions of the template in one go."""
        with_code = [piece for piece in pieces if piece.words]
        words: list[Word] = []
        for piece in with_code:
            words += in_parentheses(piece.words)
            words.append(Word("newline", piece.end, piece.end, "\n", "\n"))
        items = self.parse(words) if words else []
        for piece, item in zip(with_code, items or (), strict=items is not None):
            assert isinstance(item, FlatArgument)
            # The parentheses around the expression are the last of its nodes.
            piece.node = item.last - 2
        if items is not None:
            self.check_objects([word for piece in with_code for word in piece.words])

    def _nest(self, pieces: Sequence[_Piece]) -> None:
        levels = [_Level(None)]
        for piece in pieces:
            if piece.kind == "text":
                slot = self.flattener.slot_at[piece.start]
                levels[-1].parts.append(self._node("Slot", piece.start, piece.end, slot))
            elif piece.kind == "${":
                levels[-1].parts.append(piece.node)
            elif piece.keyword in ("if", "for"):
                levels.append(_Level(piece))
                if len(levels) > MAX_TEMPLATE_DEPTH + 1:
                    detail = f"Directives may be nested up to {MAX_TEMPLATE_DEPTH} deep."
                    self._wrong(piece, "Nesting too deep", detail)
            else:
                self._close(piece, levels)
            if self.problems:
                return
        opened = levels[-1].piece
        if opened is not None:
            detail = f"This {opened.keyword} has no %{{ end{opened.keyword} }}. Add it."
            self._wrong(opened, "Unclosed directive", detail)
            return
        self._finish(levels[0].parts, pieces)

    def _close(self, piece: _Piece, levels: list[_Level]) -> None:
        level = levels[-1]
        opened = level.piece.keyword if level.piece is not None else ""
        fits = {"else": "if", "endif": "if", "endfor": "for"}[piece.keyword] == opened
        if not fits or (piece.keyword == "else" and level.then is not None):
            detail = f"No %{{ {'for' if piece.keyword == 'endfor' else 'if'} }} is open here that "
            detail += f"this {piece.keyword} could belong to."
            if opened and not fits:
                detail = f"The {opened} before it has to be closed by end{opened} first."
            self._wrong(piece, f"Unexpected {piece.keyword}", detail)
            return
        body = self._template(level.parts, piece)
        if piece.keyword == "else":
            level.then, level.parts = body, []
            return
        levels.pop()
        assert level.piece is not None
        levels[-1].parts.append(self._directive(level, level.piece, body, piece.end))

    def _directive(self, level: _Level, piece: _Piece, body: int, end: int) -> int:
        start = piece.start
        if piece.keyword == "for":
            key = piece.names[0] if len(piece.names) == 2 else None
            return self._node("ForDirective", start, end, key, piece.names[-1], piece.node, body)
        then, otherwise = body, -1
        if level.then is not None:
            then, otherwise = level.then, body
        else:
            otherwise = self._node("Template", end, end, ())
        return self._node("IfDirective", start, end, piece.node, then, otherwise)

    def _template(self, parts: list[int], until: _Piece) -> int:
        start = int(self.flattener.nodes[parts[0]][1]) if parts else until.start
        return self._node("Template", start, until.start, tuple(parts))

    def _finish(self, parts: list[int], pieces: Sequence[_Piece]) -> None:
        end = len(self.skeleton)
        if len(pieces) == 1 and pieces[0].kind == "${":
            self._node("Wrap", 0, end, parts[0])
        else:
            self._node("Template", 0, end, tuple(parts))
        self.shape.formula = Formula(self.shape, 0, len(self.flattener.nodes))

    def _node(self, tag: str, start: int, end: int, *fields: object) -> int:
        self.flattener.nodes.append((tag, start, end, *fields))
        return len(self.flattener.nodes) - 1

    def _layout(self, pieces: Sequence[_Piece]) -> Iterator[TextPart]:
        for index, piece in enumerate(pieces):
            if piece.kind != "text":
                yield TextPart(-1)
                continue
            left = index > 0 and pieces[index - 1].strip_after
            right = index + 1 < len(pieces) and pieces[index + 1].strip_before
            yield TextPart(self.flattener.slot_at[piece.start], left, right)


_TRIVIA = f" \t\r\n{COMMENT}"

_DIRECTIVE = re.compile(
    r"[ \t\r\n\x03]*(?:(?P<keyword>if|else|endif|endfor)(?![\w-])|for[ \t\r\n\x03]+"
    r"(?P<first>[^\W\d][\w-]*)[ \t\r\n\x03]*(?:,[ \t\r\n\x03]*(?P<second>[^\W\d][\w-]*)"
    r"[ \t\r\n\x03]*)?(?<=[ \t\r\n\x03])in(?![\w-]))"
)


def _closing_brace(skeleton: str, position: int) -> int:
    """The offset after the brace that closes what is open at *position*."""
    depth = 1
    for match in _BRACE.finditer(skeleton, position):
        depth += 1 if match.group() == "{" else -1
        if depth == 0:
            return match.end()
    return len(skeleton)


_BRACE = re.compile(r"[{}]")
