"""Blocking: what a plan shows and an apply leaves alone, because something else comes first.

A suspect blocks what it is about, a refused order the thread that it is about, and both block
whatever depends on that. The rest of the plan goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from reconciler.address import Address
from reconciler.frozen import replace
from reconciler.plan.model import Action, PlannedChange, SequencePlan
from reconciler.state.model import Suspect


def blocked(
    changes: Sequence[PlannedChange],
    sequences: Sequence[SequencePlan],
    suspects: Mapping[Address, Suspect],
    refused: Mapping[Address | str, Address],
) -> tuple[PlannedChange, ...]:
    """Mark what cannot be done, each with what it waits for.

    *refused* names, by parent, the member at which the error about its sequence stands; a member
    that is there by itself is refused alone.
    """
    cause = _refused_members(sequences, refused)
    cause.update((at, at) for name, at in refused.items() if name == at)
    cause.update((member, each.address) for each in suspects.values() for member in each.members)
    cause.update((address, address) for address in suspects)
    if not cause:
        return tuple(changes)
    below = _below(changes, sequences)
    queue = list(cause)
    while queue:
        address = queue.pop()
        for dependent in (*below.get(address, ()), *below.get(address.block, ())):
            if dependent not in cause:
                cause[dependent] = cause[address]
                queue.append(dependent)
    errors = frozenset(refused.values()) - suspects.keys()
    return tuple(_marked(each, cause.get(each.address), errors) for each in changes)


def _marked(
    change: PlannedChange, cause: Address | None, errors: frozenset[Address]
) -> PlannedChange:
    # What an earlier run has replaced already is deleted even where the next rewrite is refused.
    is_left_over = change.deposed is not None and cause in errors
    if cause is None or change.action is Action.NO_OP or is_left_over:
        return change
    return replace(change, blocked_by=cause, refused=cause in errors)


def _refused_members(
    sequences: Iterable[SequencePlan], refused: Mapping[Address | str, Address]
) -> dict[Address, Address]:
    """Everything that would be created or deleted for the sake of a refused sequence."""
    cause: dict[Address, Address] = {}
    for each in sequences:
        if each.parent not in refused:
            continue
        concerned = [*each.appended, *each.deleted]
        if each.parent_replaced and isinstance(each.parent, Address):
            concerned.append(each.parent)
        cause.update(dict.fromkeys(concerned, refused[each.parent]))
    return cause


def _below(
    changes: Iterable[PlannedChange], sequences: Iterable[SequencePlan]
) -> dict[Address, list[Address]]:
    """What waits for what: references, and in each sequence the one before."""
    below: dict[Address, list[Address]] = {}
    for change in changes:
        for address in change.depends_on:
            below.setdefault(address, []).append(change.address)
    for sequence in sequences:
        chain = list(sequence.appended)
        if isinstance(sequence.parent, Address):
            chain.insert(0, sequence.parent)
        for before, after in pairwise(chain):
            below.setdefault(before, []).append(after)
        if sequence.rewritten or sequence.parent_replaced:
            # What cannot be ended is not begun: half a rewrite would only change the order, half a
            # replacement would spread the members over two parents.
            below.setdefault(chain[-1], []).extend(
                chain if sequence.parent_replaced else sequence.appended
            )
    return below


def free(
    sequences: Iterable[SequencePlan], changes: Iterable[PlannedChange]
) -> tuple[SequencePlan, ...]:
    """The sequences without what is blocked among *changes*: what an apply will do of them."""
    waiting = {each.address for each in changes if each.blocked_by is not None}
    return tuple(
        each if waiting.isdisjoint(each.order) else _free(each, waiting) for each in sequences
    )


def _free(sequence: SequencePlan, waiting: set[Address]) -> SequencePlan:
    appended = tuple(each for each in sequence.appended if each not in waiting)
    is_whole = len(appended) == len(sequence.appended)
    return replace(
        sequence,
        appended=appended,
        deleted=tuple(each for each in sequence.deleted if each not in waiting),
        deleted_unmanaged=sequence.deleted_unmanaged if is_whole else (),
    )
