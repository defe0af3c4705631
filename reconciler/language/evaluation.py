"""Evaluation: the value of an expression in a scope.

`compile_node` turns a tree into closures once per shape; a closure takes a `Frame`, which says
what fills the slots and what the names stand for.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import cast

from reconciler.language import calls, chains, loops
from reconciler.language.chains import at_node
from reconciler.language.convert import convert
from reconciler.language.frame import Budget, Evaluable, Frame
from reconciler.language.loops import Compiled, name_in, sentence
from reconciler.language.marks import mark, unmark_deep
from reconciler.language.mistakes import Mistake, Mistakes, ValueMistake
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
    Unread,
    Wrap,
)
from reconciler.language.numbers import normal
from reconciler.language.rendering import Rendering
from reconciler.language.report import as_spec_error, nested_too_deeply
from reconciler.language.settle import settle
from reconciler.language.syntax import Scope
from reconciler.language.traverse import MissingName, attribute, index, lookup_text
from reconciler.language.values import Unknown, is_null


def evaluate_expression(expression: Evaluable, scope: Scope) -> object:
    """The value of an expression: plain data, `Unknown` and `Sensitive` where they apply.

    Raises:
        SpecError: what is wrong, with the place and the values of the names there.
    """
    value = typed_value(expression, scope)
    return value if type(value) in _CONSTANTS else settle(expression, value)


def typed_value(expression: Evaluable, scope: Scope) -> object:
    """The value of an expression while its nulls still have their types.

    Raises:
        SpecError: as `evaluate_expression`.
    """
    run = compiled(expression)
    if type(run) is _SlotReader:
        constant = expression.slots[run.index]
        if type(constant) in _CONSTANTS:
            return constant
    frame = Frame(expression, scope, Budget())
    try:
        return run(frame)
    except Mistake as mistake:
        raise as_spec_error(mistake) from None
    except ValueMistake as mistake:
        raise as_spec_error(at_node(frame, expression.node, mistake)) from None
    except RecursionError:
        raise nested_too_deeply(expression) from None


def compiled(expression: Evaluable) -> Compiled:
    """The closure of an expression, made once for all expressions of its shape."""
    formula = expression.formula
    if formula.compiled is None:
        formula.compiled = compile_node(expression.node)
    return cast(Compiled, formula.compiled)


_CONSTANTS = frozenset((str, int, Decimal))


def compile_node(node: Node) -> Compiled:
    """A closure that evaluates *node*; constants and names come from the frame it is given."""
    return _COMPILERS[type(node)](node)


def _literal(node: Literal) -> Compiled:
    value = node.value
    return lambda frame: value


def _unread(_: Unread) -> Compiled:
    return lambda frame: Unknown("dynamic", not_null=False)


class _SlotReader:
    """What a slot stands for: a constant, or the value of the template that fills it."""

    __slots__ = ("index",)

    def __init__(self, node: Slot) -> None:
        self.index = node.index

    def __call__(self, frame: Frame) -> object:
        value = frame.slots[self.index]
        if type(value) in _CONSTANTS:
            return value
        nested = cast(Evaluable, value)
        return compiled(nested)(frame.inside(nested))


def _parenthesized(node: Parenthesized | Wrap) -> Compiled:
    inner: Node = node
    while isinstance(inner, (Parenthesized, Wrap)):
        inner = inner.inner
    return compile_node(inner)


def _splat_item(node: SplatItem) -> Compiled:
    return lambda frame: frame.item


def _traversal(node: Root | Attr | Index) -> Compiled:
    """A chain of attributes and indexes, in one closure however long it is."""
    steps: list[Attr | Index] = []
    start: Node = node
    while isinstance(start, (Attr, Index)):
        steps.append(start)
        start = start.of
    steps.reverse()
    first = _root(start) if isinstance(start, Root) else compile_node(start)
    moves = [
        _attribute_step(each) if isinstance(each, Attr) else _index_step(each) for each in steps
    ]
    if not moves:
        return first
    if len(moves) == 1:
        only = moves[0]
        return lambda frame: only(frame, first(frame))

    def run(frame: Frame) -> object:
        value = first(frame)
        for move in moves:
            value = move(frame, value)
        return value

    return run


Step = Callable[[Frame, object], object]


def _root(node: Root) -> Compiled:
    fixed = node.name

    def run(frame: Frame) -> object:
        name = fixed if type(fixed) is str else name_in(frame, fixed)
        if frame.names and name in frame.names:
            return frame.names[name]
        try:
            return frame.scope.root(name)
        except LookupError as error:
            detail = sentence(lookup_text(error, name))
            raise Mistake(
                frame, node, "Reference to undeclared name", detail, is_catchable=False
            ) from None

    return run


def _attribute_step(node: Attr) -> Step:
    is_of_root = isinstance(node.of, Root)
    fixed = node.name

    def move(frame: Frame, value: object) -> object:
        name = fixed if type(fixed) is str else name_in(frame, fixed)
        if type(value) is dict and name in value:
            found = value[name]
            return normal(found) if type(found) is float else found
        try:
            return attribute(value, name)
        except MissingName as mistake:
            raise at_node(frame, node, mistake, is_catchable=not is_of_root) from None
        except ValueMistake as mistake:
            raise at_node(frame, node, mistake) from None

    return move


def _index_step(node: Index) -> Step:
    key = compile_node(node.key)

    def move(frame: Frame, value: object) -> object:
        at = key(frame)
        try:
            return index(value, at)
        except ValueMistake as mistake:
            raise at_node(frame, node, mistake) from None

    return move


def _splat(node: Splat) -> Compiled:
    return loops.splat(node, compile_node(node.of), compile_node(node.each))


def _unary(node: Unary) -> Compiled:
    steps: list[Unary] = []
    inner: Node = node
    while isinstance(inner, Unary):
        steps.append(inner)
        inner = inner.operand
    steps.reverse()
    return chains.unary(compile_node(inner), steps)


def _binary(node: Binary) -> Compiled:
    chain: list[Binary] = []
    leftmost: Node = node
    while isinstance(leftmost, Binary):
        chain.append(leftmost)
        leftmost = leftmost.left
    chain.reverse()
    steps = [(each, compile_node(each.right)) for each in chain]
    return chains.binary(compile_node(leftmost), steps)


def _conditional(node: Conditional | IfDirective) -> Compiled:
    chain: list[Conditional | IfDirective] = []
    last: Node = node
    while isinstance(last, (Conditional, IfDirective)):
        chain.append(last)
        last = last.otherwise
    branches = [(each, compile_node(each.condition), compile_node(each.then)) for each in chain]
    return chains.conditional(branches, compile_node(last))


def _template(node: Template) -> Compiled:
    parts = [(each, compile_node(each)) for each in node.parts]

    def run(frame: Frame) -> object:
        rendering = Rendering()
        mistakes = Mistakes()
        for each, part in parts:
            try:
                frame.budget.spend_text(rendering.add(part(frame)))
            except ValueMistake as mistake:
                mistakes.note(at_node(frame, each, mistake))
            except Mistake as mistake:
                mistakes.note(mistake)
        mistakes.raise_first()
        return rendering.result()

    return run


def _for_directive(node: ForDirective) -> Compiled:
    return loops.for_directive(node, compile_node(node.collection), compile_node(node.body))


def _for_tuple(node: ForTuple) -> Compiled:
    condition = compile_node(node.condition) if node.condition is not None else None
    return loops.for_tuple(
        node, compile_node(node.collection), compile_node(node.result), condition
    )


def _for_object(node: ForObject) -> Compiled:
    condition = compile_node(node.condition) if node.condition is not None else None
    return loops.for_object(
        node,
        compile_node(node.collection),
        compile_node(node.result_key),
        compile_node(node.result),
        condition,
    )


def _tuple(node: Tuple) -> Compiled:
    items = [compile_node(each) for each in node.items]

    def run(frame: Frame) -> object:
        found: list[object] = []
        mistakes = Mistakes()
        for each in items:
            try:
                found.append(each(frame))
            except Mistake as mistake:
                mistakes.note(mistake)
        mistakes.raise_first()
        return found

    return run


def _object(node: Object) -> Compiled:
    items = [(key, _key(key), compile_node(value)) for key, value in node.items]

    def run(frame: Frame) -> object:
        found: dict[str, object] = {}
        is_marked = is_unknown = False
        mistakes = Mistakes()
        for node_of_key, key, value in items:
            try:
                name = key(frame)
                if type(name) is not str:
                    name, was_marked = _key_name(frame, node_of_key, name)
                    is_marked |= was_marked
                each = value(frame)
            except Mistake as mistake:
                mistakes.note(mistake)
                continue
            if isinstance(name, str):
                found[name] = each
            else:
                is_unknown = True
        mistakes.raise_first()
        if is_unknown:
            return mark(Unknown("dynamic", not_null=False), is_marked)
        return mark(found, is_marked)

    return run


def _key(node: Node) -> Compiled:
    """The key of an item; `a.b = 1` only means something to who reads the names in it."""
    if not isinstance(node, (Attr, Index)):
        return compile_node(node)

    def refuse(frame: Frame) -> object:
        raise Mistake(
            frame,
            node,
            "Ambiguous key",
            "This could be a name with dots in it or a reference. Put it in quotes if it is a "
            "name, or in parentheses if it is a reference.",
            is_catchable=False,
        )

    return refuse if isinstance(_start(node), Root) else compile_node(node)


def _start(node: Node) -> Node:
    while isinstance(node, (Attr, Index)):
        node = node.of
    return node


def _key_name(frame: Frame, node: Node, key: object) -> tuple[object, bool]:
    value, is_marked = unmark_deep(key)
    if is_null(value):
        raise Mistake(frame, node, "Null value as key", "A key of an object must not be null.")
    try:
        return convert(value, "string"), is_marked
    except ValueMistake as mistake:
        raise Mistake(frame, node, "Incorrect key type", sentence(mistake.text)) from None


def _call(node: Call) -> Compiled:
    return calls.call(node, [compile_node(each) for each in node.arguments])


_COMPILERS: dict[type[Node], Callable[..., Compiled]] = {
    Literal: _literal,
    Unread: _unread,
    Slot: _SlotReader,
    Template: _template,
    Wrap: _parenthesized,
    Parenthesized: _parenthesized,
    IfDirective: _conditional,
    ForDirective: _for_directive,
    Root: _traversal,
    Attr: _traversal,
    Index: _traversal,
    Splat: _splat,
    SplatItem: _splat_item,
    Unary: _unary,
    Binary: _binary,
    Conditional: _conditional,
    Call: _call,
    Tuple: _tuple,
    Object: _object,
    ForTuple: _for_tuple,
    ForObject: _for_object,
}
