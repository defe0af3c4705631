"""Nodes: the expression tree that parsing hands to evaluation.

Every node carries the stretch it came from as offsets into its *shape*: the block's text with
its constants lifted into numbered slots. A `Slot` stands for such a constant; what fills it, and
where the shape's offsets lie in the file, is known per block.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """Any expression; *start* and *end* are offsets into the shape."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """`null`, `true`, `false`, or a number or text that was not worth a slot."""

    value: object


@dataclass(frozen=True, slots=True)
class Slot(Node):
    """A constant or a template of the block, by number."""

    index: int


@dataclass(frozen=True, slots=True)
class Template(Node):
    """Text made of parts: literal text, interpolations, directives."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Wrap(Node):
    """A template that is one interpolation and nothing else: the value itself, of any type."""

    inner: Node


@dataclass(frozen=True, slots=True)
class IfDirective(Node):
    """`%{if condition}then%{else}otherwise%{endif}`; both branches are Templates."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class ForDirective(Node):
    """`%{for key, value in collection}body%{endfor}`."""

    key: str | None
    value: str
    collection: Node
    body: Node


@dataclass(frozen=True, slots=True)
class Root(Node):
    """A bare name that starts a traversal: `var`, `each`, `openai_thread`, a `for` variable."""

    name: str | Slot


@dataclass(frozen=True, slots=True)
class Attr(Node):
    """`of.name`; *name* may be a slot (lifted identifier). Legacy `.0` is an Index."""

    of: Node
    name: str | Slot


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`of[key]`."""

    of: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Splat(Node):
    """`of[*]...` or `of.*...`: *each* is evaluated per element, with `SplatItem` as the element."""

    of: Node
    each: Node


@dataclass(frozen=True, slots=True)
class SplatItem(Node):
    """The element a surrounding splat is at."""


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x` or `!x`."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`left operator right`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`condition ? then : otherwise`."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`name(arguments)`; *expand* where the last argument is followed by `...`."""

    name: str | Slot
    arguments: tuple[Node, ...]
    expand: bool


@dataclass(frozen=True, slots=True)
class Tuple(Node):
    """`[a, b]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Object(Node):
    """`{ key = value }`; a key written as a bare name is a Literal (or Slot) with that name."""

    items: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class ForTuple(Node):
    """`[for key, value in collection : result if condition]`."""

    key: str | Slot | None
    value: str | Slot
    collection: Node
    result: Node
    condition: Node | None


@dataclass(frozen=True, slots=True)
class ForObject(Node):
    """`{for key, value in collection : result_key => result if condition}`, `...` groups."""

    key: str | Slot | None
    value: str | Slot
    collection: Node
    result_key: Node
    result: Node
    condition: Node | None
    group: bool


@dataclass(frozen=True, slots=True)
class Parenthesized(Node):
    """`(inner)`: kept because an object key in parentheses is an expression."""

    inner: Node
