"""Departures: what leaves state, by being deleted or let go of, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from reconciler.address import Address, ModulePath
from reconciler.frozen import frozen
from reconciler.plan.model import Action, PlannedChange, Reason
from reconciler.plan.moves import Removed, removal
from reconciler.plan.records import Record
from reconciler.state.model import StateObject


@frozen
class Departure:
    """One object that leaves state."""

    record: Record
    action: Action
    reason: Reason | None
    protected: bool
    """Whether it must not be destroyed."""

    @property
    def address(self) -> Address:
        """What leaves."""
        return self.record.address


@frozen
class Declared:
    """Which blocks and module calls the spec has, whatever their number of instances."""

    blocks: Mapping[Address, type[int] | type[str] | None]
    """By block address: the kind of its instance keys."""
    modules: frozenset[ModulePath]

    @classmethod
    def of(cls, instances: Iterable[Address], empty: Iterable[Address] = ()) -> Declared:
        """Gather them from instances; *empty* are blocks that have none, with a key of the kind
        that theirs would have."""
        blocks: dict[Address, type[int] | type[str] | None] = {}
        modules: set[ModulePath] = {()}
        for each in (*instances, *empty):
            blocks[each.block] = _kind(each)
            modules.update(each.module[:length] for length in range(1, len(each.module) + 1))
        return cls(blocks, frozenset(modules))


def _kind(address: Address) -> type[int] | type[str] | None:
    if address.key is None:
        return None
    return int if isinstance(address.key, int) else str


def departures(
    orphans: Iterable[Record], removed: Sequence[Removed], declared: Declared
) -> list[Departure]:
    """Decide for every object that no instance stands for whether it is deleted or let go of."""
    found: list[Departure] = []
    for each in orphans:
        if each.gone:
            continue
        block = removal(each.address, removed)
        if block is not None and not block.destroy:
            found.append(Departure(each, Action.FORGET, None, protected=False))
            continue
        protected = each.object.protected and block is None
        reason = _reason(each.address, declared)
        found.append(Departure(each, Action.DELETE, reason, protected))
    return found


def destruction(records: Iterable[Record], protected: Collection[Address]) -> list[Departure]:
    """Everything there is, to be deleted."""
    return [
        Departure(each, Action.DELETE, None, each.address in protected)
        for each in records
        if not each.gone
    ]


def _reason(address: Address, declared: Declared) -> Reason:
    if address.module not in declared.modules:
        return Reason.NO_MODULE
    if address.block not in declared.blocks:
        return Reason.NO_BLOCK
    kind = declared.blocks[address.block]
    if kind is not _kind(address):
        return Reason.WRONG_REPETITION
    return Reason.COUNT_INDEX if kind is int else Reason.EACH_KEY


def departing(each: Departure) -> PlannedChange:
    """The departure as the plan has it."""
    return PlannedChange(
        address=each.address,
        action=each.action,
        before=dict(each.record.attributes),
        after=None,
        reason=each.reason,
        before_sensitive=each.record.object.sensitive,
        recorded=each.record.object,
        moved_from=each.record.moved_from,
        protected=each.protected,
    )


def deposed_changes(
    deposed: Mapping[tuple[Address, str], StateObject],
) -> list[PlannedChange]:
    """The deletions that an earlier run still owes."""
    return [
        PlannedChange(
            address=address,
            action=Action.DELETE,
            before=dict(object_.attributes),
            after=None,
            reason=Reason.DEPOSED,
            before_sensitive=object_.sensitive,
            recorded=object_,
            deposed=key,
        )
        for (address, key), object_ in deposed.items()
    ]
