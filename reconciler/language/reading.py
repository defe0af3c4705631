"""Reading: gives every stretch of a source its shape, and reports what has none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.diagnostics import Diagnostics, Place, SourceFile
from reconciler.language.chunks import Chunk, cut_chunks
from reconciler.language.literals import Style, heredoc_body
from reconciler.language.passage import Passage
from reconciler.language.scan import (
    HEREDOC,
    STRING,
    TEXT,
    LexicalMistake,
    has_marks,
    is_lifted,
    is_suspicious,
    lift,
)
from reconciler.language.shapecache import Shapes
from reconciler.language.template import lift_template

MAX_MISTAKES = 100
"""How many mistakes of one file are reported."""

MAX_BLOCKS = 100_000
"""How many blocks one file may have; the memory for one is a kilobyte."""

_TOO_MANY = (
    f"A file may have {MAX_BLOCKS:,} blocks. Keep the conversations in a file of rows, and write "
    "one block with for_each over jsonldecode(file(...))."
)


class Reader:
    """Reads one source; problems go to the diagnostics it was given."""

    def __init__(self, source: SourceFile, diagnostics: Diagnostics, shapes: Shapes) -> None:
        self.source = source
        self.text = source.text
        self.diagnostics = diagnostics
        self.shapes = shapes
        self._left = MAX_MISTAKES

    def read_file(self) -> Iterator[Passage]:
        """The passages of the file, in order; those with mistakes are left out."""
        bodies = self.shapes.bodies
        if self.text.count("\n}") > MAX_BLOCKS:
            self._error("Too many blocks", _TOO_MANY, (self.source, 0, 0))
            return
        for chunk in cut_chunks(self.text):
            if chunk.mistakes:
                self._report_chunk(chunk)
                continue
            shape = bodies.get(chunk.skeleton) or self.shapes.find("body", chunk.skeleton)
            passage = Passage(self.source, chunk.start, shape, chunk.raw)
            if shape.problems:
                self._report(passage)
            elif self._read_nested(passage):
                yield passage

    def read_expression(self) -> Passage | None:
        """The source as one expression, or None after reporting why it is none."""
        skeleton, raw = lift(self.text)
        if not is_lifted(skeleton) or is_suspicious(self.text):
            from reconciler.language.exact import lift_exactly

            lifted = lift_exactly(self.text)
            if lifted.mistakes:
                self._report_lexical(lifted.mistakes, 0)
                return None
            skeleton, raw = lifted.skeleton(len(self.text)), lifted.slots
        shape = self.shapes.find("expression", skeleton)
        passage = Passage(self.source, 0, shape, raw)
        if shape.problems:
            self._report(passage)
            return None
        return passage if self._read_nested(passage) else None

    def read_template(self) -> Passage | None:
        """The source as one template, or None after reporting why it is none."""
        passage = self._template(Passage.whole(self.source), self.text, Style.PLAIN)
        return passage if passage is not None and self._read_nested(passage) else None

    def _read_nested(self, passage: Passage) -> bool:
        """Read every template in the slots of a passage, and those in theirs."""
        queue = [passage]
        is_good = True
        while queue:
            outer = queue.pop()
            for slot, raw in enumerate(outer.raw):
                if "{" in raw and ("${" in raw or "%{" in raw):
                    is_good &= self._read_slot(outer, slot, raw, queue)
        return is_good

    def _read_slot(self, outer: Passage, slot: int, raw: str, queue: list[Passage]) -> bool:
        mark = outer.shape.skeleton[outer.shape.marks[slot]]
        if mark == STRING:
            style, start, end = Style.QUOTED, 1, len(raw) - 1
        elif mark == HEREDOC:
            style, start, end = heredoc_body(raw)
        else:
            return True
        inner = self._template(outer.inside(slot, start), raw[start:end], style)
        if inner is None or inner.shape.skeleton == TEXT:
            return inner is not None
        if slot in outer.shape.constant_slots:
            self._report_label(outer, slot)
            return False
        if outer.nested is None:
            outer.nested = {}
        outer.nested[slot] = inner
        queue.append(inner)
        return True

    def _template(self, passage: Passage, text: str, style: Style) -> Passage | None:
        """Give *passage*, whose text is *text*, its shape; None after reporting why not."""
        lifted = None if has_marks(text) else lift_template(text)
        if lifted is None:
            from reconciler.language.exact import ExactTemplate

            exact = ExactTemplate(text, quoted=style is Style.QUOTED)
            if exact.mistakes:
                self._report_lexical(exact.mistakes, passage.start)
                return None
            lifted = exact.skeleton, exact.slots
        skeleton, passage.raw = lifted
        passage.style = style
        passage.shape = self.shapes.templates.get(skeleton) or self.shapes.find(
            "template", skeleton
        )
        if passage.shape.problems:
            self._report(passage)
            return None
        return passage

    def _report_chunk(self, chunk: Chunk) -> None:
        """Report a chunk with malformed words, and what is wrong on other lines of it."""
        self._report_lexical(chunk.mistakes, 0)
        if not chunk.is_open:
            shape = self.shapes.find("body", chunk.skeleton)
            passage = Passage(self.source, chunk.start, shape, chunk.raw)
            lines = {
                self.source.position(each.start).line for each in chunk.mistakes[:MAX_MISTAKES]
            }
            self._report(passage, except_lines=lines)

    def _report_lexical(self, mistakes: Sequence[LexicalMistake], base: int) -> None:
        for each in mistakes[: self._left]:
            place = (self.source, base + each.start, base + each.end)
            self._error(each.summary, each.detail, place)

    def _report(self, passage: Passage, *, except_lines: set[int] | None = None) -> None:
        for each in passage.shape.problems[: self._left]:
            place = passage.place(each.start, each.end)
            if except_lines is None or self.source.position(place[1]).line not in except_lines:
                self._error(each.summary, each.detail, place)

    def _error(self, summary: str, detail: str, place: Place) -> None:
        """Note a mistake, unless there have been so many that more of them help nobody."""
        if self._left > 0:
            self._left -= 1
            if self._left == 0:
                detail = f"{detail} (This file has more mistakes; only {MAX_MISTAKES} are shown.)"
            self.diagnostics.error(summary, detail, place=place)

    def _report_label(self, passage: Passage, slot: int) -> None:
        mark = passage.shape.marks[slot]
        detail = (
            "The labels of a block are plain text. For a ${ that stands for itself write $${; to "
            "make several objects from one block use for_each or count."
        )
        self._error("Template in a label", detail, passage.place(mark, mark + 1))
