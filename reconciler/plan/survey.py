"""Survey: every desired instance beside the object it stands for, and what nothing stands for.

Addresses change in this order: `moved` blocks, `import` blocks, and then the alignment of the
members of each sequence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from reconciler.address import Address
from reconciler.diagnostics import Diagnostics
from reconciler.diff import same
from reconciler.expand import Instance
from reconciler.frozen import frozen, replace
from reconciler.language.values import contains_unknown
from reconciler.plan.alignment import Standing, Wanted, align
from reconciler.plan.moves import Import, Moved, relocate
from reconciler.plan.records import Record, gather, parent_id, provider_address
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
    replaced: frozenset[Address] = frozenset(),
    diagnostics: Diagnostics,
) -> Survey:
    """Find the object of every instance; *replaced* are to be created anew by request."""
    desired = {each.address: each for each in sorted(instances, key=lambda each: each.rank)}
    records = relocate(
        gather(recorded, observed).values(), moved, desired=desired, diagnostics=diagnostics
    )
    _take_in(records, imports, desired, observed, diagnostics)
    desired = _with_parents(desired, records)
    found = Survey(desired, records, schemas, observed, _sequences(desired))
    aligned = _align(found, replaced)
    return found if aligned is None else replace(found, records=aligned)


def _with_parents(
    desired: Mapping[Address, Instance], records: Mapping[Address, Record]
) -> dict[Address, Instance]:
    """The instances, each naming its parent by the address the specs have for it, if they do.

    An id in the spec may be that of a thread that has another address by now, or none any more.
    """
    by_id = {each.object.id: address for address, each in records.items() if address in desired}
    return {address: _with_parent(each, desired, by_id) for address, each in desired.items()}


def _with_parent(
    instance: Instance, desired: Mapping[Address, Instance], by_id: Mapping[str, Address]
) -> Instance:
    parent, sequence = instance.parent, instance.schema.sequence
    if sequence is None or parent is None or (isinstance(parent, Address) and parent in desired):
        return instance
    id_ = instance.desired.get(sequence.parent_argument)
    name = id_ if isinstance(id_, str) else str(parent)
    found = by_id.get(name, name)
    return instance if found == parent else replace(instance, parent=found)


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
    diagnostics: Diagnostics,
) -> None:
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
        managed[str(attributes["id"])] = one.to
        records[one.to] = _imported(one, instance, attributes)


def _imported(one: Import, instance: Instance, attributes: Attributes) -> Record:
    object_ = StateObject(one.to, dict(attributes), provider=provider_address(instance.provider))
    return Record(object_, attributes, looked_for=True, import_id=one.id)


def _refuse_import(one: Import, why: str, diagnostics: Diagnostics) -> None:
    diagnostics.error(
        "Import not possible",
        f'"{one.id}" cannot be imported as {one.to}: {why}.',
        place=one.place,
        address=str(one.to),
    )


def _align(found: Survey, replaced: frozenset[Address]) -> dict[Address, Record] | None:
    """Records under their aligned addresses; None where nothing moves."""
    targets: dict[Address, Address] = {}
    standing = _standing_by_parent(found)
    for parent, members in found.members.items():
        id_ = found.id_of(parent)
        if id_ is None or parent in replaced or id_ not in standing:
            continue
        records = standing[id_]
        if _is_aligned(found, id_, members, records):
            continue
        wanted = [_wanted(each, each.address in replaced) for each in members]
        targets.update(align(wanted, _standing(found, id_, members, records)))
    if not targets:
        return None
    return _at_targets(found, targets)


def _is_aligned(
    found: Survey, id_: str, members: Sequence[Instance], records: Sequence[Record]
) -> bool:
    """Whether the objects of the `count` blocks are plainly the desired ones, in order."""
    wanted = [each for each in members if isinstance(each.address.key, int)]
    if not wanted:
        return True
    blocks = {each.address.block for each in wanted}
    own = {each.address: each for each in records if each.address.block in blocks}
    if own.keys() != {each.address for each in wanted}:
        return False
    ids = [own[each.address].object.id for each in wanted]
    listing = found.observed.listings.get(id_)
    if listing is not None:
        seen = set(ids)
        if ids != [each.id for each in listing.members if each.id in seen]:
            return False
    return all(_is_plainly_same(each, own[each.address].object) for each in wanted)


def _is_plainly_same(instance: Instance, object_: StateObject) -> bool:
    sequence, recorded = instance.schema.sequence, object_.arguments
    assert sequence is not None, "only members of a sequence are aligned"
    names = {*sequence.identity, *(name for group in instance.schema.exclusive for name in group)}
    return not object_.tainted and all(
        same(instance.desired.get(name), recorded.get(name)) for name in names
    )


def _standing_by_parent(found: Survey) -> dict[str, list[Record]]:
    result: dict[str, list[Record]] = {}
    for each in found.records.values():
        above = parent_id(each, found.schemas[each.address.type])
        if above is not None and not each.gone:
            result.setdefault(above, []).append(each)
    return result


def _wanted(instance: Instance, replaced: bool) -> Wanted:
    if _ignores_identity(instance):
        return Wanted(instance.address, None, fixed=True)
    if replaced:
        return Wanted(instance.address, None)
    text, metadata = _identity(instance.schema, instance.desired)
    return Wanted(instance.address, text, metadata)


def _ignores_identity(instance: Instance) -> bool:
    ignored = instance.lifecycle.ignore_changes
    if ignored == "all":
        return True
    sequence = instance.schema.sequence
    names = {*(sequence.identity if sequence else ()), *sum(instance.schema.exclusive, ())}
    return any(path[0] in names for path in ignored)


def _identity(schema: Schema, attributes: Attributes) -> tuple[str | None, str]:
    assert schema.sequence is not None, "only members of a sequence are aligned"
    canonical = schema.canonical(attributes)
    identity = [canonical.get(name) for name in schema.sequence.identity]
    rest = {
        name: canonical.get(name)
        for name in schema.arguments
        if name not in schema.sequence.identity and name != schema.sequence.parent_argument
    }
    text = None if contains_unknown(identity) else _text(identity)
    return text, "" if contains_unknown(rest) else _text(rest)


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)


def _standing(
    found: Survey, id_: str, members: Sequence[Instance], records: Sequence[Record]
) -> list[Standing]:
    listing = found.observed.listings.get(id_)
    if listing is not None:
        seen = {each.id: at for at, each in reversed(list(enumerate(listing.members)))}
        places = {each.address: seen.get(each.object.id, -1) for each in records}
    else:
        places = _places_as_written(members, records)
    return [
        _stand(each, found.schemas[each.address.type], places[each.address]) for each in records
    ]


def _places_as_written(
    members: Sequence[Instance], records: Sequence[Record]
) -> dict[Address, int]:
    """Where members stand if the order of the spec is that of the last apply."""
    rank = {each.address: at for at, each in enumerate(members)}
    first: dict[Address, int] = {}
    for each in members:
        first.setdefault(each.address.block, rank[each.address])

    def place(record: Record) -> tuple[int, int]:
        block = record.address.block
        if isinstance(record.address.key, int) and block in first:
            return first[block], record.address.key
        return rank.get(record.address, len(rank)), 0

    ordered = sorted(records, key=lambda each: (place(each), each.address.sort_key))
    return {each.address: at for at, each in enumerate(ordered)}


def _stand(record: Record, schema: Schema, position: int) -> Standing:
    text, metadata = _identity(schema, record.object.arguments)
    matchable = not record.object.tainted and position >= 0
    return Standing(record.address, text if matchable else None, metadata, position)


def _at_targets(found: Survey, targets: Mapping[Address, Address]) -> dict[Address, Record]:
    records = dict(found.records)
    moving = {address: records.pop(address) for address in targets}
    losers: list[Record] = []
    for address, target in targets.items():
        record = moving[address]
        occupant = records.get(target)
        if occupant is None:
            records[target] = record.at(target)
        elif occupant.gone:
            records[target] = record.at(target)
            losers.append(occupant)
        else:
            losers.append(record)
    for each in losers:
        target = _beyond(each.address, records, found.instances)
        records[target] = each.at(target)
    return records


def _beyond(
    address: Address, records: Mapping[Address, Record], desired: Mapping[Address, Instance]
) -> Address:
    block = address.block
    used = [
        each.key
        for each in (*records, *desired)
        if each.block == block and isinstance(each.key, int)
    ]
    return address.instance(max(used, default=-1) + 1)
