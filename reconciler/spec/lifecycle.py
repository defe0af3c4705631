"""Lifecycle: the `lifecycle` block of a resource or data source."""

from __future__ import annotations

from typing import Literal

from reconciler.language.syntax import Expression, IndexKey, Traversal
from reconciler.schema import Path, Schema
from reconciler.spec.model import Lifecycle
from reconciler.spec.reading import BlockReader
from reconciler.spec.rules import read_rules
from reconciler.spec.static import static_items, static_reference
from reconciler.suggest import did_you_mean

NO_LIFECYCLE = Lifecycle()
"""What a block without a `lifecycle` block has."""


def read_lifecycle(reader: BlockReader, schema: Schema, *, is_data: bool) -> Lifecycle:
    """Read the `lifecycle` block of a resource, if it has one."""
    block = reader.only_block("lifecycle")
    if block is None:
        return NO_LIFECYCLE
    inner = reader.inner(block)
    inner.labels()
    inner.expect(_ARGUMENTS, blocks=_RULES)
    if is_data:
        _refuse_for_data(inner)
        return Lifecycle(
            preconditions=read_rules(inner, "precondition"),
            postconditions=read_rules(inner, "postcondition"),
        )
    return Lifecycle(
        prevent_destroy=inner.flag("prevent_destroy"),
        create_before_destroy=bool(inner.flag("create_before_destroy")),
        ignore_changes=_ignored(inner, schema),
        replace_triggered_by=_triggers(inner),
        preconditions=read_rules(inner, "precondition"),
        postconditions=read_rules(inner, "postcondition"),
    )


_ARGUMENTS = ("prevent_destroy", "create_before_destroy", "ignore_changes", "replace_triggered_by")
_RULES = ("precondition", "postcondition")


def _refuse_for_data(reader: BlockReader) -> None:
    for name in _ARGUMENTS:
        argument = reader.body.arguments.get(name)
        if argument is not None:
            detail = f'"{name}" is about what is created and destroyed; a data source only reads.'
            reader.error("Invalid data resource lifecycle argument", detail, argument.name_place)


def _ignored(reader: BlockReader, schema: Schema) -> tuple[Path, ...] | Literal["all"]:
    expression = reader.static("ignore_changes")
    if expression is None:
        return ()
    if _is_word(expression, "all"):
        return "all"
    items = static_items(reader, "ignore_changes")
    if len(items) == 1 and (_is_word(items[0], "all") or items[0].text == '"*"'):
        return "all"
    paths = (_ignored_path(reader, each, schema) for each in items)
    return tuple(path for path in paths if path)


def _is_word(expression: Expression, word: str) -> bool:
    found = expression.traversal()
    return found is not None and found.root == word and not found.steps


def _ignored_path(reader: BlockReader, expression: Expression, schema: Schema) -> Path:
    traversal = static_reference(reader, expression)
    if traversal is None:
        return ()
    attribute = schema.attributes.get(traversal.root)
    if attribute is None:
        detail = (
            f'{schema.type} has no attribute named "{traversal.root}".'
            f"{did_you_mean(traversal.root, schema.attributes)}"
        )
        reader.error("Unsupported attribute", detail, traversal.place)
        return ()
    if not attribute.is_argument:
        detail = f'Only the API decides "{traversal.root}", so there is no change to ignore.'
        reader.warning("Redundant ignore_changes element", detail, traversal.place)
    return _path(reader, traversal)


def _path(reader: BlockReader, traversal: Traversal) -> Path:
    path: list[str | int] = [traversal.root]
    for step in traversal.steps:
        if step is None:
            detail = "Only names and constant keys may stand in ignore_changes."
            reader.error("Invalid expression", detail, traversal.place)
            return ()
        path.append(step.key if isinstance(step, IndexKey) else step)
    return tuple(path)


def _triggers(reader: BlockReader) -> tuple[Traversal, ...]:
    found = (_trigger(reader, each) for each in static_items(reader, "replace_triggered_by"))
    return tuple(each for each in found if each is not None)


def _trigger(reader: BlockReader, expression: Expression) -> Traversal | None:
    # An index of the form [count.index] is a reference of its own, behind the one that counts.
    traversal = expression.traversal() or next(iter(expression.references()), None)
    if traversal is None or traversal.root in _NO_TRIGGERS:
        reader.error("Invalid replace_triggered_by expression", _TRIGGER, expression.place)
        return None
    return traversal


_NO_TRIGGERS = frozenset(("var", "local", "module", "each", "count", "path", "terraform", "self"))
_TRIGGER = (
    "Only a resource, one of its instances or one of its attributes can trigger a replacement: "
    "openai_thread.a, openai_message.b[count.index].content."
)
