"""Failures: what is still known of an expression that has no value.

The branch of a conditional that is not chosen may fail, but its type still counts: a sum is a
number and `[...]` a tuple whatever went wrong inside.
"""

from __future__ import annotations

from typing import cast

from reconciler.language.frame import Evaluable, Frame
from reconciler.language.mistakes import Mistake
from reconciler.language.nodes import (
    Binary,
    Node,
    Object,
    Parenthesized,
    Slot,
    Template,
    Tuple,
    Unary,
    Wrap,
)
from reconciler.language.values import Unknown

_ARITHMETIC = frozenset("+-*/%")
_ANYTHING = Unknown("dynamic", not_null=False)


def stand_in(frame: Frame, node: Node) -> object:
    """An unknown value of the type that the failed expression would have had."""
    match node:
        case Parenthesized() | Wrap():
            return stand_in(frame, node.inner)
        case Slot():
            nested = cast(Evaluable, frame.slots[node.index])
            return stand_in(frame.inside(nested), nested.node)
        case Binary() | Unary():
            return Unknown("number" if node.operator in _ARITHMETIC else "bool")
        case Template():
            return Unknown("string")
        case Tuple():
            return [_value(frame, each) for each in node.items]
        case Object():
            names = [_value(frame, key) for key, _ in node.items]
            if not all(isinstance(name, str) for name in names):
                return _ANYTHING
            values = (_value(frame, value) for _, value in node.items)
            return dict(zip(map(str, names), values, strict=True))
    return _ANYTHING


def _value(frame: Frame, node: Node) -> object:
    """The value of a part, or what stands in for it.

    It is evaluated once more for this. Of a part in which something else has to be stood in for,
    no more is asked than that: each level would otherwise double the work.
    """
    from reconciler.language.evaluation import compile_node

    budget = frame.budget
    if budget.is_standing_in:
        return _ANYTHING
    budget.is_standing_in = True
    try:
        return compile_node(node)(frame)
    except Mistake:
        pass
    finally:
        budget.is_standing_in = False
    return stand_in(frame, node)
