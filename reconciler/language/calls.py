"""Calls: functions applied inside an expression."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.language.frame import Frame
from reconciler.language.functions import FILE_FUNCTIONS
from reconciler.language.functions.function import Function
from reconciler.language.loops import Compiled, name_in, sentence
from reconciler.language.marks import mark, unmark
from reconciler.language.mistakes import Mistake, Mistakes, ValueMistake
from reconciler.language.nodes import Call, Node
from reconciler.language.types import a_type, kind, type_of
from reconciler.language.values import Unknown, is_null
from reconciler.suggest import did_you_mean


def call(node: Call, arguments: list[Compiled]) -> Compiled:
    """`name(arguments)`."""

    def run(frame: Frame) -> object:
        function = _function(frame, node)
        if function.is_lazy:
            return _guarded(
                frame, node, function, lambda: function.implement(frame, node, arguments)
            )
        values = _values(frame, node, function, arguments)
        if node.expand and not _expand(frame, node, values):
            return Unknown("dynamic", not_null=False)
        return _guarded(frame, node, function, lambda: function.call(values, frame.budget))

    return run


def _values(
    frame: Frame, node: Call, function: Function, arguments: list[Compiled]
) -> list[object]:
    """The values of the arguments; a mistake in one hides neither those in others nor that there
    are too many."""
    values: list[object] = []
    mistakes = None
    for each in arguments:
        try:
            values.append(each(frame))
        except Mistake as mistake:
            mistakes = mistakes or Mistakes()
            mistakes.note(mistake)
    if mistakes is not None:
        if not node.expand:
            try:
                _guarded(frame, node, function, lambda: function.parameters_for(len(arguments)))
            except Mistake as mistake:
                mistakes.note(mistake)
        mistakes.raise_first()
    return values


def _function(frame: Frame, node: Call) -> Function:
    name = name_in(frame, node.name)
    found = frame.scope.functions.get(name)
    if isinstance(found, Function):
        return found
    if name in FILE_FUNCTIONS:
        detail = f"{name}() reads files, and there is no folder here that it could read from."
    else:
        hint = did_you_mean(name, frame.scope.functions)
        detail = f'There is no function named "{name}".{hint}'
    raise Mistake(frame, node, "Call to unknown function", detail)


def _guarded(frame: Frame, node: Call, function: Function, run: Callable[[], object]) -> object:
    try:
        return run()
    except ValueMistake as mistake:
        raise _call_mistake(frame, node, function.name, mistake) from None


def _call_mistake(frame: Frame, node: Call, name: str, mistake: ValueMistake) -> Mistake:
    at: Node = node
    if mistake.argument is not None and node.arguments:
        at = node.arguments[min(mistake.argument, len(node.arguments) - 1)]
    if mistake.summary is not None:
        return Mistake(frame, at, mistake.summary, sentence(mistake.text))
    return Mistake(
        frame, at, "Error in function call", f"{name}() failed: {sentence(mistake.text)}"
    )


def _expand(frame: Frame, node: Call, values: list[object]) -> bool:
    """Replace the last value by its elements; False if they are not known."""
    last, is_marked = unmark(values.pop())
    if isinstance(last, Unknown) and kind(last.type) in ("list", "set", "tuple", "dynamic"):
        return False
    if is_null(last) or not isinstance(last, (list, tuple)):
        what = "null" if is_null(last) else a_type(type_of(last))
        raise Mistake(
            frame,
            node.arguments[-1],
            "Invalid expanding argument value",
            f"What stands before ... must be a list, tuple or set, not {what}.",
        )
    values.extend(mark(each, is_marked) for each in last)
    return True
