"""Pairing: the members of each sequence beside their objects, `count` blocks aligned."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from reconciler.address import Address
from reconciler.diff import is_vacant, same, with_ignored
from reconciler.expand import Instance
from reconciler.frozen import replace
from reconciler.language.values import contains_unknown
from reconciler.plan.alignment import Standing, Wanted, align
from reconciler.plan.options import OnReorder, Policies, treatment
from reconciler.plan.places import recorded_order
from reconciler.plan.records import Record, parent_id
from reconciler.plan.survey import Survey
from reconciler.refresh import Listing
from reconciler.schema import Attributes, Schema, Value
from reconciler.state.model import StateObject


def aligned(
    found: Survey,
    *,
    policies: Mapping[str, Policies],
    replaced: frozenset[Address],
    unordered: frozenset[str],
) -> Survey:
    """The same survey with every record under the address of the instance that it is.

    *replaced* are to be created anew by request, *unordered* the parents whose server keeps no
    order. Where order does not matter, members that are what they should be trade nothing for it.
    """
    targets: dict[Address, Address] = {}
    standing = _standing_by_parent(found)
    for parent, members in found.members.items():
        id_ = found.id_of(parent)
        if id_ is None or parent in replaced or id_ not in standing:
            continue
        records = standing[id_]
        listing = _listing(found, parent, id_, policies)
        if _is_aligned(members, records, None if id_ in unordered else listing):
            continue
        wanted = [
            _wanted(each, found.records.get(each.address), each.address in replaced)
            for each in members
        ]
        targets.update(align(wanted, _standing(found, listing, members, records)))
    return replace(found, records=_at_targets(found, targets)) if targets else found


def _listing(
    found: Survey, parent: Address | str, id_: str, policies: Mapping[str, Policies]
) -> Listing | None:
    """Where members stand; None if nobody looked, or nobody minds."""
    if isinstance(parent, Address):
        instance = found.instances[parent]
        on_reorder, _ = treatment(instance.desired, policies.get(instance.provider, Policies()))
        if on_reorder is OnReorder.APPEND:
            return None
    return found.observed.listings.get(id_)


def _is_aligned(
    members: Sequence[Instance], records: Sequence[Record], listing: Listing | None
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
    if listing is not None:
        seen = set(ids)
        if ids != [each.id for each in listing.members if each.id in seen]:
            return False
    return all(_is_plainly_same(each, own[each.address].object) for each in wanted)


def _is_plainly_same(instance: Instance, object_: StateObject) -> bool:
    sequence, recorded = instance.schema.sequence, object_.arguments
    assert sequence is not None, "only members of a sequence are aligned"
    names = {*sequence.identity, *(name for group in instance.schema.exclusive for name in group)}
    # What is ignored is as it is.
    ignored = instance.lifecycle.ignore_changes
    names -= names if ignored == "all" else {str(path[0]) for path in ignored}
    return not object_.tainted and all(
        _is_same(instance.desired.get(name), recorded.get(name)) for name in names
    )


def _is_same(desired: Value, recorded: Value) -> bool:
    return same(desired, recorded) or (is_vacant(desired) and is_vacant(recorded))


def _standing_by_parent(found: Survey) -> dict[str, list[Record]]:
    result: dict[str, list[Record]] = {}
    for each in found.records.values():
        above = parent_id(each, found.schemas[each.address.type])
        if above is not None and not each.gone:
            result.setdefault(above, []).append(each)
    return result


def _wanted(instance: Instance, record: Record | None, replaced: bool) -> Wanted:
    fixed = _ignores_identity(instance)
    if replaced:
        return Wanted(instance.address, None, fixed=fixed)
    desired: Attributes = instance.desired
    if fixed and record is not None:
        # What is ignored is as it is, so the object may stay where it stands.
        desired = with_ignored(desired, record.object.arguments, instance.lifecycle.ignore_changes)
    text, metadata = _identity(instance.schema, desired)
    return Wanted(instance.address, text, metadata, fixed)


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
    found: Survey,
    listing: Listing | None,
    members: Sequence[Instance],
    records: Sequence[Record],
) -> list[Standing]:
    if listing is not None:
        seen = {each.id: at for at, each in reversed(list(enumerate(listing.members)))}
        places = {each.address: seen.get(each.object.id, -1) for each in records}
    else:
        places = _places_as_recorded(records) or _places_as_written(members, records)
    return [
        _stand(each, found.schemas[each.address.type], places[each.address]) for each in records
    ]


def _places_as_recorded(records: Sequence[Record]) -> dict[Address, int]:
    """Where members stood after the last apply; nothing where that is not known."""
    known = {str(each.moved_from or each.address): each for each in records}
    order = recorded_order({name: each.object.behind for name, each in known.items()})
    return {known[name].address: at for at, name in enumerate(order or ())}


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
        if occupant is not None:
            # It is gone, or stands in another parent than the instance at this address wants.
            losers.append(occupant)
        records[target] = record.at(target)
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
