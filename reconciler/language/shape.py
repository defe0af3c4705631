"""Shape: what all passages with the same skeleton share: their trees and their problems.

A shape knows nothing of files; its offsets are offsets into the skeleton. It is made once by
python-hcl2 (see `shaping`) and then found again by its skeleton, in memory or in the user's cache.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from reconciler.language import nodes as tree
from reconciler.language.nodes import Node
from reconciler.language.problems import Problem
from reconciler.language.references import Uses, uses_of
from reconciler.language.scan import MARKS

Unit = Literal["body", "expression", "template"]
"""What a passage is read as."""

FlatNode = tuple[Any, ...]

_MARK = re.compile(f"[{MARKS}]")


@dataclass(slots=True)
class Formula:
    """One expression of a shape: a stretch of its flat nodes, the last of which is the root."""

    shape: Shape
    first: int
    last: int
    compiled: object = None
    """What evaluation made of it."""
    _node: Node | None = None
    _uses: Uses | None = None
    _parts: dict[int, Formula] = field(default_factory=dict)

    @property
    def node(self) -> Node:
        """The tree, built when it is first asked for."""
        if self._node is None:
            self._node = build_tree(self.shape.nodes, self.first, self.last)
        return self._node

    @property
    def uses(self) -> Uses:
        """What it refers to."""
        if self._uses is None:
            self._uses = uses_of(self.node)
        return self._uses

    @property
    def start(self) -> int:
        """Where it begins in the skeleton."""
        return self.node.start if self.last < 0 else int(self.shape.nodes[self.last - 1][1])

    @property
    def end(self) -> int:
        """Where it ends in the skeleton."""
        return self.node.end if self.last < 0 else int(self.shape.nodes[self.last - 1][2])

    def part(self, node: Node) -> Formula:
        """The formula that a node of this one's tree is; the same one for the same node."""
        found = self._parts.get(id(node))
        if found is None:
            found = self._parts[id(node)] = Formula(self.shape, -1, -1, _node=node)
        return found


@dataclass(frozen=True, slots=True)
class ArgumentForm:
    """`name = expression` of a shape."""

    name: str
    start: int
    end: int
    formula: Formula


@dataclass(frozen=True, slots=True)
class LabelForm:
    """A label: a slot of the passage, or a bare name."""

    slot: int
    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class BlockForm:
    """A block of a shape."""

    type: str
    start: int
    type_end: int
    labels: tuple[LabelForm, ...]
    body: BodyForm

    @property
    def header_end(self) -> int:
        """Where the type and labels end."""
        return self.labels[-1].end if self.labels else self.type_end


@dataclass(frozen=True, slots=True)
class BodyForm:
    """What stands between the braces of a block, or the whole skeleton."""

    arguments: tuple[ArgumentForm, ...]
    blocks: tuple[BlockForm, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TextPart:
    """One part of a template: the slot of literal text (-1 for `${}` and `%{}`)."""

    slot: int
    strip_left: bool = False
    """Whether a `~` before it takes the blanks at its beginning."""
    strip_right: bool = False


@dataclass(slots=True)
class Shape:
    """The trees of a skeleton."""

    skeleton: str
    slot_count: int
    nodes: list[FlatNode]
    body: BodyForm | None = None
    formula: Formula | None = None
    """The one formula of an expression or a template."""
    layout: tuple[TextPart, ...] = ()
    """The parts of a template in order."""
    problems: tuple[Problem, ...] = ()
    constant_slots: tuple[int, ...] = ()
    """Slots where a template with interpolations may not stand: the labels."""
    _marks: tuple[int, ...] | None = None

    @property
    def marks(self) -> tuple[int, ...]:
        """The offsets of the marks in the skeleton; the n-th stands for slot n."""
        if self._marks is None:
            self._marks = tuple(match.start() for match in _MARK.finditer(self.skeleton))
        return self._marks


def build_tree(flat: list[FlatNode], first: int, last: int) -> Node:
    """The tree of a stretch of flat nodes."""
    built: dict[int, Node] = {}
    node: Node | None = None
    for place in range(first, last):
        tag, start, end, *fields = flat[place]
        node = built[place] = _BUILDERS[tag](start, end, fields, built)
    assert node is not None
    return node


Built = dict[int, Node]


def _name(value: object) -> Any:
    if isinstance(value, tuple):
        _, start, end, index = value
        return tree.Slot(start, end, index)
    return value


def _optional(value: int | None, built: Built) -> Node | None:
    return None if value is None else built[value]


_BUILDERS: dict[str, Any] = {
    "Literal": lambda s, e, f, b: tree.Literal(s, e, f[0]),
    "Slot": lambda s, e, f, b: tree.Slot(s, e, f[0]),
    "Root": lambda s, e, f, b: tree.Root(s, e, _name(f[0])),
    "Attr": lambda s, e, f, b: tree.Attr(s, e, b[f[0]], _name(f[1])),
    "Index": lambda s, e, f, b: tree.Index(s, e, b[f[0]], b[f[1]]),
    "Splat": lambda s, e, f, b: tree.Splat(s, e, b[f[0]], b[f[1]]),
    "SplatItem": lambda s, e, f, b: tree.SplatItem(s, e),
    "Unary": lambda s, e, f, b: tree.Unary(s, e, f[0], b[f[1]]),
    "Binary": lambda s, e, f, b: tree.Binary(s, e, f[0], b[f[1]], b[f[2]]),
    "Conditional": lambda s, e, f, b: tree.Conditional(s, e, b[f[0]], b[f[1]], b[f[2]]),
    "Parenthesized": lambda s, e, f, b: tree.Parenthesized(s, e, b[f[0]]),
    "Call": lambda s, e, f, b: tree.Call(s, e, f[0], tuple(b[i] for i in f[1]), f[2]),
    "Tuple": lambda s, e, f, b: tree.Tuple(s, e, tuple(b[i] for i in f[0])),
    "Object": lambda s, e, f, b: tree.Object(s, e, tuple((b[k], b[v]) for k, v in f[0])),
    "ForTuple": lambda s, e, f, b: tree.ForTuple(
        s, e, f[0], f[1], b[f[2]], b[f[3]], _optional(f[4], b)
    ),
    "ForObject": lambda s, e, f, b: tree.ForObject(
        s, e, f[0], f[1], b[f[2]], b[f[3]], b[f[4]], _optional(f[5], b), f[6]
    ),
    "Template": lambda s, e, f, b: tree.Template(s, e, tuple(b[i] for i in f[0])),
    "Wrap": lambda s, e, f, b: tree.Wrap(s, e, b[f[0]]),
    "IfDirective": lambda s, e, f, b: tree.IfDirective(s, e, b[f[0]], b[f[1]], b[f[2]]),
    "ForDirective": lambda s, e, f, b: tree.ForDirective(s, e, f[0], f[1], b[f[2]], b[f[3]]),
}
