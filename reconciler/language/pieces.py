"""Pieces: what could be read of a stretch with mistakes, and what is known to be missing there."""

from __future__ import annotations

from reconciler.language.nodes import Unread
from reconciler.language.shape import ArgumentForm, BodyForm, Formula, Shape
from reconciler.language.words import Word


class Piece:
    """A block or an argument of a file that could be read, perhaps in part."""

    __slots__ = ("end", "shape", "start")

    def __init__(self, start: int, end: int, shape: Shape) -> None:
        self.start = start
        self.end = end
        self.shape = shape


def add_argument(shape: Shape, name: Word, start: int, end: int) -> None:
    """Give the body that an argument was taken out of one with its name and an unknown value."""
    assert shape.body is not None, "there is a body to be completed"
    node = Unread(name.end - start, end - start)
    formula = Formula(shape, 0, 0, node)
    form = ArgumentForm(name.text, name.start - start, name.end - start, formula)
    body = body_around(shape.body, form.start)
    if form.name not in body.by_name:
        body.arguments = (*body.arguments, form)
        body.by_name[form.name] = form


def tear(body: BodyForm, offset: int) -> None:
    """Mark the block that begins at an offset as one whose labels could not be read."""
    for block in body_around(body, offset).blocks:
        block.is_torn = block.is_torn or block.start == offset


def body_around(body: BodyForm, offset: int) -> BodyForm:
    """The innermost body that an offset lies in."""
    while True:
        inner = [each.body for each in body.blocks if each.body.start <= offset <= each.body.end]
        if not inner:
            return body
        body = inner[0]
