"""Shape: what all passages with the same skeleton share: their trees and their problems.

A shape knows nothing of files; its offsets are offsets into the skeleton. It is made once, by
the grammar of python-hcl2 (see `shaping`), and then found again by its skeleton, in memory or in
the user's cache. Its classes are written out because defining dataclasses would cost every
command.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from reconciler.language.scan import MARKS

if TYPE_CHECKING:
    from reconciler.language.nodes import Node
    from reconciler.language.problems import Problem
    from reconciler.language.references import Uses

Unit = Literal["body", "expression", "template"]
"""What a passage is read as."""

FlatNode = tuple[Any, ...]
"""A node's class by name, its offsets and its fields; children by their place in the list."""

_MARK = re.compile(f"[{MARKS}]")


class Formula:
    """One expression of a shape: a stretch of its flat nodes, the last of which is the root."""

    __slots__ = ("_node", "_parts", "_uses", "compiled", "end", "first", "last", "shape", "start")

    def __init__(self, shape: Shape, first: int, last: int, node: Node | None = None) -> None:
        self.shape = shape
        self.first = first
        self.last = last
        self.start: int = shape.nodes[last - 1][1] if node is None else node.start
        self.end: int = shape.nodes[last - 1][2] if node is None else node.end
        self.compiled: object = None
        """What evaluation made of it."""
        self._node = node
        self._uses: Uses | None = None
        self._parts: dict[int, Formula] | None = None

    @property
    def node(self) -> Node:
        """The tree, built when it is first asked for."""
        if self._node is None:
            from reconciler.language.trees import build_tree

            self._node = build_tree(self.shape.nodes, self.first, self.last)
        return self._node

    @property
    def uses(self) -> Uses:
        """What it refers to."""
        if self._uses is None:
            from reconciler.language.references import uses_of

            self._uses = uses_of(self.node)
        return self._uses

    def part(self, node: Node) -> Formula:
        """The formula that a node of this one's tree is; the same one for the same node."""
        if self._parts is None:
            self._parts = {}
        found = self._parts.get(id(node))
        if found is None:
            found = self._parts[id(node)] = Formula(self.shape, 0, 0, node)
        return found


class ArgumentForm:
    """`name = expression` of a shape."""

    __slots__ = ("end", "formula", "name", "start")

    def __init__(self, name: str, start: int, end: int, formula: Formula) -> None:
        self.name = name
        self.start = start
        self.end = end
        self.formula = formula


class LabelForm:
    """A label: a slot of the passage, or (slot -1) a bare name."""

    __slots__ = ("end", "name", "slot", "start")

    def __init__(self, slot: int, name: str, start: int, end: int) -> None:
        self.slot = slot
        self.name = name
        self.start = start
        self.end = end


class BodyForm:
    """What stands between the braces of a block, or the whole skeleton."""

    __slots__ = ("arguments", "blocks", "by_name", "end", "start", "unread")

    def __init__(
        self,
        arguments: Sequence[ArgumentForm],
        blocks: Sequence[BlockForm],
        start: int,
        end: int,
    ) -> None:
        self.arguments = arguments
        self.blocks = blocks
        self.by_name = {each.name: each for each in arguments}
        self.start = start
        self.end = end
        self.unread: tuple[tuple[int, int], ...] = ()
        """Stretches of it that nothing could be made of."""


class BlockForm:
    """A block of a shape."""

    __slots__ = ("body", "header_end", "is_torn", "labels", "start", "type", "type_end")

    def __init__(
        self, type: str, start: int, type_end: int, labels: Sequence[LabelForm], body: BodyForm
    ) -> None:
        self.type = type
        self.start = start
        self.type_end = type_end
        self.labels = labels
        self.body = body
        self.header_end = labels[-1].end if labels else type_end
        self.is_torn = False
        """Whether its labels could not be read."""


class TextPart:
    """One part of a template: the slot of literal text, or -1 for `${}` and `%{}`."""

    __slots__ = ("slot", "strip_left", "strip_right")

    def __init__(self, slot: int, strip_left: bool = False, strip_right: bool = False) -> None:
        self.slot = slot
        self.strip_left = strip_left
        """Whether a `~` before it takes the blanks at its beginning."""
        self.strip_right = strip_right


class Shape:
    """The trees of a skeleton."""

    __slots__ = (
        "_marks",
        "body",
        "constant_slots",
        "formula",
        "layout",
        "nodes",
        "problems",
        "skeleton",
    )

    def __init__(self, skeleton: str, nodes: Sequence[FlatNode]) -> None:
        self.skeleton = skeleton
        self.nodes = nodes
        self.body: BodyForm | None = None
        self.formula: Formula | None = None
        """The one formula of an expression or a template."""
        self.layout: Sequence[TextPart] = ()
        """The parts of a template in order."""
        self.problems: Sequence[Problem] = ()
        self.constant_slots: Sequence[int] = ()
        """Slots where a template with interpolations may not stand: the labels."""
        self._marks: tuple[int, ...] | None = None

    @property
    def marks(self) -> tuple[int, ...]:
        """The offsets of the marks in the skeleton; the n-th stands for slot n."""
        if self._marks is None:
            self._marks = tuple(match.start() for match in _MARK.finditer(self.skeleton))
        return self._marks
