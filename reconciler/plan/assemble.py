"""Assemble: the decisions put together as one plan, weighed and counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.address import Address
from reconciler.diagnostics import Diagnostics
from reconciler.expand.model import PendingRead
from reconciler.frozen import frozen, replace
from reconciler.language.values import Unknown
from reconciler.plan.batch import Batching, Limits, limits_of
from reconciler.plan.blocking import blocked, free
from reconciler.plan.calls import Cost, Prices, estimate
from reconciler.plan.carry import check_deletions
from reconciler.plan.decide import Circumstances, Decided
from reconciler.plan.departures import Departure, departing, deposed_changes
from reconciler.plan.draft import planned
from reconciler.plan.model import (
    Action,
    OutputChange,
    PlannedChange,
    ReadBack,
    Reason,
    SequencePlan,
)
from reconciler.plan.options import Policies, UnmanagedMessages
from reconciler.plan.read_back import read_backs
from reconciler.plan.records import Record, configuration, parent_id
from reconciler.plan.survey import Survey
from reconciler.schema import Value
from reconciler.state.model import OutputValue, State


@frozen
class Assembly:
    """What will be done, and what it means for each parent."""

    changes: tuple[PlannedChange, ...]
    sequences: tuple[SequencePlan, ...]
    parents: Mapping[Address, Address]
    """The parent of each managed member, where state knows it."""
    unmanaged: Mapping[str, int]
    """How many members nobody manages go with each parent that is deleted or replaced, by id."""
    last_seen: Mapping[str, str]
    unread: frozenset[str]
    read_backs: tuple[ReadBack, ...]
    cost: Cost


def assemble(
    found: Survey,
    about: Circumstances,
    decided: Decided,
    leaving: Sequence[Departure],
    reads: Iterable[PendingRead],
    refusals: Diagnostics,
) -> Assembly:
    """Put the changes in order and find out what they touch and cost.

    What a dialect cannot delete is added to *refusals*, and its thread is left alone like those
    refused before.
    """
    pending = {address: each for address, each in decided.drafts.items() if decided.is_new(address)}
    behind = _behind(decided)
    changes = [
        planned(each, pending, behind.get(address)) for address, each in decided.drafts.items()
    ]
    changes.extend(departing(each) for each in leaving)
    changes.extend(map(_reading, reads))
    if not about.options.targets:
        changes.extend(deposed_changes(about.recorded.deposed))
    sequences = _sequences(decided)
    whole = _spread(_ordered(changes), sequences)
    lost = _Lost(found, about, whole)
    refused = {**decided.refused, **_undeletable(whole, sequences, found, about, lost, refusals)}
    ordered = blocked(whole, sequences, about.recorded.suspects, refused)
    doing = [each for each in ordered if each.blocked_by is None]
    freed = free(sequences, ordered)
    looks = read_backs(doing, freed, found, lost.going_ids)
    return Assembly(
        changes=ordered,
        sequences=sequences,
        parents=lost.parents,
        unmanaged=lost.unmanaged(),
        last_seen=lost.last_seen(sequences),
        unread=lost.unread(sequences),
        read_backs=looks,
        cost=_cost(doing, freed, looks, found, about, lost),
    )


def _sequences(decided: Decided) -> tuple[SequencePlan, ...]:
    return tuple(
        decision.plan
        for _, decision in sorted(decided.decisions.items(), key=lambda each: _name_key(each[0]))
    )


def _behind(decided: Decided) -> dict[Address, str]:
    """The member that each will stand behind, as far as the specs know; "" for the first.

    Where that order is refused, each is remembered behind the one it stands behind, by the name
    which that has now.
    """
    found: dict[Address, str] = {}
    for decision in decided.decisions.values():
        before = ""
        for address in (*decision.plan.kept, *decision.plan.appended):
            found[address] = before
            before = str(address)
        if decision.refusals:
            found.update(_as_recorded(decision.plan.order, decided))
    return found


def _as_recorded(order: Sequence[Address], decided: Decided) -> dict[Address, str]:
    records = [each for address in order if (each := decided.drafts[address].record) is not None]
    names = {str(each.moved_from or each.address): str(each.address) for each in records}
    behind = {each.address: each.object.behind for each in records}
    return {
        address: names.get(before, before)
        for address, before in behind.items()
        if before is not None
    }


def _name_key(name: Address | str) -> tuple[object, ...]:
    return (0, name.sort_key, "") if isinstance(name, Address) else (1, (), name)


def _ordered(changes: Iterable[PlannedChange]) -> list[PlannedChange]:
    """By address, deletions last."""
    return sorted(
        changes,
        key=lambda each: (
            each.action is Action.DELETE,
            each.address.sort_key,
            each.deposed or "",
        ),
    )


def _reading(read: PendingRead) -> PlannedChange:
    instance = read.instance
    after: dict[str, Value] = dict(instance.desired)
    for name, attribute in instance.schema.attributes.items():
        if attribute.computed and after.get(name) is None:
            after[name] = Unknown(attribute.type, False, f"{instance.address}.{name}")
    return PlannedChange(
        address=instance.address,
        action=Action.READ,
        before=None,
        after=after,
        reason=Reason.CONFIG_UNKNOWN if read.config_unknown else Reason.DEPENDENCY_PENDING,
        after_sensitive=instance.sensitive,
        depends_on=instance.depends_on,
    )


def _spread(changes: list[PlannedChange], sequences: Iterable[SequencePlan]) -> list[PlannedChange]:
    """Let what a create_before_destroy depends on be created before it is destroyed, too.

    A parent that is replaced for the sake of its order goes only when the new one stands.
    """
    parents = {each.parent for each in sequences}
    replaced = {each.address: each for each in changes if each.action is Action.REPLACE}
    queue = [
        each
        for each in replaced.values()
        if each.create_before_destroy or (each.reason is Reason.REWRITE and each.address in parents)
    ]
    marked = {each.address for each in queue}
    while queue:
        for address in queue.pop().depends_on:
            if address in replaced and address not in marked:
                marked.add(address)
                queue.append(replaced[address])
    return [
        replace(each, create_before_destroy=True) if each.address in marked else each
        for each in changes
    ]


def _undeletable(
    changes: Sequence[PlannedChange],
    sequences: Iterable[SequencePlan],
    found: Survey,
    about: Circumstances,
    lost: _Lost,
    refusals: Diagnostics,
) -> dict[Address | str, Address]:
    """The sequences with a member that goes and cannot be deleted, each with that member."""
    stuck = check_deletions(
        changes,
        {address: each.provider for address, each in found.instances.items()},
        {address: above for address, above in lost.parents.items() if above in lost.going},
        frozenset(type_ for type_, each in found.schemas.items() if each.sequence is not None),
        about.capabilities,
        refusals,
    )
    by_parent = {
        each.parent: address
        for each in sequences
        for address in reversed((*each.order, *each.deleted))
        if address in stuck
    }
    return {**{each: each for each in stuck}, **by_parent}


class _Lost:
    """What goes with the parents that a plan deletes or replaces."""

    def __init__(
        self, found: Survey, about: Circumstances, changes: Iterable[PlannedChange]
    ) -> None:
        self._found = found
        self._about = about
        records = [each for each in found.records.values() if not each.gone]
        by_id = {each.object.id: each.address for each in records}
        self.parents = {
            each.address: by_id[above]
            for each in records
            if (above := parent_id(each, found.schemas[each.address.type])) in by_id
            and above is not None
        }
        self.going = {
            each.address: found.records[each.address]
            for each in changes
            if each.action in (Action.DELETE, Action.REPLACE)
            and each.deposed is None
            and found.schemas[each.address.type].sequence is None
        }
        self._replaced_before = [
            Record(each.recorded, None, looked_for=False)
            for each in changes
            if each.deposed is not None
            and each.recorded is not None
            and found.schemas[each.address.type].sequence is None
        ]
        self.going_ids = frozenset(each.object.id for each in self._all_going())

    def _all_going(self) -> Iterator[Record]:
        """The parents that go, those among them that an earlier run has replaced."""
        yield from self.going.values()
        yield from self._replaced_before

    def unmanaged(self) -> dict[str, int]:
        """How many unmanaged members go, by id of their parent; none where nobody minds."""
        return {
            record.object.id: count
            for record in self._all_going()
            if (count := self._count(record)) and self._policy(record) in _MINDED
        }

    def last_seen(self, sequences: Iterable[SequencePlan]) -> dict[str, str]:
        """The last member of each parent that loses anything."""
        result: dict[str, str] = {}
        for id_ in sorted(self._losing(sequences)):
            listing = self._found.observed.listings.get(id_)
            if listing is not None:
                result[id_] = listing.members[-1].id if listing.members else ""
        return result

    def unread(self, sequences: Iterable[SequencePlan]) -> frozenset[str]:
        """Parents that lose something and whose members are not all known."""
        listings = self._found.observed.listings
        if self._about.options.refresh:
            losing = self._losing(sequences)
        else:
            # What goes with a parent is looked at even where nothing else is.
            losing = {each.object.id for each in self._all_going() if self._policy(each) in _MINDED}
        short = {id_ for id_ in losing if id_ not in listings or not listings[id_].complete}
        return frozenset(short | self._unplaced())

    def _unplaced(self) -> set[str]:
        """Parents of imported members that their listing has not come to yet."""
        result: set[str] = set()
        for record in self._found.records.values():
            above = parent_id(record, self._found.schemas[record.address.type])
            listing = self._found.observed.listings.get(above or "")
            if record.import_id is None or above is None or listing is None or listing.complete:
                continue
            if all(each.id != record.object.id for each in listing.members):
                result.add(above)
        return result

    def _losing(self, sequences: Iterable[SequencePlan]) -> set[str]:
        result = set(self.going_ids)
        if not self._about.options.targets:
            result |= self._about.owing & self._found.observed.listings.keys()
        for sequence in sequences:
            id_ = self._found.id_of(sequence.parent)
            rewrites = sequence.rewritten or sequence.deleted_unmanaged
            if id_ is not None and (rewrites or self._deletes_unmanaged(sequence.parent)):
                result.add(id_)
        return result

    def _deletes_unmanaged(self, parent: Address | str) -> bool:
        record = self._found.records.get(parent) if isinstance(parent, Address) else None
        return record is not None and self._policy(record) is UnmanagedMessages.DELETE

    def _count(self, record: Record) -> int:
        listing = self._found.observed.listings.get(record.object.id)
        members = listing.members if listing is not None else ()
        return sum(each.id not in self._about.managed for each in members)

    def _policy(self, record: Record) -> UnmanagedMessages:
        instance = self._found.instances.get(record.address)
        said = instance.desired if instance is not None else record.object.attributes
        name = configuration(record.object) if instance is None else instance.provider
        default = self._about.policies.get(name, Policies()).unmanaged_messages
        return UnmanagedMessages(str(said.get("unmanaged_messages") or default))


_MINDED = (UnmanagedMessages.REPORT,)


def _cost(
    changes: Sequence[PlannedChange],
    sequences: Sequence[SequencePlan],
    looks: Iterable[ReadBack],
    found: Survey,
    about: Circumstances,
    lost: _Lost,
) -> Cost:
    def configuration_of(change: PlannedChange) -> str:
        instance = found.instances.get(change.address)
        if instance is not None or change.recorded is None:
            return instance.provider if instance is not None else next(iter(about.capabilities))
        return configuration(change.recorded)

    def limits(change: PlannedChange) -> Limits:
        name = configuration_of(change)
        policies = about.policies.get(name, Policies())
        return limits_of(
            about.capabilities[name], batch_create=policies.batch_create, paced=policies.paced
        )

    def parent_of(change: PlannedChange) -> Address | None:
        above = lost.parents.get(change.address)
        return above if above in lost.going else None

    prices = Prices(
        about.capabilities,
        about.policies,
        configuration_of,
        parent_of,
        Batching(changes, found.schemas, limits),
    )
    return estimate(changes, sequences, looks, prices)


def output_changes(recorded: State, outputs: Mapping[str, OutputValue]) -> tuple[OutputChange, ...]:
    """Every output before and after, by name."""
    return tuple(
        OutputChange(name, recorded.outputs.get(name), outputs.get(name))
        for name in sorted({*recorded.outputs, *outputs})
    )
