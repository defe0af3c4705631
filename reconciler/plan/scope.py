"""Scope: the part of a survey that `-target` leaves in."""

from __future__ import annotations

from reconciler.address import Address
from reconciler.frozen import replace
from reconciler.plan.model import PlanMode
from reconciler.plan.records import parent_id
from reconciler.plan.survey import Survey
from reconciler.plan.targets import matching, with_dependencies, with_dependents


def scope_of(
    found: Survey, targets: tuple[str, ...], mode: PlanMode, together: frozenset[Address]
) -> Survey:
    """What the plan may touch: all of it, or the targets and what they pull in.

    Creating pulls in what a target depends on, and the members before it; destroying what depends
    on it. *together* is what has to come along for another reason.

    Raises:
        UsageError: a target names nothing.
    """
    if not targets or mode is PlanMode.REFRESH_ONLY:
        return found
    known = {*found.instances, *found.records}
    named = matching(targets, known, option="-target")
    if mode is PlanMode.DESTROY:
        inside = with_dependents(named, found.records.values(), _parents(found))
    else:
        inside = _wanted(named | together, found)
    return replace(
        found,
        instances={key: each for key, each in found.instances.items() if key in inside},
        records={key: each for key, each in found.records.items() if key in inside},
        members={
            name: kept
            for name, members in found.members.items()
            if (kept := tuple(each for each in members if each.address in inside))
        },
    )


def _wanted(named: set[Address], found: Survey) -> frozenset[Address]:
    orphans = [each for each in found.orphans]
    leaving = with_dependents(
        {each.address for each in orphans if each.address in named}, orphans, _parents(found)
    )
    members = list(found.members.values())
    moving = {
        record.moved_from: address
        for address, record in found.records.items()
        if record.moved_from is not None
    }
    wanted = frozenset(named)
    while True:
        inside = with_dependencies(wanted, found.instances, members)
        # What stands in state under an address that is taken has to leave it in the same run.
        wanted = inside | {moving[each] for each in inside if each in moving}
        if wanted == inside:
            return inside | leaving


def _parents(found: Survey) -> dict[Address, Address]:
    by_id = {each.object.id: each.address for each in found.records.values()}
    return {
        address: by_id[above]
        for address, each in found.records.items()
        if (above := parent_id(each, found.schemas[address.type])) is not None and above in by_id
    }
