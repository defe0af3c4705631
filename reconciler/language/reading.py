"""Reading: cuts a file into passages and finds the shape of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from reconciler.diagnostics import Diagnostics, SourceFile
from reconciler.language.passage import Passage, Style, heredoc_body
from reconciler.language.scan import (
    TEXT,
    LexicalMistake,
    is_lifted,
    lift,
    lift_exactly,
    skip_trivia,
)
from reconciler.language.shape import Shape
from reconciler.language.shapecache import Shapes

_BLOCK_END = re.compile(r"\n\}[ \t]*\r?\n")


class Reader:
    """Reads one source; problems go to the diagnostics it was given."""

    def __init__(self, source: SourceFile, diagnostics: Diagnostics, shapes: Shapes) -> None:
        self.source = source
        self.text = source.text
        self.diagnostics = diagnostics
        self.shapes = shapes
        self._queue: list[tuple[Passage, int]] = []

    def read_file(self) -> Iterator[Passage]:
        """The passages of the file, in order; those with mistakes are left out."""
        text = self.text
        start = 1 if text.startswith("\ufeff") else 0
        bodies = self.shapes.bodies
        while start < len(text):
            match = _BLOCK_END.search(text, start)
            end = match.end() if match else len(text)
            begin = skip_trivia(text, start, end)
            start = end
            if begin == end:
                continue
            chunk = text[begin:end]
            skeleton, raw = lift(chunk)
            shape = bodies.get(skeleton)
            if shape is None:
                shape = self.shapes.find("body", skeleton)
            if shape.problems:
                self._report(shape, begin, raw)
                continue
            passage = Passage(self.source, begin, shape, raw)
            if ("${" in chunk or "%{" in chunk) and not self._read_nested(passage):
                continue
            yield passage

    def read_expression(self, start: int, end: int) -> Passage | None:
        """The passage of a bare expression, or None after reporting why not."""
        text = self.text[start:end]
        skeleton, raw = lift(text)
        if not is_lifted(skeleton):
            lifted = lift_exactly(text)
            if self._report_lexical(lifted.mistakes, start):
                return None
            skeleton, raw = lifted.skeleton, lifted.slots
        shape = self.shapes.find("expression", skeleton)
        if shape.problems:
            self._report(shape, start, raw)
            return None
        passage = Passage(self.source, start, shape, raw)
        return passage if self._read_nested(passage) else None

    def read_template(self, start: int, end: int, style: Style) -> Passage | None:
        """The passage of the inside of a template, or None after reporting why not."""
        passage = self._template(start, end, style)
        if passage is None:
            return None
        return passage if self._read_nested(passage) else None

    def _template(self, start: int, end: int, style: Style) -> Passage | None:
        from reconciler.language.template import lift_template

        lifted = lift_template(self.text[start:end], quoted=style is Style.QUOTED)
        if self._report_lexical(lifted.mistakes, start):
            return None
        shape = self.shapes.find("template", lifted.skeleton)
        passage = Passage(self.source, start, shape, lifted.slots, style)
        if shape.problems:
            self._report(shape, start, lifted.slots, style)
            return None
        return passage

    def _read_nested(self, passage: Passage) -> bool:
        """Read every template in the slots of a passage, and those in theirs."""
        queue = [passage]
        is_good = True
        while queue:
            outer = queue.pop()
            for slot, raw in enumerate(outer.raw):
                if raw[0] not in '"<' or ("${" not in raw and "%{" not in raw):
                    continue
                if outer.shape.skeleton[outer.shape.marks[slot]] == TEXT:
                    continue
                inner = self._nested(outer, slot, raw)
                is_good = is_good and inner is not None
                if inner is not None and inner.shape.skeleton != TEXT:
                    outer.nested = outer.nested or {}
                    outer.nested[slot] = inner
                    queue.append(inner)
        return is_good

    def _nested(self, outer: Passage, slot: int, raw: str) -> Passage | None:
        start = outer.offset(outer.shape.marks[slot])
        if raw[0] == '"':
            return self._template(start + 1, start + len(raw) - 1, Style.QUOTED)
        style, body, end = heredoc_body(raw)
        return self._template(start + body, start + end, style)

    def _report_lexical(self, mistakes: Sequence[LexicalMistake], base: int) -> bool:
        for each in mistakes:
            place = (self.source, base + each.start, base + each.end)
            self.diagnostics.error(each.summary, each.detail, place=place)
        return bool(mistakes)

    def _report(self, shape: Shape, base: int, raw: list[str], style: Style = Style.QUOTED) -> None:
        passage = Passage(self.source, base, shape, raw, style)
        for each in shape.problems:
            place = passage.place(each.start, each.end)
            self.diagnostics.error(each.summary, each.detail, place=place)
