"""Mistakes: what went wrong while evaluating, before it is known where the expression stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.language.frame import Frame
    from reconciler.language.nodes import Node


class ValueMistake(Exception):
    """A value that cannot be used as asked.

    *path* leads to the part that is wrong; *argument* counts the argument of a function call
    that is to blame, from 0.
    """

    def __init__(
        self,
        message: str,
        path: tuple[str | int, ...] = (),
        *,
        argument: int | None = None,
        summary: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.argument = argument
        self.summary = summary

    @property
    def text(self) -> str:
        """The message, with the way to the part that is wrong."""
        return f"{path_text(self.path)}: {self.message}" if self.path else self.message


class Mistake(Exception):
    """A `ValueMistake` at a node of an expression. `try` and `can` catch it if they may."""

    def __init__(
        self, frame: Frame, node: Node, summary: str, detail: str, *, is_catchable: bool = True
    ) -> None:
        super().__init__(summary)
        self.frame = frame
        self.node = node
        self.summary = summary
        self.detail = detail
        self.is_catchable = is_catchable
        self.others: list[Mistake] = []
        """What else is wrong beside it, in parts that do not depend on each other."""


class Mistakes:
    """The mistakes in parts that do not depend on each other: one hides no other."""

    __slots__ = ("first",)

    def __init__(self) -> None:
        self.first: Mistake | None = None

    def note(self, mistake: Mistake) -> None:
        """Keep a mistake, or raise the first where nothing can be evaluated any more.

        If one of them must not be caught, none may.
        """
        if self.first is None:
            self.first = mistake
        elif len(self.first.others) < MAX_OTHERS:
            self.first.others += [mistake, *mistake.others]
        self.first.is_catchable &= mistake.is_catchable
        if mistake.frame.budget.is_spent:
            raise self.first

    def raise_first(self) -> None:
        """Raise the first of them with the others in it, if there is any."""
        if self.first is not None:
            raise self.first


MAX_OTHERS = 100
"""How many more mistakes of one expression are kept, or a few above it."""


def path_text(path: tuple[str | int, ...]) -> str:
    """A path as a reference would write it: `.parts[0].text`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
