"""Uses: every expression of a block, with the names that mean something only there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.frozen import frozen
from reconciler.language.syntax import Body, Expression
from reconciler.spec.model import (
    CheckBlock,
    ImportBlock,
    Local,
    ModuleCall,
    Output,
    ProviderBlock,
    ResourceBlock,
    Rule,
    Variable,
)


@frozen
class Names:
    """Which of the names that depend on the place may be used."""

    each: bool = False
    count: bool = False
    self_: bool = False


NOWHERE = Names()
"""Where there is neither `each` nor `count` nor `self`."""

_BY_REPETITION = {
    (each, count): Names(each=each, count=count)
    for each in (True, False)
    for count in (True, False)
}
_WITH_SELF = {
    (names.each, names.count): Names(names.each, names.count, self_=True)
    for names in _BY_REPETITION.values()
}

Use = tuple[Expression, Names]
"""An expression, and what may be used in it."""


def resource_uses(block: ResourceBlock) -> Iterator[Use]:
    """The expressions of a resource or data block."""
    is_unread = bool(block.body.unread)  # count or for_each may have been meant to stand there
    names = _BY_REPETITION[
        block.for_each is not None or is_unread, block.count is not None or is_unread
    ]
    for argument in block.body.arguments.values():
        yield argument.expression, names
    yield from repetition_uses(block)
    yield from condition_uses(block)


def condition_uses(block: ResourceBlock) -> Iterator[Use]:
    """The expressions of a block's preconditions and postconditions."""
    repetition = (block.for_each is not None, block.count is not None)
    yield from _rules(block.lifecycle.preconditions, _BY_REPETITION[repetition])
    yield from _rules(block.lifecycle.postconditions, _WITH_SELF[repetition])


def call_uses(call: ModuleCall) -> Iterator[Use]:
    """The expressions of a module call."""
    names = _BY_REPETITION[call.for_each is not None, call.count is not None]
    for argument in call.arguments.values():
        yield argument.expression, names
    yield from repetition_uses(call)


def output_uses(output: Output) -> Iterator[Use]:
    """The expressions of an output."""
    yield output.expression, NOWHERE
    yield from _rules(output.preconditions, NOWHERE)


def variable_uses(variable: Variable) -> Iterator[Use]:
    """The expressions that look at a variable's value."""
    return _rules(variable.validations, NOWHERE)


def provider_uses(provider: ProviderBlock) -> Iterator[Use]:
    """The expressions of a provider block."""
    return ((each.expression, NOWHERE) for each in provider.arguments.values())


def local_uses(local: Local) -> Iterator[Use]:
    """The expression of a local value."""
    yield local.expression, NOWHERE


def import_uses(block: ImportBlock) -> Iterator[Use]:
    """The expressions of an import, but for the address it imports to."""
    names = _BY_REPETITION[block.for_each is not None, False]
    yield block.id, names
    if block.for_each is not None:
        yield block.for_each, NOWHERE


def check_uses(check: CheckBlock) -> Iterator[Use]:
    """The expressions of a check, those of its own data source included."""
    if check.data is not None:
        yield from resource_uses(check.data)
    yield from _rules(check.asserts, NOWHERE)


ANYWHERE = Names(each=True, count=True, self_=True)
"""Where it is not known what may be used."""

_AS_WRITTEN = frozenset(
    (
        *("depends_on", "from", "ignore_changes", "provider", "providers"),
        *("replace_triggered_by", "to", "type"),
    )
)
"""Arguments that are no expressions to be evaluated."""


def loose_expressions(body: Body) -> Iterator[Expression]:
    """The expressions of a block of which nothing else is known, and those of the blocks in it.

    What a dynamic block holds is left out: it may use names of its own.
    """
    queue = [body]
    while queue:
        inner = queue.pop()
        for argument in inner.arguments.values():
            if argument.name not in _AS_WRITTEN:
                yield argument.expression
        queue += [each.body for each in inner.blocks if each.type != "dynamic"]


def repetition_uses(block: ResourceBlock | ModuleCall) -> Iterator[Use]:
    """The expressions that say how many instances there are."""
    if block.count is not None:
        yield block.count, NOWHERE
    if block.for_each is not None:
        yield block.for_each, NOWHERE


def _rules(rules: Iterable[Rule], names: Names) -> Iterator[Use]:
    for rule in rules:
        yield rule.condition, names
        yield rule.error_message, names
