"""Report: a mistake of evaluation as a diagnostic, with what the names in it stood for."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from reconciler.diagnostics import Diagnostic, Severity, diagnostic
from reconciler.errors import SpecError
from reconciler.language.frame import Budget, Evaluable, Frame
from reconciler.language.mistakes import Mistake
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
    Template,
    Tuple,
    Unary,
    Wrap,
)
from reconciler.language.numbers import format_number
from reconciler.language.syntax import Expression, Scope
from reconciler.language.types import a_type, type_of
from reconciler.language.values import (
    Sensitive,
    SetValue,
    TypedList,
    TypedMap,
    TypedNull,
    Unknown,
)

MAX_SHOWN_TEXT = 60
"""How much of a text a diagnostic shows."""

MAX_SHOWN_VALUES = 8
"""How many names a diagnostic explains."""


def as_spec_error(mistake: Mistake) -> SpecError:
    """The mistake, and those beside it, as the diagnostics of an error."""
    return SpecError(tuple(_problem(each) for each in (mistake, *mistake.others)))


def _problem(mistake: Mistake) -> Diagnostic:
    return diagnostic(
        Severity.ERROR,
        mistake.summary,
        mistake.detail,
        place=mistake.frame.expression.place_of(mistake.node),
        values=values_in(mistake.frame, mistake.node),
    )


def nested_too_deeply(expression: Evaluable) -> SpecError:
    """The error for an expression or a value nested beyond what can be worked with."""
    problem = diagnostic(
        Severity.ERROR,
        "Expression nested too deeply",
        "The expression, or a value in it, is nested too deeply. Give parts of it names in locals.",
        place=expression.place_of(expression.node),
    )
    return SpecError((problem,))


def names_in(expression: Expression, scope: Scope) -> tuple[tuple[str, str], ...]:
    """What every reference in an expression stands for, by how it is written."""
    parsed = cast(Evaluable, expression)
    return values_in(Frame(parsed, scope, Budget()), parsed.node)


def values_in(frame: Frame, node: Node) -> tuple[tuple[str, str], ...]:
    """What every reference below *node* stands for, by how it is written, in that order."""
    found: dict[str, str] = {}
    for reference in references_below(node)[:MAX_SHOWN_VALUES]:
        each: Node = reference
        meaning = _meaning(frame, each)
        while meaning is None and isinstance(each, (Attr, Index)):
            each = each.of
            meaning = _meaning(frame, each)
        if meaning is not None and _is_telling(frame, each, meaning):
            source, start, end = frame.expression.place_of(each)
            found[source.text[start:end]] = meaning
    return tuple(found.items())


def _meaning(frame: Frame, node: Node) -> str | None:
    from reconciler.language.evaluation import compile_node

    try:
        return describe_value(compile_node(node)(frame))
    except (Mistake, SpecError):
        return None


def _is_telling(frame: Frame, node: Node, meaning: str) -> bool:
    """Whether saying what a reference stands for helps; that `var` is an object does not."""
    if not isinstance(node, Root) or not meaning.startswith("is an object"):
        return True
    name = node.name if isinstance(node.name, str) else frame.slots[node.name.index]
    return frame.names is not None and name in frame.names


def references_below(node: Node) -> list[Node]:
    """The longest constant references in a tree, from left to right."""
    found: list[Node] = []
    queue = [node]
    while queue:
        each = queue.pop()
        if _is_constant_reference(each):
            found.append(each)
        else:
            queue.extend(children(each))
    return sorted(found, key=lambda each: each.start)


def _is_constant_reference(node: Node) -> bool:
    while isinstance(node, (Attr, Index)):
        if isinstance(node, Index) and not isinstance(node.key, (Literal, Slot)):
            return False
        node = node.of
    return isinstance(node, Root)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below a node, without those that only a loop's variables make sense of."""
    match node:
        case Attr() | Splat():
            return (node.of,)
        case Index():
            return (node.of, node.key)
        case Binary():
            return (node.left, node.right)
        case Unary():
            return (node.operand,)
        case Conditional() | IfDirective():
            return (node.condition, node.then, node.otherwise)
        case Call():
            return node.arguments
        case Tuple():
            return node.items
        case Template():
            return node.parts
        case Object():
            return tuple(part for pair in node.items for part in pair)
        case Parenthesized() | Wrap():
            return (node.inner,)
        case ForTuple() | ForObject() | ForDirective():
            return (node.collection,)
    return ()


def describe_value(value: object) -> str:
    """What a value is, in the words that follow a name: `is "abc"`, `has a sensitive value`."""
    match value:
        case Sensitive():
            return "has a sensitive value"
        case Unknown(type="dynamic"):
            return "will be known only after apply"
        case Unknown():
            return f"is {a_type(value.type)}, known only after apply"
        case None | TypedNull():
            return "is null"
        case bool():
            return f"is {str(value).lower()}"
        case int() | Decimal():
            return f"is {format_number(value)}"
        case str():
            return f"is {shown_text(value)}"
    return f"is {_describe_collection(value)}"


def shown_text(text: str) -> str:
    """A text in quotes, shortened if it is long, without line ends or control characters."""
    import json

    cut = text if len(text) <= MAX_SHOWN_TEXT else text[:MAX_SHOWN_TEXT]
    quoted = json.dumps(cut, ensure_ascii=False)
    return quoted if cut is text else f"{quoted} and {len(text) - len(cut):,} characters more"


def _describe_collection(value: object) -> str:
    match value:
        case TypedMap():
            return f"{a_type(type_of(value))} with {_count(len(value), 'element')}"
        case TypedList() | SetValue():
            return f"{a_type(type_of(value))} with {_count(len(value), 'element')}"
        case list() | tuple():
            return f"a tuple with {_count(len(value), 'element')}"
        case dict():
            return f"an object with {_count(len(value), 'attribute')}"
    return "an object"


def _count(number: int, word: str) -> str:
    if number == 0:
        return f"no {word}s"
    return f"{number:,} {word}" + ("" if number == 1 else "s")
