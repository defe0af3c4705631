"""Read back: how it is seen, after single members were deleted, that they are gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from math import ceil

from reconciler.plan.model import Action, PlannedChange, ReadBack, SequencePlan
from reconciler.plan.records import configuration
from reconciler.plan.survey import Survey


def read_backs(
    changes: Iterable[PlannedChange],
    sequences: Iterable[SequencePlan],
    found: Survey,
    going: Collection[str],
) -> tuple[ReadBack, ...]:
    """One look at each parent that loses members and stays; *going* are the ids of those that go.

    What was deleted stood between two members that are known, so that a listing of what is between
    them tells; where nobody has looked, the whole parent is listed.
    """
    members: dict[str, set[str]] = {}
    providers: dict[str, str] = {}
    for each in changes:
        if each.action not in (Action.DELETE, Action.REPLACE) or each.recorded is None:
            continue
        sequence = found.schemas[each.address.type].sequence
        if sequence is not None:
            above = str(each.recorded.attributes.get(sequence.parent_argument))
            members.setdefault(above, set()).add(each.recorded.id)
            providers[above] = configuration(each.recorded)
    for sequence_plan in sequences:
        id_ = found.id_of(sequence_plan.parent)
        if id_ is not None and sequence_plan.deleted_unmanaged:
            members.setdefault(id_, set()).update(sequence_plan.deleted_unmanaged)
            record = next(each for each in found.records.values() if each.object.id == id_)
            providers[id_] = configuration(record.object)
    looks = (_read_back(id_, providers[id_], members[id_], found) for id_ in sorted(members))
    return tuple(each for each in looks if each is not None and each.parent_id not in going)


def _read_back(parent_id: str, provider: str, gone: set[str], found: Survey) -> ReadBack | None:
    listing = found.observed.listings.get(parent_id)
    if listing is None:
        return ReadBack(parent_id, provider)
    ids = [each.id for each in listing.members]
    places = [at for at, id_ in enumerate(ids) if id_ in gone]
    if not places:
        return None
    before = [id_ for id_ in ids[: places[0]] if id_ not in gone]
    between = [id_ for id_ in ids[places[0] : places[-1]] if id_ not in gone]
    return ReadBack(parent_id, provider, before[-1] if before else None, len(between))


def pages(each: ReadBack, page_limit: int) -> int:
    """How many calls it takes: as many as show one member more than stay between those deleted."""
    return ceil(((each.between or 0) + 1) / max(page_limit, 1))
