"""Membership: whether the sequences of a saved plan and its changes speak of the same members."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from reconciler.address import Address
from reconciler.language.values import Unknown
from reconciler.plan.model import Action, Plan, PlannedChange, SequencePlan
from reconciler.schema import Attributes, Schema, Value
from reconciler.state.model import State

_STAYING = (Action.NO_OP, Action.UPDATE)
_NEW = (Action.CREATE, Action.REPLACE)
_LEAVING = (Action.DELETE, Action.FORGET)


class Membership:
    """What *plan* makes of the members of each parent; each of its changes is sound by itself."""

    def __init__(self, plan: Plan, recorded: State, schemas: Mapping[str, Schema]) -> None:
        self.plan = plan
        self.recorded = recorded
        self.schemas = schemas
        self.changes = {each.address: each for each in plan.changes if each.deposed is None}

    def complaints(self) -> Iterator[str]:
        """What does not fit together."""
        for names in ("order", "deleted"):
            yield from twice(
                str(address) for each in self.plan.sequences for address in getattr(each, names)
            )
        yield from twice(str(each.parent) for each in self.plan.sequences)
        for sequence in self.plan.sequences:
            yield from self._broken(sequence)
        yield from self._outside_sequences()

    def _broken(self, sequence: SequencePlan) -> Iterator[str]:
        name = sequence.parent
        schema = self.schemas.get(sequence.member_type)
        if schema is None or schema.sequence is None:
            yield f"what stands in {name} forms no sequence"
            return
        parent = self.changes.get(name) if isinstance(name, Address) else None
        if isinstance(name, Address):
            if parent is None or name.type != schema.sequence.parent_type:
                yield f"it says nothing of {name}, whose members it orders"
                return
            if parent.action not in (*_STAYING, *_NEW):
                yield f"{name} goes, and its members are ordered"
            if sequence.parent_replaced is not (parent.action is Action.REPLACE):
                yield f"it does not say whether {name} is replaced"
            if parent.action in _NEW and sequence.kept:
                yield f"{name} is new, and has members that stay"
        both = (*sequence.kept, *sequence.appended)
        if len(both) != len(sequence.order) or set(both) != set(sequence.order):
            yield f"the members of {name} do not come to the order that is asked for"
        if not set(sequence.rewritten) <= set(sequence.appended):
            yield f"what is rewritten in {name} is not appended"
        yield from self._unlike_members(sequence, sequence.kept, _STAYING)
        yield from self._unlike_members(sequence, sequence.appended, _NEW)
        yield from self._unlike_members(sequence, sequence.rewritten, (Action.REPLACE,))
        yield from self._unlike_members(sequence, sequence.deleted, (Action.DELETE,))
        if sequence.deleted_unmanaged:
            yield from self._unlike_unmanaged(sequence, parent)

    def _unlike_members(
        self, sequence: SequencePlan, members: Iterable[Address], actions: Collection[Action]
    ) -> Iterator[str]:
        above = self._parent_id(sequence)
        for address in members:
            change = self.changes.get(address)
            if (
                change is None
                or change.action not in actions
                or address.type != sequence.member_type
            ):
                yield f"{address} is not what the order of {sequence.parent} takes it for"
            elif (
                change.recorded is not None
                and change.action is not Action.REPLACE
                and self._above(address, change.recorded.attributes) != above
            ):
                yield f"{address} does not stand in {sequence.parent}"
            elif change.action in _NEW and not self._is_below(change, sequence):
                yield f"{address} is not made in {sequence.parent}"

    def _is_below(self, change: PlannedChange, sequence: SequencePlan) -> bool:
        """Whether a new member is made in the parent, which may have no id yet."""
        above = self._above(change.address, change.after or {})
        if isinstance(above, Unknown) or isinstance(sequence.parent, str):
            return isinstance(above, (Unknown, str))
        is_new = self.changes[sequence.parent].action in _NEW
        return not is_new and above == self._parent_id(sequence)

    def _above(self, address: Address, attributes: Attributes) -> Value:
        """What *attributes* say of the parent; None for what is no member."""
        sequence = self.schemas[address.type].sequence
        return None if sequence is None else attributes.get(sequence.parent_argument)

    def _parent_id(self, sequence: SequencePlan) -> str | None:
        """The id of the parent as it is now."""
        if isinstance(sequence.parent, str):
            return sequence.parent
        recorded = self.changes[sequence.parent].recorded
        return None if recorded is None else recorded.id

    def _unlike_unmanaged(
        self, sequence: SequencePlan, parent: PlannedChange | None
    ) -> Iterator[str]:
        known = (*self.recorded.objects.values(), *self.recorded.deposed.values())
        managed = {each.id for each in known} - {
            each.recorded.id
            for each in self.plan.changes
            if each.action is Action.FORGET and each.recorded is not None
        }
        if parent is None or parent.action not in _STAYING:
            yield f"unmanaged messages of {sequence.parent} go, which is not there to lose them"
        if not managed.isdisjoint(sequence.deleted_unmanaged):
            yield f"messages of {sequence.parent} that state knows are deleted as unmanaged"
        yield from twice(sequence.deleted_unmanaged)

    def _outside_sequences(self) -> Iterator[str]:
        """Members that are made, stay or go without the sequence that has to know of it."""
        inside = {address for each in self.plan.sequences for address in each.order}
        going = {address for each in self.plan.sequences for address in each.deleted}
        ids = {self._parent_id(each) for each in self.plan.sequences}
        for change in self.changes.values():
            if change.action is Action.READ or self.schemas[change.address.type].sequence is None:
                continue
            attributes = change.recorded.attributes if change.recorded is not None else {}
            is_there = self._above(change.address, attributes) in ids
            is_left_out = change.action is Action.DELETE and is_there
            if change.action not in _LEAVING and change.address not in inside:
                yield f"{change.address} stands in no sequence"
            elif is_left_out and change.address not in going:
                yield f"{change.address} leaves its sequence unnoticed"


def twice(names: Iterable[str]) -> Iterator[str]:
    """A complaint about each name that is there already."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield f"{name} is there twice"
        seen.add(name)
