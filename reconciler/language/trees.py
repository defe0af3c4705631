"""Trees: nodes from the flat list that a shape keeps them in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from reconciler.language import nodes as tree
from reconciler.language.nodes import Node
from reconciler.language.numbers import parse_number
from reconciler.language.shape import FlatNode


def build_tree(flat: Sequence[FlatNode], first: int, last: int) -> Node:
    """The tree of a stretch of flat nodes; children stand before their parents in it."""
    built: dict[int, Node] = {}
    for place in range(first, last):
        tag, start, end, *fields = flat[place]
        built[place] = _BUILDERS[tag](start, end, fields, built)
    return built[last - 1]


def _name(value: str | tuple[str, int, int, int]) -> str | tree.Slot:
    if isinstance(value, str):
        return value
    _, start, end, index = value
    return tree.Slot(start, end, index)


def _optional(value: int | None, built: dict[int, Node]) -> Node | None:
    return None if value is None else built[value]


_Builder = Callable[[int, int, list[Any], dict[int, Node]], Node]

_BUILDERS: dict[str, _Builder] = {
    "Literal": lambda s, e, f, b: tree.Literal(s, e, f[0]),
    "Number": lambda s, e, f, b: tree.Literal(s, e, parse_number(f[0])),
    "Slot": lambda s, e, f, b: tree.Slot(s, e, f[0]),
    "Root": lambda s, e, f, b: tree.Root(s, e, f[0]),
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
