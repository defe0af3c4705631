"""References: the names an expression uses, found in its tree without evaluating it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reconciler.diagnostics import Place
from reconciler.language.nodes import (
    Attr,
    Binary,
    Call,
    Conditional,
    ForDirective,
    ForObject,
    ForTuple,
    IfDirective,
    Index,
    Literal,
    Node,
    Object,
    Parenthesized,
    Root,
    Slot,
    Splat,
    SplatItem,
    Template,
    Tuple,
    Unary,
    Wrap,
)
from reconciler.language.syntax import IndexKey, Step, Traversal

if TYPE_CHECKING:
    from reconciler.language.expression import Expression


class Use:
    """A node of a formula that names something, and the `for` variables that it may mean."""

    __slots__ = ("bound", "node")

    def __init__(self, node: Node, bound: frozenset[str]) -> None:
        self.node = node
        self.bound = bound


class Uses:
    """What a formula uses, found once for all expressions that share it."""

    __slots__ = ("calls", "roots", "slots")

    def __init__(self, roots: list[Use], slots: list[Use], calls: list[Call]) -> None:
        self.roots = sorted(roots, key=_start)
        """The longest chains that begin with a name which is no `for` variable."""
        self.slots = sorted(slots, key=_start)
        """Slots, which may hold templates with references of their own."""
        self.calls = sorted(calls, key=lambda call: call.start)


def uses_of(root: Node) -> Uses:
    """Everything a tree uses, in source order."""
    roots: list[Use] = []
    slots: list[Use] = []
    calls: list[Call] = []
    queue: list[tuple[Node, frozenset[str]]] = [(root, frozenset())]
    while queue:
        node, bound = queue.pop()
        if isinstance(node, Slot):
            slots.append(Use(node, bound))
        elif isinstance(node, (Root, Attr, Index, Splat)):
            queue += _chain(node, bound, roots)
        else:
            if isinstance(node, Call):
                calls.append(node)
            queue += _below(node, bound)
    return Uses(roots, slots, calls)


def _start(use: Use) -> int:
    return use.node.start


def _chain(
    node: Root | Attr | Index | Splat, bound: frozenset[str], roots: list[Use]
) -> Iterator[tuple[Node, frozenset[str]]]:
    """Note the reference that a chain of steps is; what its indexes use is still to be seen."""
    base: Node = node
    while isinstance(base, (Attr, Index, Splat)):
        if isinstance(base, Index):
            yield base.key, bound
        elif isinstance(base, Splat):
            yield base.each, bound
        base = base.of
    if not isinstance(base, Root):
        yield base, bound
    elif base.name not in bound:
        roots.append(Use(node, bound))


def _below(node: Node, bound: frozenset[str]) -> Iterator[tuple[Node, frozenset[str]]]:
    match node:
        case ForTuple() | ForObject() | ForDirective():
            yield node.collection, bound
            names = frozenset(name for name in (node.key, node.value) if isinstance(name, str))
            for each in _loop_parts(node):
                yield each, bound | names
        case _:
            for each in _parts(node):
                yield each, bound


def _loop_parts(node: ForTuple | ForObject | ForDirective) -> tuple[Node, ...]:
    if isinstance(node, ForDirective):
        return (node.body,)
    condition = () if node.condition is None else (node.condition,)
    if isinstance(node, ForTuple):
        return (node.result, *condition)
    return (node.result_key, node.result, *condition)


def _parts(node: Node) -> Sequence[Node]:
    match node:
        case Binary():
            return (node.left, node.right)
        case Unary():
            return (node.operand,)
        case Conditional() | IfDirective():
            return (node.condition, node.then, node.otherwise)
        case Call():
            # The second argument of `convert` is a type, and names nothing.
            return node.arguments[:1] if node.name == "convert" else node.arguments
        case Tuple():
            return node.items
        case Template():
            return node.parts
        case Object():
            return [part for pair in node.items for part in pair]
        case Parenthesized() | Wrap():
            return (node.inner,)
    return ()


def references(expression: Expression) -> tuple[Traversal, ...]:
    """Every reference in an expression and in the templates inside it, in source order."""
    found: list[Traversal] = []
    queue: list[tuple[Expression, frozenset[str]]] = [(expression, frozenset())]
    while queue:
        each, bound = queue.pop()
        for use in each.formula.uses.roots:
            traversal = _traversal(each, use.node)
            if traversal.root not in bound:
                found.append(traversal)
        queue += _nested(each, bound)
    if len(found) > 1:
        found.sort(key=lambda traversal: traversal.place[1])
    return tuple(found)


def _nested(
    expression: Expression, bound: frozenset[str]
) -> Iterator[tuple[Expression, frozenset[str]]]:
    """The templates in the slots that this expression uses, with the variables around them."""
    if not expression.passage.nested:
        return
    for use in expression.formula.uses.slots:
        assert isinstance(use.node, Slot)
        value = expression.passage.nested_expression(use.node.index)
        if value is not None:
            yield value, bound | use.bound


def calls(expression: Expression) -> tuple[tuple[str, Place], ...]:
    """Every function call in an expression and in the templates inside it, in source order."""
    found: list[tuple[str, Place]] = []
    queue: list[tuple[Expression, frozenset[str]]] = [(expression, frozenset())]
    while queue:
        each, bound = queue.pop()
        for call in each.formula.uses.calls:
            name = str(call.name)
            place = each.passage.place(call.start, call.start + len(name))
            found.append((name, place))
        queue += _nested(each, bound)
    found.sort(key=lambda pair: pair[1][1])
    return tuple(found)


def whole_traversal(expression: Expression) -> Traversal | None:
    """The reference that an expression is, if it is one and nothing else."""
    node = expression.node
    base = node
    while isinstance(base, (Attr, Index, Splat)):
        base = base.of
    return _traversal(expression, node) if isinstance(base, Root) else None


def _traversal(expression: Expression, node: Node) -> Traversal:
    chain: list[Attr | Index | Splat] = []
    base: Node = node
    while isinstance(base, (Attr, Index, Splat)):
        chain.append(base)
        base = base.of
    assert isinstance(base, Root)
    steps: list[Step] = []
    for each in reversed(chain):
        steps += _steps(expression, each)
    return Traversal(str(base.name), tuple(steps), expression.place_of(node))


def _steps(expression: Expression, node: Attr | Index | Splat) -> list[Step]:
    if isinstance(node, Attr):
        return [_name(expression, node.name)]
    if isinstance(node, Index):
        return [_index(expression, node.key)]
    steps: list[Step] = [None]
    inner: list[Attr | Index | Splat] = []
    each: Node = node.each
    while isinstance(each, (Attr, Index, Splat)):
        inner.append(each)
        each = each.of
    if isinstance(each, SplatItem):
        for step in reversed(inner):
            steps += [None] if isinstance(step, Splat) else _steps(expression, step)
    return steps


def _name(expression: Expression, name: str | Slot) -> str:
    return name if isinstance(name, str) else str(expression.slots[name.index])


def _index(expression: Expression, key: Node) -> Step:
    value: object = None
    if isinstance(key, Slot):
        value = expression.slots[key.index]
    elif isinstance(key, Literal):
        value = key.value
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return IndexKey(value)
    return None
