"""Batch: which first members of a new parent may ride in the call that creates it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from reconciler.address import Address
from reconciler.language.values import Unknown, contains_unknown
from reconciler.plan.model import Action, PlannedChange, SequencePlan
from reconciler.schema import Attributes, Schema

Batch = Callable[[PlannedChange, SequencePlan], tuple[Address, ...]]
"""Which members of a new parent ride in the call that creates it."""


def batches(
    changes: Iterable[PlannedChange],
    schemas: Mapping[str, Schema],
    limit: Callable[[PlannedChange], int],
) -> Batch:
    """The rule for a whole plan; *limit* is how many members the call for a parent may carry."""
    by_address = {each.address: each for each in changes if each.deposed is None}
    by_block: dict[Address, list[PlannedChange]] = {}
    for each in by_address.values():
        by_block.setdefault(each.address.block, []).append(each)

    def depends_on(address: Address) -> frozenset[Address]:
        change = by_address.get(address)
        return change.depends_on if change is not None else frozenset()

    def exists(address: Address) -> bool:
        own = by_address.get(address)
        meant = by_block.get(address, []) if own is None else [own]
        return all(each.action in _STAYING for each in meant)

    def ready(address: Address) -> bool:
        change = by_address[address]
        return is_ready(schemas[address.type], change.after)

    def batch(parent: PlannedChange, sequence: SequencePlan) -> tuple[Address, ...]:
        return batchable_prefix(
            sequence.appended,
            parent=parent.address,
            depends_on=depends_on,
            ready=ready,
            exists=exists,
            limit=limit(parent),
        )

    return batch


_STAYING = (Action.NO_OP, Action.UPDATE)


def batchable_prefix(
    members: Sequence[Address],
    *,
    parent: Address,
    depends_on: Callable[[Address], Collection[Address]],
    ready: Callable[[Address], bool],
    exists: Callable[[Address], bool],
    limit: int,
) -> tuple[Address, ...]:
    """The longest prefix of *members* that may be created together with *parent*.

    Each must be *ready* (nothing it is sent with is unknown but the parent's id) and may depend
    only on the parent, on the parent's own ancestors, on members before it in the same call and on
    what *exists*. So a batch never makes the parent wait and never closes a cycle.
    """
    above = ancestors(parent, depends_on) | {parent, parent.block}
    riding: dict[Address, None] = {}
    for member in members[: max(limit, 0)]:
        needed = [each for each in depends_on(member) if each not in riding and each not in above]
        if not ready(member) or not all(exists(each) for each in needed):
            break
        riding[member] = None
    return tuple(riding)


def ancestors(
    address: Address, depends_on: Callable[[Address], Collection[Address]]
) -> frozenset[Address]:
    """Everything that *address* depends on, directly or not."""
    found: set[Address] = set()
    queue = list(depends_on(address))
    while queue:
        each = queue.pop()
        if each not in found:
            found.add(each)
            queue.extend(depends_on(each))
    return frozenset(found)


def is_ready(schema: Schema, after: Attributes | None) -> bool:
    """Whether a member can be sent before its parent's id is known."""
    if after is None or schema.sequence is None:
        return False
    return not any(
        contains_unknown(after.get(name))
        for name, attribute in schema.arguments.items()
        if name != schema.sequence.parent_argument
        and not (attribute.computed and isinstance(after.get(name), Unknown))
    )
