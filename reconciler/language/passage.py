"""Passage: a stretch of a file as the shape it has and what fills the shape's slots."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from reconciler.diagnostics import Place, SourceFile
from reconciler.language.expression import Expression
from reconciler.language.literals import (
    Style,
    decode_heredoc,
    decode_number,
    decode_string,
    decode_texts,
)
from reconciler.language.scan import COMMENT, DOTNAME, HEREDOC, NUMBER, STRING, TEXT
from reconciler.language.shape import Shape

if TYPE_CHECKING:
    from decimal import Decimal

    SlotValue = str | int | Decimal | Expression

_NO_SHAPE = Shape("", ())


class Passage:
    """A stretch of a file that has a shape."""

    __slots__ = (
        "_outer",
        "_shifts",
        "_slots",
        "_start",
        "nested",
        "raw",
        "shape",
        "source",
        "style",
    )

    def __init__(self, source: SourceFile, start: int, shape: Shape, raw: Sequence[str]) -> None:
        self.source = source
        self.shape = shape
        self.raw = raw
        """What stands in the file where the shape has its marks."""
        self.style = Style.QUOTED
        """How the literal text of a template is written."""
        self.nested: dict[int, Passage] | None = None
        """The templates with interpolations, by slot."""
        self._start = start
        self._outer: tuple[Passage, int] | None = None
        self._slots: tuple[SlotValue, ...] | None = None
        self._shifts: list[int] | None = None

    @classmethod
    def whole(cls, source: SourceFile) -> Passage:
        """All of a source; its shape is still to be found."""
        return cls(source, 0, _NO_SHAPE, ())

    def inside(self, slot: int, offset: int) -> Passage:
        """What stands *offset* characters into a slot; its shape is still to be found."""
        inner = Passage(self.source, offset, _NO_SHAPE, ())
        inner._outer = (self, slot)
        return inner

    @property
    def start(self) -> int:
        """Where in the file it begins."""
        if self._outer is not None:
            # Passages of templates are many and their places are rarely asked for.
            outer, slot = self._outer
            self._start += outer.offset(outer.shape.marks[slot])
            self._outer = None
        return self._start

    @property
    def slots(self) -> tuple[SlotValue, ...]:
        """What fills the slots, decoded when first asked for."""
        if self._slots is None:
            self._slots = self._decode()
        return self._slots

    def offset(self, offset: int) -> int:
        """Where an offset of the shape lies in the file."""
        if self._shifts is None:
            self._shifts = list(accumulate((len(raw) - 1 for raw in self.raw), initial=0))
        return self.start + offset + self._shifts[bisect_left(self.shape.marks, offset)]

    def place(self, start: int, end: int) -> Place:
        """Where a stretch of the shape lies in the file."""
        return (self.source, self.offset(start), self.offset(end))

    def text_of(self, slot: int) -> str:
        """The text of a string slot that is a constant."""
        return decode_string(self.raw[slot])

    def nested_expression(self, slot: int) -> Expression | None:
        """The template with interpolations that fills a slot, if one does."""
        inner = self.nested.get(slot) if self.nested else None
        if inner is None or inner.shape.formula is None:
            return None
        return Expression(inner, inner.shape.formula)

    def _decode(self) -> tuple[SlotValue, ...]:
        skeleton, marks, nested = self.shape.skeleton, self.shape.marks, self.nested or {}
        values: list[SlotValue] = []
        for slot, raw in enumerate(self.raw):
            mark = skeleton[marks[slot]]
            template = self.nested_expression(slot) if slot in nested else None
            if template is not None:
                values.append(template)
            else:
                values.append(_DECODERS[mark](raw))
        if self.shape.layout:
            for slot, text in decode_texts(self.shape.layout, self.raw, self.style).items():
                values[slot] = text
        return tuple(values)


_DECODERS: dict[str, Callable[[str], SlotValue]] = {
    STRING: decode_string,
    HEREDOC: decode_heredoc,
    NUMBER: decode_number,
    DOTNAME: lambda raw: raw[1:],
    TEXT: lambda raw: raw,
    COMMENT: lambda raw: "",
}
