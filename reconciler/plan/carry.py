"""Carry: what the dialect behind each instance cannot hold, told at file:line before any call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.address import Address
from reconciler.diagnostics import Diagnostics
from reconciler.diff import is_vacant
from reconciler.expand import Instance
from reconciler.plan.model import Action, PlannedChange
from reconciler.plan.records import configuration
from reconciler.provider.protocol import Capabilities, Carry


def check_carry(
    instances: Iterable[Instance],
    capabilities: Mapping[str, Capabilities],
    diagnostics: Diagnostics,
) -> None:
    """Refuse what a dialect refuses; warn once per argument of what will live in state only."""
    kept: dict[tuple[str, str, str], list[Instance]] = {}
    for each in instances:
        dialect = capabilities[each.provider]
        for (type_, name), carry in dialect.carry.items():
            if type_ != each.schema.type or is_vacant(each.desired.get(name)):
                continue
            if carry is Carry.REFUSED:
                _refuse(each, name, dialect, diagnostics)
            elif carry is Carry.STATE_ONLY:
                kept.setdefault((dialect.dialect, type_, name), []).append(each)
        _check_role(each, dialect, diagnostics)
    for (dialect_name, type_, name), users in kept.items():
        _warn(dialect_name, type_, name, users, diagnostics)


def _refuse(instance: Instance, name: str, dialect: Capabilities, diagnostics: Diagnostics) -> None:
    diagnostics.error(
        "Argument not supported here",
        f"The dialect {dialect.dialect} cannot carry {name} of {instance.schema.type}. Leave it"
        " out, or use a provider configuration with another dialect.",
        place=instance.argument_places.get(name, instance.place),
        address=str(instance.address),
    )


def _warn(
    dialect: str, type_: str, name: str, users: list[Instance], diagnostics: Diagnostics
) -> None:
    more = f" ({len(users) - 1} more like it)" if len(users) > 1 else ""
    diagnostics.warning(
        "Kept in state only",
        f"The dialect {dialect} has no place for {name} of {type_}: it is kept in state and not"
        f" sent{more}.",
        place=users[0].argument_places.get(name, users[0].place),
        address=str(users[0].address),
    )


def _check_role(instance: Instance, dialect: Capabilities, diagnostics: Diagnostics) -> None:
    role = instance.desired.get("role")
    if isinstance(role, str) and dialect.roles and role not in dialect.roles:
        diagnostics.error(
            "Role not supported here",
            f'The dialect {dialect.dialect} does not know the role "{role}"; it knows'
            f" {', '.join(dialect.roles)}.",
            place=instance.argument_places.get("role", instance.place),
            address=str(instance.address),
        )


def check_deletions(
    changes: Iterable[PlannedChange],
    providers: Mapping[Address, str],
    parents: Mapping[Address, Address],
    member_types: frozenset[str],
    capabilities: Mapping[str, Capabilities],
    diagnostics: Diagnostics,
) -> set[Address]:
    """Refuse to delete single members where the dialect can only delete whole parents; say which.

    *parents* names, for each member, the parent that goes in the same plan, if one does.
    """
    stuck: set[Address] = set()
    for each in changes:
        if each.action not in (Action.DELETE, Action.REPLACE) or each.recorded is None:
            continue
        if each.address.type not in member_types or each.address in parents:
            continue
        name = providers.get(each.address) or configuration(each.recorded)
        if not capabilities[name].deletes_members:
            stuck.add(each.address)
            diagnostics.error(
                "Message cannot be deleted",
                f"{each.address} would be deleted, but the dialect {capabilities[name].dialect}"
                ' cannot delete messages. Write on_reorder = "replace_thread" on the thread to'
                " create it anew, let go of the message with a removed block, or undo the edit.",
                address=str(each.address),
            )
    return stuck
