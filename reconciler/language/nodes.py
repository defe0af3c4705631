"""Nodes: the expression tree that parsing hands to evaluation.

Every node carries the stretch it came from as offsets into its *shape*: the block's text with
its constants lifted into numbered slots. A `Slot` stands for such a constant; what fills it, and
where the shape's offsets lie in the file, is known per block. Nodes are never changed. They are
written out instead of being dataclasses because those would cost every command 10 ms to define.
"""

from __future__ import annotations


class Node:
    """Any expression; *start* and *end* are offsets into the shape."""

    __slots__ = ("end", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.start}:{self.end})"


class Literal(Node):
    """`null`, `true`, `false`, or a number or text that was not worth a slot."""

    __slots__ = ("value",)

    def __init__(self, start: int, end: int, value: object) -> None:
        self.start = start
        self.end = end
        self.value = value


class Unread(Node):
    """What could not be read, which has been reported; nothing is known of its value."""

    __slots__ = ()


class Slot(Node):
    """A constant or a template of the block, by number."""

    __slots__ = ("index",)

    def __init__(self, start: int, end: int, index: int) -> None:
        self.start = start
        self.end = end
        self.index = index


class Template(Node):
    """Text made of parts: literal text, interpolations, directives."""

    __slots__ = ("parts",)

    def __init__(self, start: int, end: int, parts: tuple[Node, ...]) -> None:
        self.start = start
        self.end = end
        self.parts = parts


class Wrap(Node):
    """A template that is one interpolation and nothing else: the value itself, of any type."""

    __slots__ = ("inner",)

    def __init__(self, start: int, end: int, inner: Node) -> None:
        self.start = start
        self.end = end
        self.inner = inner


class IfDirective(Node):
    """`%{if condition}then%{else}otherwise%{endif}`; both branches are Templates."""

    __slots__ = ("condition", "otherwise", "then")

    def __init__(self, start: int, end: int, condition: Node, then: Node, otherwise: Node) -> None:
        self.start = start
        self.end = end
        self.condition = condition
        self.then = then
        self.otherwise = otherwise


class ForDirective(Node):
    """`%{for key, value in collection}body%{endfor}`."""

    __slots__ = ("body", "collection", "key", "value")

    def __init__(
        self, start: int, end: int, key: str | None, value: str, collection: Node, body: Node
    ) -> None:
        self.start = start
        self.end = end
        self.key = key
        self.value = value
        self.collection = collection
        self.body = body


class Root(Node):
    """A bare name that starts a traversal: `var`, `each`, `openai_thread`, a `for` variable."""

    __slots__ = ("name",)

    def __init__(self, start: int, end: int, name: str | Slot) -> None:
        self.start = start
        self.end = end
        self.name = name


class Attr(Node):
    """`of.name`; *name* may be a slot (lifted identifier). Legacy `.0` is an Index."""

    __slots__ = ("name", "of")

    def __init__(self, start: int, end: int, of: Node, name: str | Slot) -> None:
        self.start = start
        self.end = end
        self.of = of
        self.name = name


class Index(Node):
    """`of[key]`."""

    __slots__ = ("key", "of")

    def __init__(self, start: int, end: int, of: Node, key: Node) -> None:
        self.start = start
        self.end = end
        self.of = of
        self.key = key


class Splat(Node):
    """`of[*]...` or `of.*...`: *each* is evaluated per element, with `SplatItem` as the element."""

    __slots__ = ("each", "of")

    def __init__(self, start: int, end: int, of: Node, each: Node) -> None:
        self.start = start
        self.end = end
        self.of = of
        self.each = each


class SplatItem(Node):
    """The element a surrounding splat is at."""

    __slots__ = ()


class Unary(Node):
    """`-x` or `!x`."""

    __slots__ = ("operand", "operator")

    def __init__(self, start: int, end: int, operator: str, operand: Node) -> None:
        self.start = start
        self.end = end
        self.operator = operator
        self.operand = operand


class Binary(Node):
    """`left operator right`."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, start: int, end: int, operator: str, left: Node, right: Node) -> None:
        self.start = start
        self.end = end
        self.operator = operator
        self.left = left
        self.right = right


class Conditional(Node):
    """`condition ? then : otherwise`."""

    __slots__ = ("condition", "otherwise", "then")

    def __init__(self, start: int, end: int, condition: Node, then: Node, otherwise: Node) -> None:
        self.start = start
        self.end = end
        self.condition = condition
        self.then = then
        self.otherwise = otherwise


class Call(Node):
    """`name(arguments)`; *expand* where the last argument is followed by `...`."""

    __slots__ = ("arguments", "expand", "name")

    def __init__(
        self, start: int, end: int, name: str | Slot, arguments: tuple[Node, ...], expand: bool
    ) -> None:
        self.start = start
        self.end = end
        self.name = name
        self.arguments = arguments
        self.expand = expand


class Tuple(Node):
    """`[a, b]`."""

    __slots__ = ("items",)

    def __init__(self, start: int, end: int, items: tuple[Node, ...]) -> None:
        self.start = start
        self.end = end
        self.items = items


class Object(Node):
    """`{ key = value }`; a key written as a bare name is a Literal (or Slot) with that name."""

    __slots__ = ("items",)

    def __init__(self, start: int, end: int, items: tuple[tuple[Node, Node], ...]) -> None:
        self.start = start
        self.end = end
        self.items = items


class ForTuple(Node):
    """`[for key, value in collection : result if condition]`."""

    __slots__ = ("collection", "condition", "key", "result", "value")

    def __init__(
        self,
        start: int,
        end: int,
        key: str | Slot | None,
        value: str | Slot,
        collection: Node,
        result: Node,
        condition: Node | None,
    ) -> None:
        self.start = start
        self.end = end
        self.key = key
        self.value = value
        self.collection = collection
        self.result = result
        self.condition = condition


class ForObject(Node):
    """`{for key, value in collection : result_key => result if condition}`, `...` groups."""

    __slots__ = ("collection", "condition", "group", "key", "result", "result_key", "value")

    def __init__(
        self,
        start: int,
        end: int,
        key: str | Slot | None,
        value: str | Slot,
        collection: Node,
        result_key: Node,
        result: Node,
        condition: Node | None,
        group: bool,
    ) -> None:
        self.start = start
        self.end = end
        self.key = key
        self.value = value
        self.collection = collection
        self.result_key = result_key
        self.result = result
        self.condition = condition
        self.group = group


class Parenthesized(Node):
    """`(inner)`: kept because an object key in parentheses is an expression."""

    __slots__ = ("inner",)

    def __init__(self, start: int, end: int, inner: Node) -> None:
        self.start = start
        self.end = end
        self.inner = inner
