"""Reading: gives every stretch of a source its shape, and reports what has none."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterator, Sequence
from typing import TYPE_CHECKING

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
from reconciler.language.shape import Shape
from reconciler.language.shapecache import Shapes
from reconciler.language.template import lift_template

if TYPE_CHECKING:
    from reconciler.language.problems import Problem

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
        self.unread: list[Place] = []
        """What nothing could be made of, and has been reported."""
        self._left = MAX_MISTAKES

    def read_file(self) -> Iterator[Passage]:
        """The passages of the file, in order; what cannot be read is left out of them."""
        bodies = self.shapes.bodies
        if self.text.count("\n}") > MAX_BLOCKS:
            self._error("Too many blocks", _TOO_MANY, (self.source, 0, 0))
            self.unread.append((self.source, 0, len(self.text)))
            return
        for chunk in cut_chunks(self.text):
            if chunk.mistakes:
                self._report_lexical(chunk.mistakes, 0)
                yield from self._recovered(chunk)
                continue
            shape = bodies.get(chunk.skeleton) or self.shapes.find("body", chunk.skeleton)
            passage = Passage(self.source, chunk.start, shape, chunk.raw)
            if shape.problems:
                yield from self._recovered(chunk)
            elif not (bad := self._read_nested(passage)):
                yield passage
            else:
                yield from self._recovered(chunk, bad)

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
            self._report(passage, shape.problems)
            return None
        return passage if not self._read_nested(passage) else None

    def read_template(self) -> Passage | None:
        """The source as one template, or None after reporting why it is none."""
        passage = self._template(Passage.whole(self.source), self.text, Style.PLAIN)
        return passage if passage is not None and not self._read_nested(passage) else None

    def _recovered(self, chunk: Chunk, bad: set[int] | None = None) -> Iterator[Passage]:
        """What can be read of a chunk with mistakes, after reporting those of its shape.

        *bad* are the slots with templates that have been found wrong; if it is not given they
        are still to be looked for.
        """
        from reconciler.language.recovery import Recovery

        whole = Passage(self.source, chunk.start, Shape(chunk.skeleton, ()), chunk.raw)
        if self._left <= 0:
            self.unread.append((self.source, chunk.start, chunk.end))
            return
        marks = whole.shape.marks
        lexical = [self._slot_at(whole, each.start) for each in chunk.mistakes]
        if bad is None:
            bad = {*lexical, *self._read_nested(whole, except_slots=set(lexical))}
        recovery = Recovery(
            chunk.skeleton,
            [marks[slot] for slot in bad],
            margin=self.source.offset_in_line(chunk.start),
            open_from=marks[lexical[-1]] if chunk.is_open else None,
            cache_folder=self.shapes.folder,
        )
        lines = {self.source.position(each.start).line for each in chunk.mistakes[:MAX_MISTAKES]}
        self._report(whole, recovery.problems, except_lines=lines)
        self.unread += [whole.place(*each) for each in recovery.unread]
        if chunk.is_open:
            self.unread.append((self.source, chunk.mistakes[-1].start, chunk.end))
        for piece in recovery.pieces:
            first, last = bisect_left(marks, piece.start), bisect_left(marks, piece.end)
            start = whole.offset(piece.start)
            passage = Passage(self.source, start, piece.shape, chunk.raw[first:last])
            if self._read_nested(passage):
                self.unread.append(whole.place(piece.start, piece.end))
            else:
                yield passage

    def _slot_at(self, passage: Passage, offset: int) -> int:
        """The slot that an offset of the source lies in, or the one before it."""
        starts = [passage.offset(each) for each in passage.shape.marks]
        return max(bisect_right(starts, offset) - 1, 0)

    def _read_nested(self, passage: Passage, except_slots: Container[int] = ()) -> set[int]:
        """Read every template in the slots of a passage, and those in theirs.

        The slots of the passage in which something is wrong, which is reported.
        """
        queue = [(passage, -1)]
        bad: set[int] = set()
        while queue:
            outer, top = queue.pop()
            for slot, raw in enumerate(outer.raw):
                if "{" in raw and ("${" in raw or "%{" in raw):
                    of = slot if top < 0 else top
                    if (top >= 0 or slot not in except_slots) and not self._read_slot(
                        outer, slot, raw, of, queue
                    ):
                        bad.add(of)
        return bad

    def _read_slot(
        self, outer: Passage, slot: int, raw: str, of: int, queue: list[tuple[Passage, int]]
    ) -> bool:
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
        queue.append((inner, of))
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
            self._report(passage, passage.shape.problems)
            return None
        return passage

    def _report_lexical(self, mistakes: Sequence[LexicalMistake], base: int) -> None:
        for each in mistakes[: self._left]:
            place = (self.source, base + each.start, base + each.end)
            self._error(each.summary, each.detail, place)

    def _report(
        self, passage: Passage, problems: Sequence[Problem], *, except_lines: Container[int] = ()
    ) -> None:
        for each in problems[: self._left]:
            place = passage.place(each.start, each.end)
            if not except_lines or self.source.position(place[1]).line not in except_lines:
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
