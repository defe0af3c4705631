"""Freshness: whether what a plan would change or delete is still as the plan saw it."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.address import Address
from reconciler.diff import drift
from reconciler.plan.model import Action, Plan, PlannedChange
from reconciler.refresh import Observed
from reconciler.schema import Schema
from reconciler.state.model import StateObject

_TOUCHING = (Action.UPDATE, Action.REPLACE, Action.DELETE)


def moved_on(
    plan: Plan, observed: Observed, schemas: Mapping[str, Schema]
) -> dict[Address | str, str]:
    """What the plan touches and has moved on since, each with a clause that says how.

    Objects by their address in the plan, parents that lose members by their id. *observed* is by
    recorded address; what it does not show is taken to be as it was. That an object to be deleted
    is gone already is no reason to stop.
    """
    found: dict[Address | str, str] = {}
    for change in plan.changes:
        how = _how_changed(change, observed, schemas)
        if how is not None:
            found[change.address] = how
    for id_, last in plan.last_seen.items():
        listing = observed.listings.get(id_)
        if listing is None or not listing.complete:
            continue
        now = listing.members[-1].id if listing.members else ""
        if now != last:
            found[id_] = f"its last message was {last or 'none'} and is {now or 'none'} now"
    return found


def _how_changed(
    change: PlannedChange, observed: Observed, schemas: Mapping[str, Schema]
) -> str | None:
    address = change.moved_from or change.address
    if change.action not in _TOUCHING or change.before is None or change.deposed is not None:
        return None
    if address not in observed.objects:
        return None
    seen = observed.objects[address]
    if seen is None:
        return None if change.action is Action.DELETE else "it is gone"
    changed = drift(schemas[address.type], StateObject(address, change.before), seen)
    if not changed:
        return None
    names = ", ".join(sorted({str(each.path[0]) for each in changed}))
    return f"someone changed its {names}"
