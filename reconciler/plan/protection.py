"""Protection: what must not be destroyed, whatever became of its block."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.address import Address
from reconciler.diagnostics import Diagnostics
from reconciler.expand import Instance
from reconciler.plan.departures import Departure
from reconciler.plan.draft import Draft
from reconciler.plan.model import Action


def check_protection(
    drafts: Iterable[Draft],
    leaving: Iterable[Departure],
    instances: Mapping[Address, Instance],
    diagnostics: Diagnostics,
) -> None:
    """Refuse every replacement and deletion of a protected object, with the ways that end it."""
    for one in drafts:
        if one.action is Action.REPLACE and one.protected:
            _refuse(one.address, one.instance, "replaced", diagnostics)
    for each in leaving:
        if each.action is Action.DELETE and each.protected:
            _refuse(each.address, instances.get(each.address), "destroyed", diagnostics)


def _refuse(
    address: Address, instance: Instance | None, what: str, diagnostics: Diagnostics
) -> None:
    if instance is not None and instance.lifecycle.prevent_destroy:
        why = "its lifecycle has prevent_destroy = true"
        way = "Write prevent_destroy = false to allow it, or undo what asks for it."
    elif instance is not None:
        why = "state remembers it as protected"
        way = "Write lifecycle { prevent_destroy = false } to end the protection."
    else:
        why = "state remembers it as protected although its block is gone"
        way = (
            f"Put the block back, let go of the object with removed {{ from = {address.block} }},"
            " or destroy it with lifecycle { destroy = true } in that block. In an emergency,"
            f" reconciler state unprotect '{address}' ends the protection."
        )
    diagnostics.error(
        "Instance cannot be destroyed",
        f"{address} would be {what}, but {why}. {way}",
        place=instance.place if instance is not None else None,
        address=str(address),
    )


def protected_addresses(
    instances: Mapping[Address, Instance], recorded: Iterable[tuple[Address, bool]]
) -> frozenset[Address]:
    """What may not be destroyed: what the spec says, and where it says nothing, what state has."""
    found: set[Address] = set()
    for address, protected in recorded:
        instance = instances.get(address)
        wish = instance.lifecycle.prevent_destroy if instance is not None else None
        if protected if wish is None else wish:
            found.add(address)
    return frozenset(found)
