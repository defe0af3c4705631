"""Frame: what one evaluation of an expression sees, and how much it may still do."""

from __future__ import annotations

from typing import Protocol

from reconciler.diagnostics import Place
from reconciler.language.mistakes import ValueMistake
from reconciler.language.nodes import Node
from reconciler.language.syntax import Scope

MAX_STEPS = 2_000_000
"""How many elements one evaluation may go through or make."""

MAX_TEXT = 64 * 1024 * 1024
"""How many characters of text one evaluation may make."""


class Formula(Protocol):
    """What all expressions of one shape share."""

    compiled: object
    """The closure made of the tree; None before the first evaluation."""


class Evaluable(Protocol):
    """What evaluation needs of an expression."""

    @property
    def formula(self) -> Formula:
        """What it shares with the expressions that differ only in constants."""

    @property
    def node(self) -> Node:
        """Its tree."""

    @property
    def slots(self) -> tuple[object, ...]:
        """The constants and templates that the slots of the tree stand for."""

    def place_of(self, node: Node) -> Place:
        """Where a node of its tree stands in the file."""


class Budget:
    """What one evaluation may still use up, so that a small text cannot fill the memory."""

    __slots__ = ("is_in_template", "is_standing_in", "steps", "text")

    def __init__(self) -> None:
        self.steps = MAX_STEPS
        self.text = MAX_TEXT
        self.is_in_template = False
        self.is_standing_in = False

    @property
    def is_spent(self) -> bool:
        """Whether too much was done, so that nothing more can come of the evaluation."""
        return self.steps < 0 or self.text < 0

    def spend_steps(self, count: int) -> None:
        """Note that *count* elements are about to be gone through or made."""
        self.steps -= count
        if self.steps < 0:
            raise ValueMistake(
                f"it goes through more than {MAX_STEPS:,} elements", summary="Evaluation too long"
            )

    def spend_text(self, length: int) -> None:
        """Note that a text of *length* characters was or is about to be made."""
        self.text -= length
        if self.text < 0:
            raise ValueMistake(
                f"it makes more than {MAX_TEXT // 1024 // 1024} MiB of text",
                summary="Text too long",
            )


class Frame:
    """One evaluation: the expression, the scope, the `for` variables and the splat's element."""

    __slots__ = ("budget", "expression", "item", "names", "scope", "slots")

    def __init__(
        self,
        expression: Evaluable,
        scope: Scope,
        budget: Budget,
        names: dict[str, object] | None = None,
        item: object = None,
    ) -> None:
        self.expression = expression
        self.slots = expression.slots
        self.scope = scope
        self.budget = budget
        self.names = names
        self.item = item

    def inside(self, expression: Evaluable) -> Frame:
        """The frame of a template that stands in a slot of this expression."""
        return Frame(expression, self.scope, self.budget, self.names, self.item)

    def with_names(self) -> Frame:
        """A frame whose `for` variables may be set without being seen outside it."""
        return Frame(self.expression, self.scope, self.budget, dict(self.names or ()), self.item)

    def with_item(self) -> Frame:
        """A frame whose splat element may be set without being seen outside it."""
        return Frame(self.expression, self.scope, self.budget, self.names)
