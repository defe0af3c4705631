"""Soundness: whether a saved plan is whole in itself and speaks of the state that it was made from.

A plan as it was written always is. One that somebody has edited is found out as a whole, before
any of it is carried out: half of a plan is worse than none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from reconciler.address import Address, Mode
from reconciler.errors import PlanError
from reconciler.frozen import replace
from reconciler.plan.blocking import blocked
from reconciler.plan.membership import Membership, twice
from reconciler.plan.model import Action, Plan, PlanMode, PlannedChange, ReadBack
from reconciler.plan.records import configuration
from reconciler.schema import Attributes, Schema
from reconciler.state.model import State, StateObject

_HAS = {
    Action.NO_OP: (True, True, True),
    Action.UPDATE: (True, True, True),
    Action.REPLACE: (True, True, True),
    Action.CREATE: (False, True, False),
    Action.READ: (False, True, False),
    Action.DELETE: (True, False, True),
    Action.FORGET: (True, False, True),
}
"""By action: whether there is something before and after it, and in state."""

_GOING = (Action.DELETE, Action.REPLACE)
_LEAVING = (Action.DELETE, Action.FORGET)


def refuse_unsound(
    plan: Plan,
    recorded: State,
    *,
    schemas: Mapping[str, Schema],
    configurations: Collection[str],
) -> None:
    """Refuse a plan that could not have come of *recorded*, the state that it was made from.

    *configurations* are the provider configurations that there are.

    Raises:
        PlanError: somebody has edited it; the message names the first place that shows it.
    """
    found = _Soundness(plan, recorded, schemas, configurations)
    for complaint in found.complaints():
        raise PlanError(
            f"Saved plan does not hold together, so it was damaged or edited: {complaint}."
            " Nothing was changed.",
            hint="reconciler plan -out FILE makes a new one",
        )


class _Soundness:
    def __init__(
        self,
        plan: Plan,
        recorded: State,
        schemas: Mapping[str, Schema],
        configurations: Collection[str],
    ) -> None:
        self.plan = plan
        self.recorded = recorded
        self.schemas = schemas
        self.configurations = configurations
        self.current = [each for each in plan.changes if each.deposed is None]
        self.changes = {each.address: each for each in self.current}
        self.moved = {each.moved_from for each in plan.changes if each.moved_from is not None}

    def complaints(self) -> Iterator[str]:
        """What is wrong; each kind relies on what those before it have made sure of."""
        yield from self._unlike_its_mode()
        yield from self._repeated()
        for change in self.plan.changes:
            yield from self._misshapen(change)
        yield from self._refreshed()
        for change in self.plan.changes:
            yield from self._unlike_state(change)
        yield from self._left_out()
        yield from Membership(self.plan, self.recorded, self.schemas).complaints()
        yield from self._unblocked()
        for look in self.plan.read_backs:
            yield from self._astray(look)

    def _unlike_its_mode(self) -> Iterator[str]:
        mode = self.plan.mode
        if mode is PlanMode.REFRESH_ONLY and (self.plan.changes or self.plan.sequences):
            yield "it only refreshes the state, and has changes"
        if mode is PlanMode.DESTROY:
            for change in self.plan.changes:
                if change.action is not Action.DELETE:
                    yield f"it destroys everything, and {change.address} is not deleted"

    def _repeated(self) -> Iterator[str]:
        yield from twice(
            f"{each.address} {each.deposed or ''}".strip() for each in self.plan.changes
        )
        origins = (str(each.moved_from or each.address) for each in self.current if each.recorded)
        yield from twice(origins)

    def _misshapen(self, change: PlannedChange) -> Iterator[str]:
        address, recorded = change.address, change.recorded
        has = change.before is not None, change.after is not None, recorded is not None
        is_data = address.mode is Mode.DATA
        if has != _HAS[change.action] or is_data is not (change.action is Action.READ):
            yield f"{address} has not what it takes to {change.action.value} it"
        elif not is_data and address.type not in self.schemas:
            yield f"{address} is of no type that there is"
        if not self._is_reasoned(change):
            yield f"{address} is not one to {change.action.value} for that reason"
        if change.action is Action.NO_OP and change.before != change.after:
            yield f"{address} changes, and nothing is to be done about it"
        ways = (change.moved_from, change.import_id, change.deposed)
        if sum(each is not None for each in ways) > (0 if recorded is None else 1):
            yield f"{address} comes from more than one place"
        if change.deposed is not None and change.action is not Action.DELETE:
            yield f"{address} was replaced before, and is not deleted"
        if recorded is not None:
            yield from self._misplaced(change, recorded)

    def _is_reasoned(self, change: PlannedChange) -> bool:
        if change.reason is not None:
            return change.reason.value.startswith(change.action.value)
        is_given = change.action in (Action.REPLACE, Action.READ) or (
            change.action is Action.DELETE and self.plan.mode is PlanMode.NORMAL
        )
        return not is_given

    def _misplaced(self, change: PlannedChange, object_: StateObject) -> Iterator[str]:
        own = self._place(change.address, object_.attributes)
        if object_.address != change.address or None in own:
            yield f"what is recorded of {change.address} does not say which object it is"
        if change.before is not None and self._place(change.address, change.before) != own:
            yield f"{change.address} is one object in state and another one at the server"
        is_known = configuration(object_) in self.configurations
        if not is_known and not self.plan.is_forbidden:
            yield f"{change.address} belongs to a provider configuration that is not there"

    def _place(self, address: Address, attributes: Attributes) -> tuple[str | None, str | None]:
        """The id of an object and that of its parent, "" without one; None for what is no id."""
        sequence = self.schemas[address.type].sequence
        above = "" if sequence is None else attributes.get(sequence.parent_argument)
        own = attributes.get("id")
        return (
            own if isinstance(own, str) and own else None,
            above if isinstance(above, str) else None,
        )

    def _refreshed(self) -> Iterator[str]:
        for address, seen in self.plan.refreshed.items():
            known = self.recorded.objects.get(address)
            if known is None:
                yield f"state knows no {address} to be refreshed"
            elif seen is not None and (
                self._place(address, seen.attributes) != self._place(address, known.attributes)
                or replace(seen, attributes={}, sent={}) != replace(known, attributes={}, sent={})
            ):
                yield f"{address} was refreshed from another object"

    def _unlike_state(self, change: PlannedChange) -> Iterator[str]:
        address, recorded = change.address, change.recorded
        if change.deposed is not None:
            if self.recorded.deposed.get((address, change.deposed)) != recorded:
                yield f"state keeps another object, or none, as {address} {change.deposed}"
            return
        if self._is_taken(change):
            yield f"state has another object at {address}"
        if recorded is None:
            return
        if change.import_id is not None:
            if recorded.id in {each.id for each in self.recorded.objects.values()}:
                yield f"state has what is to be imported as {address} already"
            return
        origin = change.moved_from or address
        known = self.recorded.objects.get(origin)
        seen = self.plan.refreshed.get(origin, known)
        if known is None or seen is None:
            yield f"state has no {origin}"
            return
        may_be = [_as_planned(each, change) for each in (known, seen)]
        if _as_planned(recorded, change) not in may_be:
            yield f"{address} is not what state has there"

    def _is_taken(self, change: PlannedChange) -> bool:
        """Whether something else is at its address, and does not leave it."""
        if change.recorded is not None and change.moved_from is None and change.import_id is None:
            return False
        known = self.plan.refreshed.get(change.address, self.recorded.objects.get(change.address))
        return known is not None and change.address not in self.moved

    def _left_out(self) -> Iterator[str]:
        if self.plan.targeted or self.plan.mode is PlanMode.REFRESH_ONLY:
            return
        planned = {each.moved_from or each.address for each in self.current}
        for address, known in self.recorded.objects.items():
            if self.plan.refreshed.get(address, known) is not None and address not in planned:
                yield f"it says nothing of {address}"
        owed = {(each.address, each.deposed) for each in self.plan.changes}
        for address, key in self.recorded.deposed.keys() - owed:
            yield f"it says nothing of {address} {key}"

    def _unblocked(self) -> Iterator[str]:
        """What is done although an unresolved creation stands in its way."""
        if {each.address for each in self.plan.suspects} != self.recorded.suspects.keys():
            yield "it knows of other unresolved creations than state"
        free = [replace(each, blocked_by=None, refused=False) for each in self.plan.changes]
        marked = blocked(free, self.plan.sequences, self.recorded.suspects, {})
        for change, now in zip(self.plan.changes, marked, strict=True):
            if now.blocked_by is not None and change.blocked_by is None:
                yield f"{change.address} does not wait for {now.blocked_by}"

    def _astray(self, look: ReadBack) -> Iterator[str]:
        losing = {
            (self._place(each.address, each.recorded.attributes)[1], configuration(each.recorded))
            for each in self.plan.changes
            if each.action in _GOING and each.recorded is not None
        }
        for sequence in self.plan.sequences:
            if sequence.deleted_unmanaged and isinstance(sequence.parent, Address):
                parent = self.changes[sequence.parent].recorded
                if parent is not None:
                    losing.add((parent.id, configuration(parent)))
        if (look.parent_id, look.provider) not in losing:
            yield f"{look.parent_id} is read back at {look.provider}, and loses nothing there"


def _as_planned(object_: StateObject, change: PlannedChange) -> StateObject:
    """*object_* at the address of *change*, without what the specs say of one that stays."""
    moved = replace(object_, address=change.address)
    if change.action in _LEAVING:
        return moved
    return replace(
        moved,
        sensitive=(),
        dependencies=(),
        protected=False,
        behind=None,
        create_before_destroy=False,
    )
