"""Faithful: nothing is sent that is not what was planned, and nothing to what has moved on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from reconciler.address import Address
from reconciler.diagnostics import Severity, diagnostic
from reconciler.diff import same, with_ignored
from reconciler.errors import ObjectNotFound, SpecError, StalePlan
from reconciler.execute.context import Run
from reconciler.execute.listing import list_after
from reconciler.expand import Instance
from reconciler.frozen import replace
from reconciler.language.values import Unknown, contains_unknown
from reconciler.plan.model import Plan, PlannedChange
from reconciler.provider.protocol import Provider
from reconciler.schema import Value
from reconciler.state.model import StateObject


def resolve(run: Run, change: PlannedChange, *, rides_along: bool = False) -> Instance:
    """The instance with everything known, and no known value unlike the plan's.

    A member that *rides_along* is created in the same call as its parent, whose id nobody knows.

    Raises:
        SpecError: evaluating it failed, or something about it is not known even now.
        StalePlan: something the spec reads has changed since the plan was made.
    """
    instance = _with_kept(run.resolver.resolve(change.address), change)
    _refuse_unlike(instance, change)
    _refuse_unknown(instance, rides_along=rides_along)
    return instance


def refuse_forged(
    plan: Plan,
    objects: Mapping[Address, StateObject],
    instance_of: Callable[[Address], Instance | None],
) -> None:
    """Refuse a plan that says of the specs or the state what they do not say themselves.

    Raises:
        StalePlan: it was made from something else, or somebody has edited it.
    """
    for change in plan.changes:
        recorded = objects.get(change.moved_from or change.address)
        if (
            change.recorded is not None
            and change.deposed is None
            and change.import_id is None
            and (recorded is None or recorded.id != change.recorded.id)
        ):
            raise StalePlan(f"Saved plan is not of this state: {change.address} is another object.")
        if change.after is None:
            continue
        instance = instance_of(change.address)
        if instance is None:
            raise StalePlan(f"Saved plan is not of these specs: they have no {change.address}.")
        _refuse_unlike(_with_kept(instance, change), change)


def _refuse_unlike(instance: Instance, change: PlannedChange) -> None:
    for name, value in instance.desired.items():
        planned = (change.after or {}).get(name)
        if value is None or planned is None or _is_as_sent(change, name, value):
            continue
        if not _is_kept(planned, value):
            raise StalePlan(
                f'The value of "{name}" for {change.address} is not the one that was planned: '
                "something that the specs read has changed since.",
                hint="plan again",
            )


def _refuse_unknown(instance: Instance, *, rides_along: bool) -> None:
    """Refuse to send or record what is not known, whatever the reason."""
    sequence = instance.schema.sequence
    left_out = sequence.parent_argument if rides_along and sequence is not None else None
    found = tuple(
        diagnostic(
            Severity.ERROR,
            "Value not known during apply",
            f'The value of "{name}" is not known although everything it refers to is done. Nothing '
            "was sent.",
            place=instance.argument_places.get(name, instance.place),
            address=str(instance.address),
        )
        for name, value in instance.desired.items()
        if name != left_out and contains_unknown(value)
    )
    if found:
        raise SpecError(found)


def _is_as_sent(change: PlannedChange, name: str, value: Value) -> bool:
    """Whether the object was sent with *value* already, and the plan shows what came back of it."""
    recorded, planned = change.recorded, change.after
    if recorded is None or planned is None or name not in recorded.sent:
        return False
    return same(recorded.sent[name], value) and same(recorded.attributes[name], planned.get(name))


def _with_kept(instance: Instance, change: PlannedChange) -> Instance:
    """The instance with what `ignore_changes` covers as planned, which is as recorded."""
    ignored = instance.lifecycle.ignore_changes
    if not ignored or change.recorded is None or change.after is None:
        return instance
    return replace(instance, desired=with_ignored(instance.desired, change.after, ignored))


def _is_kept(planned: Value, value: Value) -> bool:
    """Whether *value* is *planned*, with anything in place of what was unknown."""
    queue = [(planned, value)]
    while queue:
        before, after = queue.pop()
        if isinstance(before, Unknown) or isinstance(after, Unknown):
            continue
        if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
            queue.extend((before[key], after[key]) for key in before)
        elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
            queue.extend(zip(before, after, strict=True))
        elif before != after:
            return False
    return True


async def check_not_moved_on(
    run: Run, configuration: str, member_type: str, parent_id: str, address: Address
) -> None:
    """Make sure that nobody has appended to a parent since the plan was made.

    The parent is looked at once, before anything happens to it; whoever comes meanwhile waits for
    the answer, and it holds for the whole run.

    Raises:
        StalePlan: there are members that the plan has not seen.
    """
    if parent_id in run.last_seen:
        async with run.looking.setdefault(parent_id, asyncio.Lock()):
            provider, last_id = run.provider(configuration), run.last_seen.get(parent_id)
            if last_id is not None and await _has_grown(provider, member_type, parent_id, last_id):
                run.moved_on.add(parent_id)
            run.last_seen.pop(parent_id, None)
    if parent_id in run.moved_on:
        raise StalePlan(
            f"{address} has moved on: a message was added to {parent_id} after the plan was made. "
            "Nothing of it is deleted or rewritten.",
            hint="plan again",
        )


async def _has_grown(provider: Provider, member_type: str, parent_id: str, last_id: str) -> bool:
    try:
        fresh = await list_after(provider, member_type, parent_id, after=last_id or None, most=1)
    except ObjectNotFound:
        return False
    return bool(fresh)
