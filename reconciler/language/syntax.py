"""Syntax: bodies, blocks and expressions as later stations see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from reconciler.diagnostics import Diagnostics, Place, SourceFile
from reconciler.frozen import frozen


@frozen
class Traversal:
    """A reference as written: `openai_message.turn["k"].id` is root `openai_message` and steps.

    A step is an attribute name (str), a constant index (int, or `IndexKey` text), or None for an
    index or splat that is only known by evaluating it. Steps stop at the first thing that is not
    one of these.
    """

    root: str
    steps: tuple[Step, ...]
    place: Place

    @property
    def text(self) -> str:
        """The reference as written in the file."""
        source, start, end = self.place
        return source.text[start:end]


@frozen
class IndexKey:
    """A constant index in brackets: `["k"]` or `[0]`."""

    key: str | int


Step = str | IndexKey | None


class Scope(Protocol):
    """What names stand for while an expression is evaluated."""

    def root(self, name: str) -> object:
        """The value a root name stands for.

        A `Mapping` answer is an object whose attributes may be computed on access.

        Raises:
            LookupError: no such name; the message and the names there are go into the diagnostic.
        """

    @property
    def functions(self) -> Mapping[str, object]:
        """The functions that may be called, by name."""


class Expression(Protocol):
    """One expression of the spec, evaluated as often as wanted."""

    @property
    def place(self) -> Place:
        """Where it stands."""

    @property
    def text(self) -> str:
        """How it is written."""

    def references(self) -> tuple[Traversal, ...]:
        """Every reference in it, without `for` variables; in source order, duplicates kept."""

    @property
    def is_constant(self) -> bool:
        """Whether it uses no names and calls no functions: its value is the same everywhere."""

    @property
    def is_unread(self) -> bool:
        """Whether it could not be read, which has been reported: its value is unknown."""

    def evaluate(self, scope: Scope) -> object:
        """Its value: plain data, with `Unknown` and `Sensitive` where they apply.

        Raises:
            SpecError: what is wrong, with places.
        """

    def traversal(self) -> Traversal | None:
        """The reference it is, if it is one reference and nothing else."""

    def items(self) -> tuple[Expression, ...] | None:
        """The elements of a `[a, b]` constructor; None for anything else."""

    def pairs(self) -> tuple[tuple[Expression, Expression], ...] | None:
        """The keys and values of a `{ key = value }` constructor; None for anything else.

        A key written as a bare name evaluates to that name.
        """

    def call(self) -> tuple[str, tuple[Expression, ...]] | None:
        """The name and the arguments, if it is one function call and nothing else.

        That is how type constraints are written: `list(string)`.
        """

    def index(self) -> Expression | None:
        """The key of `a.b[key]`, if it ends in one; None for anything else."""

    def calls(self) -> tuple[tuple[str, Place], ...]:
        """Every function it calls, anywhere inside, by name with the place of the name."""


@frozen
class Argument:
    """`name = expression`."""

    name: str
    expression: Expression
    place: Place
    """The name and the expression."""
    name_place: Place


@frozen
class Block:
    """`type "label" { body }`."""

    type: str
    labels: tuple[str, ...]
    body: Body
    place: Place
    """The header: type and labels."""
    label_places: tuple[Place, ...]
    type_place: Place
    is_torn: bool = False
    """Whether its labels could not all be read, which has been reported."""


@frozen
class Body:
    """What stands between braces, or in a file: arguments by name, blocks in order."""

    arguments: Mapping[str, Argument]
    blocks: tuple[Block, ...]
    place: Place
    """From the first to the last character between the braces."""
    unread: tuple[Place, ...] = ()
    """What could not be read and has been reported. More may have been meant to stand there."""


class ParseFile(Protocol):
    """The signature of `reconciler.language.parse.parse_file`."""

    def __call__(self, source: SourceFile, diagnostics: Diagnostics) -> Body: ...
