"""Chains: operators and conditionals that follow each other, worked through without recursion.

A chain of operators leans to the left, a chain of conditionals to the right; thousands of terms
cost a loop each and no depth.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.language.conditional import choose, decide
from reconciler.language.failures import stand_in
from reconciler.language.frame import Frame
from reconciler.language.loops import Compiled, sentence
from reconciler.language.marks import unmark_deep
from reconciler.language.mistakes import Mistake, Mistakes, ValueMistake
from reconciler.language.nodes import Binary, Conditional, IfDirective, Node, Unary
from reconciler.language.operators import LOGICAL, OperandMistake, apply_binary, apply_unary
from reconciler.language.values import Unknown


def at_node(
    frame: Frame, node: Node, mistake: ValueMistake, *, is_catchable: bool = True
) -> Mistake:
    """The mistake of a value as a mistake at a node."""
    summary = mistake.summary or "Invalid value"
    return Mistake(frame, node, summary, sentence(mistake.text), is_catchable=is_catchable)


def unary(first: Compiled, steps: Sequence[Unary]) -> Compiled:
    """Operators before an operand, the innermost first."""

    def run(frame: Frame) -> object:
        value = first(frame)
        for each in steps:
            try:
                value = apply_unary(each.operator, value)
            except ValueMistake as mistake:
                raise at_node(frame, each, mistake) from None
        return value

    return run


def binary(first: Compiled, steps: Sequence[tuple[Binary, Compiled]]) -> Compiled:
    """Operators with what stands to the right of each, from left to right."""
    if any(each.operator in LOGICAL for each, _ in steps):
        return _logical_chain(first, steps)

    def run(frame: Frame) -> object:
        failure = None
        try:
            value = first(frame)
        except Mistake as mistake:
            value, failure = _UNTOLD, mistake
        for each, right in steps:
            try:
                other = right(frame)
            except Mistake as mistake:
                other, failure = _UNTOLD, _both(failure, mistake)
            try:
                value = _apply(frame, each, value, other)
            except Mistake as mistake:
                value, failure = _UNTOLD, _both(failure, mistake)
        if failure is not None:
            raise failure
        return value

    return run


_UNTOLD = Unknown("dynamic")
"""What stands for a part that failed, so that the operands beside it are looked at all the same."""


def _both(first: Mistake | None, second: Mistake) -> Mistake:
    """The mistakes of two parts in one."""
    if first is None:
        return second
    mistakes = Mistakes()
    mistakes.note(first)
    mistakes.note(second)
    return first


def _apply(frame: Frame, node: Binary, left: object, right: object) -> object:
    try:
        return apply_binary(node.operator, left, right)
    except OperandMistake as mistake:
        found = at_node(frame, node.left if mistake.is_left else node.right, mistake)
        if mistake.other is not None:
            found.others.append(at_node(frame, node.right, mistake.other))
        raise found from None
    except ValueMistake as mistake:
        raise at_node(frame, node, mistake) from None


def _logical_chain(first: Compiled, steps: Sequence[tuple[Binary, Compiled]]) -> Compiled:
    """Like any chain, except that one side that settles `&&` or `||` makes up for the other."""

    def run(frame: Frame) -> object:
        value, failure = _attempt(first, frame)
        for node, right in steps:
            other, other_failure = _attempt(right, frame)
            settles = LOGICAL.get(node.operator)
            if failure is None and other_failure is None:
                value, failure = _attempt_apply(frame, node, value, other)
            elif settles is not None and failure is None and value is settles:
                continue
            elif settles is not None and other_failure is None and other is settles:
                value, failure = settles, None
            else:
                failure = _failed(frame, node, (value, failure), (other, other_failure))
                value = _UNTOLD
        if failure is not None:
            raise failure
        return value

    return run


def _attempt(run: Compiled, frame: Frame) -> tuple[object, Mistake | None]:
    try:
        return run(frame), None
    except Mistake as mistake:
        if not mistake.is_catchable:
            raise
        return None, mistake


Tried = tuple[object, Mistake | None]
"""The value of a part, or why it has none."""


def _failed(frame: Frame, node: Binary, left: Tried, right: Tried) -> Mistake:
    """What is wrong with both sides, at least one of which failed."""
    failure = left[1] if right[1] is None else _both(left[1], right[1])
    assert failure is not None, "one side has failed"
    sides = [_UNTOLD if failed else value for value, failed in (left, right)]
    _, about_operand = _attempt_apply(frame, node, *sides)
    return failure if about_operand is None else _both(failure, about_operand)


def _attempt_apply(
    frame: Frame, node: Binary, left: object, right: object
) -> tuple[object, Mistake | None]:
    try:
        return _apply(frame, node, left, right), None
    except Mistake as mistake:
        return None, mistake


Branch = tuple[Conditional | IfDirective, Compiled, Compiled]
"""A conditional with its condition and the branch for true."""


def conditional(branches: Sequence[Branch], otherwise: Compiled) -> Compiled:
    """Conditionals each of which is the branch for false of the one before."""

    def run(frame: Frame) -> object:
        tried = [
            (each, _attempt(condition, frame), _attempt(then, frame))
            for each, condition, then in branches
        ]
        result = _attempt(otherwise, frame)
        for each, condition, then in reversed(tried):
            result = _choose(frame, each, condition, then, result)
        value, failure = result
        if failure is not None:
            raise failure
        return value

    return run


def _choose(
    frame: Frame, node: Conditional | IfDirective, condition: Tried, then: Tried, otherwise: Tried
) -> Tried:
    """The chosen branch; a mistake in the branch not chosen does not count."""
    decision, failure = condition
    if failure is not None:
        return None, failure
    if then[1] is not None or otherwise[1] is not None:
        return _choose_around_failure(frame, node, decision, then, otherwise)
    try:
        return choose(decision, then[0], otherwise[0]), None
    except ValueMistake as mistake:
        is_about_condition = mistake.summary in ("Null condition", "Incorrect condition type")
        return None, at_node(frame, node.condition if is_about_condition else node, mistake)


def _choose_around_failure(
    frame: Frame, node: Conditional | IfDirective, decision: object, then: Tried, otherwise: Tried
) -> Tried:
    try:
        chosen = decide(unmark_deep(decision)[0])
    except ValueMistake as mistake:
        return None, at_node(frame, node.condition, mistake)
    _, failure = (None, None) if isinstance(chosen, Unknown) else then if chosen else otherwise
    if failure is not None:
        return None, failure
    first = then[0] if then[1] is None else stand_in(frame, node.then)
    second = otherwise[0] if otherwise[1] is None else stand_in(frame, node.otherwise)
    try:
        return choose(decision, first, second), None
    except ValueMistake as mistake:
        return None, at_node(frame, node, mistake)
