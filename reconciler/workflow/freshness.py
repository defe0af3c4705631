"""Freshness: a second look at what a saved plan touches, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.address import Address
from reconciler.errors import StalePlan
from reconciler.plan.freshness import moved_on
from reconciler.plan.model import Action, Plan
from reconciler.provider.protocol import Provider
from reconciler.provider.resources import SCHEMAS
from reconciler.refresh import questions, refresh
from reconciler.state.model import State, StateObject, configuration_name

_TOUCHING = (Action.UPDATE, Action.REPLACE, Action.DELETE)


async def refuse_changed(
    plan: Plan, recorded: State, providers: Mapping[str, Provider], *, concurrency: int
) -> None:
    """Read again what *plan* would change or delete.

    A thread that has only grown is left to the run itself, which refuses just that thread.

    Raises:
        StalePlan: someone has changed an object since; the message names each.
    """
    asked = questions(
        _touched(plan, recorded),
        SCHEMAS,
        configuration=configuration_name,
        whole=lambda parent_id: False,
    )
    observed = await refresh(asked, providers, concurrency=concurrency)
    changed = [
        f"{address}: {how}"
        for address, how in moved_on(plan, observed, SCHEMAS).items()
        if isinstance(address, Address)
    ]
    if changed:
        raise StalePlan(
            f"Saved plan is stale: {'; '.join(changed)}. Nothing was changed.",
            hint="reconciler plan -out FILE makes a new one",
        )


def _touched(plan: Plan, recorded: State) -> dict[Address, StateObject]:
    """The recorded objects that the plan is about, each with the parent it stands in."""
    found: dict[Address, StateObject] = {}
    by_id = {each.id: address for address, each in recorded.objects.items()}
    for change in plan.changes:
        address = change.moved_from or change.address
        if change.action not in _TOUCHING or change.local or address not in recorded.objects:
            continue
        object_ = found[address] = recorded.objects[address]
        sequence = SCHEMAS[address.type].sequence
        above = (
            by_id.get(str(object_.attributes.get(sequence.parent_argument))) if sequence else None
        )
        if above is not None:
            found[above] = recorded.objects[above]
    return found
