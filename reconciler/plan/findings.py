"""Findings: what the refresh brought to light, for people (drift) and for state (refreshed)."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.address import Address
from reconciler.diff import drift as attribute_drift
from reconciler.diff import refreshed
from reconciler.plan.model import Drift
from reconciler.plan.records import Record, members_of, parent_id
from reconciler.plan.survey import Survey
from reconciler.refresh import Listing
from reconciler.schema import Schema
from reconciler.state.model import State, StateObject


def find_drift(found: Survey) -> tuple[Drift, ...]:
    """What someone else did to managed objects since state last saw them, by address.

    A member that is missing is told with its place among those that are recorded. Members that a
    lost parent took along are not told one by one.
    """
    places = _Places(found)
    drifted: list[Drift] = []
    for record in found.records.values():
        schema = found.schemas[record.address.type]
        if record.gone:
            if not places.is_parent_gone(record, schema):
                drifted.append(_lost(record, schema, places))
        elif _has_changed(record, schema):
            drifted.append(_changed(record, schema))
    return tuple(sorted(drifted, key=lambda each: each.address.sort_key))


def _has_changed(record: Record, schema: Schema) -> bool:
    if record.observed is None or record.import_id is not None:
        return False
    return bool(attribute_drift(schema, record.object, record.observed))


def find_refreshed(recorded: State, found: Survey) -> dict[Address, StateObject | None]:
    """What state should remember where that differs, by the address it is recorded under."""
    result: dict[Address, StateObject | None] = {}
    for address, object_ in recorded.objects.items():
        if address not in found.observed.objects:
            continue
        observed = found.observed.objects[address]
        if observed is None:
            result[address] = None
            continue
        seen = refreshed(found.schemas[address.type], object_, observed)
        if seen is not object_:
            result[address] = seen
    return result


def _lost(record: Record, schema: Schema, places: _Places) -> Drift:
    return Drift(
        record.address,
        dict(record.object.attributes),
        None,
        record.object.sensitive,
        places.of(record, schema),
    )


def _changed(record: Record, schema: Schema) -> Drift:
    assert record.observed is not None, "only what was seen has changed"
    after = refreshed(schema, record.object, record.observed).attributes
    return Drift(
        record.address, dict(record.object.attributes), dict(after), record.object.sensitive
    )


class _Places:
    """Where missing members stood: as near as the present order of the others tells."""

    def __init__(self, found: Survey) -> None:
        self._found = found
        self._gone_parents = {
            each.object.id
            for each in found.records.values()
            if each.gone and found.schemas[each.address.type].sequence is None
        }
        self._members = members_of(found.records.values(), found.schemas)
        self._ranks = {address: at for at, address in enumerate(found.instances)}
        self._orders: dict[str, dict[Address, int]] = {}

    def is_parent_gone(self, record: Record, schema: Schema) -> bool:
        """Whether a member went together with its parent."""
        return parent_id(record, schema) in self._gone_parents

    def of(self, record: Record, schema: Schema) -> tuple[int, int] | None:
        """(4, 9) for the fourth of nine recorded members; None for what is no member."""
        above = parent_id(record, schema)
        if above is None:
            return None
        if above not in self._orders:
            listing = self._found.observed.listings.get(above)
            order = _in_order(self._members[above], self._ranks, listing)
            self._orders[above] = {each.address: at for at, each in enumerate(order, 1)}
        order_of = self._orders[above]
        return order_of[record.address], len(order_of)


def _in_order(
    records: list[Record], ranks: Mapping[Address, int], listing: Listing | None
) -> list[Record]:
    """Recorded members as they stood: by desired rank, and without one by creation and place."""
    members = listing.members if listing is not None else ()
    places = {each.id: at for at, each in enumerate(members)}
    last = len(ranks)

    def key(record: Record) -> tuple[int, float, int, tuple[object, ...]]:
        created = record.object.attributes.get("created_at")
        moment = float(created) if isinstance(created, (int, float)) else 0.0
        place = places.get(record.object.id, -1)
        return ranks.get(record.address, last), moment, place, record.address.sort_key

    return sorted(records, key=key)
