"""Refactoring: the `import` blocks of a spec, evaluated."""

from __future__ import annotations

from reconciler.address import Address, Key
from reconciler.expand.repetition import repeat
from reconciler.expand.walk import Expander
from reconciler.language.plain import to_plain
from reconciler.language.syntax import Scope
from reconciler.spec.model import ImportBlock
from reconciler.spec.static import address_of

ImportWish = tuple[Address, str, ImportBlock]
"""An address, the id of what shall be managed there, and the block that says so."""


def evaluate_imports(expander: Expander, blocks: tuple[ImportBlock, ...]) -> list[ImportWish]:
    """One wish per `import` block, or per element of its `for_each`.

    Raises:
        SpecError: an id or an address cannot be told before apply.
    """
    wishes = [each for block in blocks for each in _evaluate(expander, block)]
    expander.diagnostics.raise_if_errors()
    return wishes


def _evaluate(expander: Expander, block: ImportBlock) -> list[ImportWish]:
    world = expander.world
    repetition = repeat(world, (), count=None, for_each=block.for_each, context="import")
    wishes: list[ImportWish] = []
    for scope in map(repetition.scope, repetition) if repetition is not None else ():
        address = _address(expander, block, scope)
        id_, secret = to_plain(world.evaluate(block.id, scope))
        if secret:
            expander.diagnostics.error(
                "Invalid import id",
                "The id is sensitive, and an import shows the id of what it takes.",
                place=block.id.place,
                context="import",
            )
        elif not isinstance(id_, str) or not id_:
            expander.diagnostics.error(
                "Invalid import id",
                "The id must be a text that is known before apply.",
                place=block.id.place,
                context="import",
            )
        elif address is not None:
            wishes.append((address, id_, block))
    return wishes


def _address(expander: Expander, block: ImportBlock, scope: Scope) -> Address | None:
    found = address_of(block.to_traversal)
    if isinstance(found, Address):
        return found
    key = _key(expander, block, scope)
    base = address_of_block(block)
    return base.instance(key) if base is not None and key is not None else None


def _key(expander: Expander, block: ImportBlock, scope: Scope) -> Key:
    index = block.to.index()
    if index is None:
        return None
    key, _ = to_plain(expander.world.evaluate(index, scope))
    return key if isinstance(key, (int, str)) else None


def address_of_block(block: ImportBlock) -> Address | None:
    """The address in front of a key that has to be evaluated."""
    steps = block.to_traversal.steps
    name = steps[0] if steps else None
    return Address(block.to_traversal.root, name) if isinstance(name, str) else None
