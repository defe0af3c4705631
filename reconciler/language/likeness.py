"""Likeness: whether two texts of the language mean the same and have the same comments.

This is how the formatter is checked, so it rests on the parser alone. Alike are a label with and
without quotes, `"${x}"` as the value of an argument and `x`, and an expression with and without
parentheses where they make no other tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from reconciler.diagnostics import Place, SourceFile
from reconciler.frozen import frozen
from reconciler.language.expression import Expression
from reconciler.language.nodes import Literal, Node, Parenthesized, Slot, Wrap
from reconciler.language.passage import Passage
from reconciler.language.scan import COMMENT, COMMENT_PATTERN
from reconciler.language.shape import ArgumentForm, BlockForm, Formula

Leaves = tuple[object, object]
"""What two trees have in the same place: constants, names, or slots that hold such."""


@frozen
class Parsed:
    """A file without mistakes, and its passages."""

    source: SourceFile
    passages: Sequence[Passage]


def first_difference(before: Parsed, after: Parsed, types: Mapping[str, str]) -> Place | None:
    """Where in *before* is something that *after* lacks or has otherwise; None if nowhere.

    *types* are the old ways to write the type of a variable, each like the new one it maps to.
    """
    comparison = _Comparison(types)
    # One kind after the other: where passages begin and end depends on the layout.
    for kind in (_arguments, _blocks, _comments):
        for item, other in zip_longest(kind(before), kind(after)):
            if item is None:
                return (before.source, len(before.source.text), len(before.source.text))
            if other is None or not comparison.is_alike(item, other):
                return item.place
    return None


class _Item:
    """An argument, a block or a comment of a file."""

    __slots__ = ("part", "passage", "place")

    def __init__(
        self, part: ArgumentForm | BlockForm | str, passage: Passage, place: Place
    ) -> None:
        self.part = part
        self.passage = passage
        self.place = place


class _Comparison:
    """A comparison of two files; what is found out about two shapes is not found out again."""

    def __init__(self, types: Mapping[str, str]) -> None:
        self._types = types
        self._leaves: dict[tuple[Formula, Formula], Sequence[Leaves] | None] = {}

    def is_alike(self, one: _Item, other: _Item) -> bool:
        match one.part, other.part:
            case str(), str():
                return one.part == other.part
            case ArgumentForm(), ArgumentForm():
                return self._arguments(one.passage, one.part, other.passage, other.part)
            case BlockForm(), BlockForm():
                return self._blocks(one.passage, one.part, other.passage, other.part)
        return False

    def _blocks(self, before: Passage, one: BlockForm, after: Passage, other: BlockForm) -> bool:
        queue = [(one, other)]
        while queue:
            one, other = queue.pop()
            left, right = one.body, other.body
            if one.type != other.type or _labels(before, one) != _labels(after, other):
                return False
            if len(left.arguments) != len(right.arguments) or len(left.blocks) != len(right.blocks):
                return False
            is_variable = one.type == "variable"
            for a, b in zip(left.arguments, right.arguments, strict=True):
                if not self._arguments(before, a, after, b, may_be_type=is_variable):
                    return False
            queue += zip(left.blocks, right.blocks, strict=True)
        return True

    def _arguments(
        self,
        before: Passage,
        one: ArgumentForm,
        after: Passage,
        other: ArgumentForm,
        *,
        may_be_type: bool = False,
    ) -> bool:
        if one.name != other.name:
            return False
        leaves = self._compared(one.formula, other.formula)
        if leaves is not None and _are_written_alike(before, after, leaves):
            return True
        left, right = Expression(before, one.formula), Expression(after, other.formula)
        if may_be_type and one.name == "type" and self._types.get(left.text) == right.text:
            return True
        return self._expressions(_unwrapped(left), _unwrapped(right))

    def _expressions(self, one: Expression, other: Expression) -> bool:
        queue = [(one, other)]
        while queue:
            one, other = queue.pop()
            leaves = self._compared(one.formula, other.formula)
            if leaves is None:
                return False
            for left, right in leaves:
                a, b = _value(one.passage, left), _value(other.passage, right)
                if isinstance(a, Expression) and isinstance(b, Expression):
                    queue.append((a, b))
                elif type(a) is not type(b) or a != b:
                    return False
        return True

    def _compared(self, one: Formula, other: Formula) -> Sequence[Leaves] | None:
        """The leaves of two formulas that may differ; None if the trees above them differ."""
        key = (one, other)
        if key not in self._leaves:
            self._leaves[key] = _leaves(one.node, other.node)
        return self._leaves[key]


def _leaves(one: Node, other: Node) -> Sequence[Leaves] | None:
    leaves: list[Leaves] = []
    queue: list[tuple[object, object]] = [(one, other)]
    while queue:
        left, right = map(_bare, queue.pop())
        if isinstance(left, Slot) or isinstance(right, Slot):
            if not (isinstance(left, _LEAF) and isinstance(right, _LEAF)):
                return None
            leaves.append((left, right))
        elif isinstance(left, tuple) and isinstance(right, tuple):
            if len(left) != len(right):
                return None
            queue += zip(left, right, strict=True)
        elif type(left) is not type(right):
            return None
        elif isinstance(left, Node):
            names = type(left).__slots__
            queue += ((getattr(left, name), getattr(right, name)) for name in names)
        elif left != right:
            return None
    return leaves


_LEAF = (Slot, Literal, str)


def _bare(part: object) -> object:
    while isinstance(part, Parenthesized):
        part = part.inner
    return part


def _value(passage: Passage, leaf: object) -> object:
    if isinstance(leaf, Slot):
        return passage.slots[leaf.index]
    return leaf.value if isinstance(leaf, Literal) else leaf


def _are_written_alike(before: Passage, after: Passage, leaves: Sequence[Leaves]) -> bool:
    return all(
        isinstance(left, Slot)
        and isinstance(right, Slot)
        and before.raw[left.index] == after.raw[right.index]
        for left, right in leaves
    )


def _unwrapped(expression: Expression) -> Expression:
    """The expression in a string that is one interpolation and nothing else."""
    while True:
        node, passage = _bare(expression.node), expression.passage
        inner = passage.nested_expression(node.index) if isinstance(node, Slot) else None
        if inner is None or not isinstance(inner.node, Wrap):
            return expression
        expression = Expression(inner.passage, inner.formula.part(inner.node.inner))


def _labels(passage: Passage, block: BlockForm) -> list[str]:
    return [each.name if each.slot < 0 else passage.text_of(each.slot) for each in block.labels]


def _arguments(parsed: Parsed) -> Iterator[_Item]:
    for passage in parsed.passages:
        assert passage.shape.body is not None, "a file is read as bodies"
        for each in passage.shape.body.arguments:
            yield _Item(each, passage, passage.place(each.start, each.end))


def _blocks(parsed: Parsed) -> Iterator[_Item]:
    for passage in parsed.passages:
        assert passage.shape.body is not None, "a file is read as bodies"
        for each in passage.shape.body.blocks:
            yield _Item(each, passage, passage.place(each.start, each.header_end))


def _comments(parsed: Parsed) -> Iterator[_Item]:
    source, position = parsed.source, 0
    for passage in parsed.passages:
        for match in _COMMENT.finditer(source.text, position, passage.start):
            yield _Item(match.group(), passage, (source, match.start(), match.end()))
        yield from _comments_in(passage)
        position = passage.offset(len(passage.shape.skeleton))
    for match in _COMMENT.finditer(source.text, position):
        yield _Item(match.group(), Passage.whole(source), (source, match.start(), match.end()))


_COMMENT = re.compile(rf"#[^\n]*+|/{COMMENT_PATTERN}")


def _comments_in(passage: Passage) -> Iterator[_Item]:
    """The comments in a passage and in its templates, in order."""
    queue: list[tuple[Passage, int]] = [(passage, 0)]
    while queue:
        passage, slot = queue.pop()
        nested = passage.nested or {}
        skeleton, marks = passage.shape.skeleton, passage.shape.marks
        if COMMENT not in skeleton and not nested:
            continue
        while slot < len(marks):
            mark = marks[slot]
            if skeleton[mark] == COMMENT:
                yield _Item(passage.raw[slot], passage, passage.place(mark, mark + 1))
            slot += 1
            if slot - 1 in nested:
                queue += [(passage, slot), (nested[slot - 1], 0)]
                break
