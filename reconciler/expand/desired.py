"""Desired: the arguments of one instance as the API shall have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.expand.world import World
from reconciler.frozen import frozen
from reconciler.language.convert import convert
from reconciler.language.mistakes import ValueMistake, path_text
from reconciler.language.plain import to_plain
from reconciler.language.syntax import Argument, Scope
from reconciler.language.values import Unknown, contains_unknown
from reconciler.schema import Attribute, Path, Value
from reconciler.spec.constants import REFUSED_IN_SECRET
from reconciler.spec.model import ResourceBlock
from reconciler.spec.value_check import part_place


@frozen
class Arguments:
    """Evaluated arguments: as values with marks for whoever refers to them, and plain."""

    marked: Mapping[str, object]
    desired: Mapping[str, Value]
    sensitive: tuple[Path, ...]


def evaluate_arguments(
    world: World, block: ResourceBlock, scope: Scope, *, before: Arguments | None = None
) -> Arguments:
    """Evaluate every argument of an instance, convert it to its type and check the API's limits.

    With *before*, only those that were not wholly known then are evaluated again.
    """
    marked: dict[str, object] = {}
    desired: dict[str, Value] = dict.fromkeys(block.schema.arguments)
    sensitive: list[Path] = []
    if before is not None:
        marked.update(before.marked)
        desired.update(before.desired)
        sensitive.extend(before.sensitive)
    for name, argument in block.body.arguments.items():
        attribute = block.schema.attributes.get(name)
        if attribute is None or (before is not None and not contains_unknown(desired[name])):
            continue
        sensitive = [path for path in sensitive if path[0] != name]
        value = _evaluate(world, block, attribute, argument, scope)
        marked[name] = value
        paths: Sequence[Path] = ()
        if type(value) is str:
            desired[name] = value
        else:
            desired[name], paths = to_plain(value)
            sensitive.extend((name, *path) for path in paths)
        if attribute.check is not None:
            _check(world, block, argument, desired[name], scope, is_secret=bool(paths))
    _check_exclusive(world, block, desired)
    return Arguments(marked, desired, tuple(sensitive))


def _evaluate(
    world: World, block: ResourceBlock, attribute: Attribute, argument: Argument, scope: Scope
) -> object:
    value = world.evaluate(argument.expression, scope)
    if attribute.type == "string" and type(value) is str:
        return value
    try:
        converted = convert(value, attribute.type)
    except ValueMistake as mistake:
        world.diagnostics.error(
            "Incorrect attribute value type",
            f'Inappropriate value for attribute "{argument.name}": {mistake}.',
            place=part_place(argument.expression, mistake.path, scope),
            context=context(block),
        )
        return Unknown(attribute.type)
    if converted is None and attribute.required:
        world.diagnostics.error(
            "Missing required argument",
            f'The argument "{argument.name}" is required, but it is null here.',
            place=argument.expression.place,
            context=context(block),
        )
    return converted


def _check(
    world: World,
    block: ResourceBlock,
    argument: Argument,
    value: Value,
    scope: Scope,
    *,
    is_secret: bool,
) -> None:
    check = block.schema.attributes[argument.name].check
    if check is None or value is None or isinstance(value, Unknown):
        return
    for complaint in check(value):
        world.diagnostics.error(
            f'Invalid value for "{argument.name}"',
            f"{REFUSED_IN_SECRET.capitalize()}."
            if is_secret
            else f"{argument.name}{path_text(complaint.path)} {complaint.message}.",
            place=argument.expression.place
            if is_secret
            else part_place(argument.expression, complaint.path, scope, key=complaint.about_key),
            context=context(block),
        )


def _check_exclusive(world: World, block: ResourceBlock, desired: Mapping[str, Value]) -> None:
    for names in block.schema.exclusive:
        given = [name for name in names if desired.get(name) and not _is_open(desired[name])]
        if len(given) > 1:
            world.diagnostics.error(
                "Conflicting arguments",
                f"Only one of {' and '.join(given)} may be set; remove the other.",
                place=block.body.arguments[given[-1]].place,
                context=context(block),
            )


def _is_open(value: Value) -> bool:
    return contains_unknown(value) and isinstance(value, Unknown)


def context(block: ResourceBlock) -> str:
    """The header of a block, for diagnostics."""
    word = "data" if block.mode == "data" else "resource"
    return f'{word} "{block.type}" "{block.name}"'
