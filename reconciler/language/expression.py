"""Expression: one expression of a file, as a formula it shares and the constants it alone has.

A `Passage` is a stretch of a file: its `Shape` (shared by every passage that differs only in
constants) and what fills the shape's slots. An `Expression` is one formula of that shape, read
with the slots of that passage. A slot that is a template with interpolations holds an
`Expression` of a passage of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.diagnostics import Place, SourceFile
from reconciler.language.nodes import Call, Index, Node, Object, Parenthesized, Tuple, Unread
from reconciler.language.syntax import Scope, Traversal

if TYPE_CHECKING:
    from decimal import Decimal

    from reconciler.language.passage import Passage
    from reconciler.language.shape import Formula, Shape


class Expression:
    """One expression of the spec, evaluated as often as wanted.

    `formula.compiled` is where evaluation keeps what it made of `node`: a formula is shared by
    all expressions of the same shape, so compiling happens once per shape.
    """

    __slots__ = ("_references", "formula", "passage")

    def __init__(self, passage: Passage, formula: Formula) -> None:
        self.passage = passage
        self.formula = formula
        self._references: tuple[Traversal, ...] | None = None

    @property
    def shape(self) -> Shape:
        """The shape that the formula is part of."""
        return self.passage.shape

    @property
    def source(self) -> SourceFile:
        """The file it stands in."""
        return self.passage.source

    @property
    def node(self) -> Node:
        """Its tree; offsets in it are offsets into the shape."""
        return self.formula.node

    @property
    def slots(self) -> tuple[str | int | Decimal | Expression, ...]:
        """What fills the slots: text (unescaped, NFC), a number, or a template's expression."""
        return self.passage.slots

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.passage.place(self.formula.start, self.formula.end)

    def place_of(self, node: Node) -> Place:
        """Where a node of its tree stands in the file."""
        return self.passage.place(node.start, node.end)

    @property
    def text(self) -> str:
        """How it is written."""
        source, start, end = self.place
        return source.text[start:end]

    def evaluate(self, scope: Scope) -> object:
        """Its value: plain data, with `Unknown` and `Sensitive` where they apply.

        Raises:
            SpecError: what is wrong, with places.
        """
        from reconciler.language.evaluation import evaluate_expression

        return evaluate_expression(self, scope)

    def references(self) -> tuple[Traversal, ...]:
        """Every reference in it, without `for` variables; in source order, duplicates kept."""
        if self._references is None:
            from reconciler.language.references import references

            self._references = () if self.is_constant else references(self)
        return self._references

    @property
    def is_constant(self) -> bool:
        """Whether it uses no names and calls no functions."""
        uses = self.formula.uses
        if uses.roots or uses.calls:
            return False
        return not self.passage.nested or self._is_constant_inside()

    @property
    def is_unread(self) -> bool:
        """Whether it could not be read, which has been reported: its value is unknown."""
        return isinstance(self.node, Unread)

    def _is_constant_inside(self) -> bool:
        from reconciler.language.references import calls, references

        return not references(self) and not calls(self)

    def traversal(self) -> Traversal | None:
        """The reference it is, if it is one reference and nothing else."""
        from reconciler.language.references import whole_traversal

        return whole_traversal(self)

    def calls(self) -> tuple[tuple[str, Place], ...]:
        """Every function it calls, anywhere inside, by name with the place of the name."""
        from reconciler.language.references import calls

        return calls(self)

    def items(self) -> tuple[Expression, ...] | None:
        """The elements of a `[a, b]` constructor; None for anything else."""
        node = _bare(self.node)
        if not isinstance(node, Tuple):
            return None
        return tuple(self._part(each) for each in node.items)

    def pairs(self) -> tuple[tuple[Expression, Expression], ...] | None:
        """The keys and values of a `{ key = value }` constructor; None for anything else.

        A key written as a bare name evaluates to that name.
        """
        node = _bare(self.node)
        if not isinstance(node, Object):
            return None
        return tuple((self._part(key), self._part(value)) for key, value in node.items)

    def call(self) -> tuple[str, tuple[Expression, ...]] | None:
        """The name and the arguments, if it is one function call and nothing else."""
        node = _bare(self.node)
        if not isinstance(node, Call):
            return None
        return str(node.name), tuple(self._part(each) for each in node.arguments)

    def index(self) -> Expression | None:
        """The key of `a.b[key]`, if it ends in one; None for anything else."""
        node = _bare(self.node)
        return self._part(node.key) if isinstance(node, Index) else None

    def _part(self, node: Node) -> Expression:
        return Expression(self.passage, self.formula.part(node))

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def _bare(node: Node) -> Node:
    while isinstance(node, Parenthesized):
        node = node.inner
    return node
