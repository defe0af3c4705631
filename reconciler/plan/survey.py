"""Survey: every desired instance beside the object it stands for, and what nothing stands for.

Addresses change in this order: `moved` blocks, `import` blocks, and then, in `pairing`, the
alignment of the members of each sequence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from reconciler.address import Address
from reconciler.diagnostics import Diagnostics
from reconciler.expand import Instance
from reconciler.frozen import frozen, replace
from reconciler.plan.moves import Import, Moved, relocate
from reconciler.plan.records import Record, gather, provider_address
from reconciler.refresh import Observed
from reconciler.schema import Attributes, Schema
from reconciler.state.model import State, StateObject


@frozen
class Survey:
    """What there is to decide about."""

    instances: Mapping[Address, Instance]
    """In order of rank."""
    records: Mapping[Address, Record]
    """What state has, by the address it has after moves."""
    schemas: Mapping[str, Schema]
    observed: Observed
    members: Mapping[Address | str, tuple[Instance, ...]] = field(default_factory=dict)
    """The desired members of each sequence in desired order, by parent."""

    @property
    def orphans(self) -> list[Record]:
        """What state has and no instance stands for."""
        return [each for address, each in self.records.items() if address not in self.instances]

    def id_of(self, parent: Address | str) -> str | None:
        """The id of a parent; None while it does not exist."""
        if isinstance(parent, str):
            return parent
        record = self.records.get(parent)
        return None if record is None or record.gone else record.object.id


def survey(
    instances: Iterable[Instance],
    recorded: State,
    observed: Observed,
    *,
    schemas: Mapping[str, Schema],
    moved: Sequence[Moved] = (),
    imports: Sequence[Import] = (),
    diagnostics: Diagnostics,
) -> Survey:
    """Find the object of every instance, as far as names tell."""
    desired = {each.address: each for each in sorted(instances, key=lambda each: each.rank)}
    records = relocate(
        gather(recorded, observed).values(), moved, desired=desired, diagnostics=diagnostics
    )
    owed = {each.id: each.address for each in recorded.deposed.values()}
    _take_in(records, imports, desired, observed, owed, diagnostics)
    desired = _with_parents(desired, records)
    return Survey(desired, records, schemas, observed, _sequences(desired))


def _with_parents(
    desired: Mapping[Address, Instance], records: Mapping[Address, Record]
) -> dict[Address, Instance]:
    """The instances, each naming its parent by the address the specs have for it, if they do.

    An id in the spec may be that of a thread that has another address by now, or none any more.
    """
    by_id = {each.object.id: address for address, each in records.items() if address in desired}
    return {
        address: _with_parent(each, desired, records, by_id) for address, each in desired.items()
    }


def _with_parent(
    instance: Instance,
    desired: Mapping[Address, Instance],
    records: Mapping[Address, Record],
    by_id: Mapping[str, Address],
) -> Instance:
    parent, sequence = instance.parent, instance.schema.sequence
    if sequence is None or parent is None:
        return instance
    own = records.get(instance.address)
    if own is not None and not own.gone and _ignores(instance, sequence.parent_argument):
        # It stays where it is, whatever the spec says of its parent.
        there = str(own.object.attributes.get(sequence.parent_argument))
        known = {**instance.desired, sequence.parent_argument: there}
        return replace(instance, parent=by_id.get(there, there), desired=known)
    id_ = instance.desired.get(sequence.parent_argument)
    if isinstance(parent, Address) and parent in desired:
        record = records.get(parent)
        if record is None or record.gone or isinstance(id_, str):
            return instance
        # The spec was expanded for a new parent; whether there will be one is decided here.
        known = {**instance.desired, sequence.parent_argument: record.object.id}
        return replace(instance, desired=known)
    name = id_ if isinstance(id_, str) else str(parent)
    found = by_id.get(name, name)
    return instance if found == parent else replace(instance, parent=found)


def _ignores(instance: Instance, argument: str) -> bool:
    ignored = instance.lifecycle.ignore_changes
    return ignored == "all" or any(path[0] == argument for path in ignored)


def _sequences(desired: Mapping[Address, Instance]) -> dict[Address | str, tuple[Instance, ...]]:
    found: dict[Address | str, list[Instance]] = {}
    for each in desired.values():
        if each.parent is not None:
            found.setdefault(each.parent, []).append(each)
    return {parent: tuple(members) for parent, members in found.items()}


def _take_in(
    records: dict[Address, Record],
    imports: Sequence[Import],
    desired: Mapping[Address, Instance],
    observed: Observed,
    owed: Mapping[str, Address],
    diagnostics: Diagnostics,
) -> None:
    """Take in what `import` blocks name; what is *owed* a deletion is not to be had."""
    managed = {each.object.id: each.address for each in records.values()}
    for one in imports:
        instance = desired.get(one.to)
        if instance is None:
            _refuse_import(one, "no block declares it; write one first", diagnostics)
            continue
        if one.to in records:
            continue
        attributes = observed.objects.get(one.to)
        if attributes is None:
            _refuse_import(one, f'the API has no object with the id "{one.id}"', diagnostics)
            continue
        holder = managed.get(str(attributes["id"]))
        if holder is not None:
            _refuse_import(one, f"{holder} manages the object already", diagnostics)
            continue
        before = owed.get(str(attributes["id"]))
        if before is not None:
            why = f"it is what {before} was before it was replaced, and waits to be deleted"
            _refuse_import(one, why, diagnostics)
            continue
        managed[str(attributes["id"])] = one.to
        records[one.to] = _imported(one, instance, attributes, observed)


def _imported(
    one: Import, instance: Instance, attributes: Attributes, observed: Observed
) -> Record:
    sequence = instance.schema.sequence
    above = attributes.get(sequence.parent_argument) if sequence is not None else None
    listing = observed.listings.get(str(above))
    object_ = StateObject(
        one.to,
        dict(attributes),
        irreproducible=listing is not None
        and any(each.id == attributes["id"] and not each.reproducible for each in listing.members),
        provider=provider_address(instance.provider),
    )
    return Record(object_, attributes, looked_for=True, import_id=one.id)


def _refuse_import(one: Import, why: str, diagnostics: Diagnostics) -> None:
    diagnostics.error(
        "Import not possible",
        f'"{one.id}" cannot be imported as {one.to}: {why}.',
        place=one.place,
        address=str(one.to),
    )
