"""Carried: what became of the members that went along in a creating call."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from reconciler.errors import (
    ObjectNotFound,
    OutcomeUnknown,
    ProviderError,
    ServiceUnavailable,
)
from reconciler.execute.appending import (
    Made,
    append_in_runs,
    put,
    record_members,
)
from reconciler.execute.changing import delete
from reconciler.execute.context import Run
from reconciler.execute.faithful import resolve
from reconciler.execute.listing import (
    is_unexplained,
    list_after,
    match_by_position,
)
from reconciler.execute.lost import (
    append_suspect,
    look_twice,
)
from reconciler.execute.oddities import note_order
from reconciler.execute.recording import sendable, state_object
from reconciler.expand import Instance
from reconciler.frozen import replace
from reconciler.plan.model import PlannedChange
from reconciler.provider.protocol import Member
from reconciler.refresh import all_members
from reconciler.state.entries import AddSuspect, Entry, Intent


async def learn_ids(
    run: Run, intent: Intent, parent_id: str, changes: Sequence[PlannedChange]
) -> list[Made]:
    """List what a creating call carried; a failure leaves the intent open for the next run.

    No single listing is believed where it lacks something, since sending again what stands there
    would double it: the whole parent is listed then, and once more after a while.

    Raises:
        ObjectNotFound: the server does not have the parent under the id it answered.
    """
    instances = [resolve(run, each) for each in changes]
    schema, configuration = instances[0].schema, instances[0].provider
    provider = run.provider(configuration)
    sent = [sendable(each) for each in instances]

    async def look() -> tuple[list[Member], list[Member | None]]:
        members = await list_after(provider, schema.type, parent_id, after=None, most=len(sent))
        found = match_by_position(schema, sent, members)
        if None in found:
            members = await all_members(provider, schema.type, parent_id)
            found = match_by_position(schema, sent, members)
        return members, found

    try:
        members, found = await look_twice(
            run, configuration, look, lambda seen: None not in seen[1]
        )
    except ObjectNotFound:
        raise
    except ProviderError as error:
        return [Made(each, error) for each in changes]
    places = {id(each): at for at, each in enumerate(members)}
    order = note_order(run, parent_id, [places[id(each)] for each in found if each is not None])
    if order:
        await run.recorder.record(*order)
    if None in found and run.interrupted():
        # The second look may have come too early.
        stopped = ServiceUnavailable(f"{parent_id} lacks messages, and the run was interrupted")
        return [Made(each, stopped) for each in changes]
    if is_unexplained(sent, found, members):
        return await _suspect_missing(run, intent, parent_id, changes, instances, found)
    return await _adopt_found(run, intent.seq, parent_id, changes, instances, found)


async def _suspect_missing(
    run: Run,
    intent: Intent,
    parent_id: str,
    changes: Sequence[PlannedChange],
    instances: Sequence[Instance],
    found: Sequence[Member | None],
) -> list[Made]:
    """Record what was found; what the rest may stand there as, in another form, is a suspect."""
    lacking = [each for each, member in zip(changes, found, strict=True) if member is None]
    addresses = {each.address for each in lacking}
    error = OutcomeUnknown(
        f"The server answered that it had created {parent_id}; its listing lacks "
        f"{', '.join(map(str, addresses))} and shows messages that nobody knows."
    )
    objects = tuple(each for each in intent.objects if each.address in addresses)
    appended = replace(intent, parent_id=parent_id, objects=objects)
    suspect = append_suspect(appended, instances[0].schema, error.message)
    await run.recorder.record(AddSuspect(suspect))
    kept = [
        (change, instance, member.attributes)
        for change, instance, member in zip(changes, instances, found, strict=True)
        if member is not None
    ]
    made = await record_members(
        run,
        intent.seq,
        [change for change, _, _ in kept],
        [instance for _, instance, _ in kept],
        [attributes for _, _, attributes in kept],
        parent_id,
    )
    return [*made, *(Made(each, error) for each in lacking)]


async def _adopt_found(
    run: Run,
    seq: int,
    parent_id: str,
    changes: Sequence[PlannedChange],
    instances: Sequence[Instance],
    found: Sequence[Member | None],
) -> list[Made]:
    """Record the members up to the first that is missing; the rest is appended one by one.

    What stands behind the missing one already stands in the wrong place: it is replaced.
    """
    missing = next((i for i, each in enumerate(found) if each is None), len(found))
    strays = await _record_strays(run, changes[missing:], instances[missing:], found[missing:])
    made = await record_members(
        run,
        seq,
        changes[:missing],
        instances[:missing],
        [each.attributes for each in found[:missing] if each is not None],
        parent_id,
    )
    if missing < len(found):
        lacking = ", ".join(str(each.address) for each in changes[missing:])
        run.warnings.append(
            f"The server answered that it had created {parent_id}, but its listing lacks "
            f"{lacking}; sending these one by one."
        )
    if all(each.error is None for each in made):
        made.extend(await append_in_runs(run, changes[missing:], parent_id))
    if any(each.error is not None for each in made):
        return made
    for stray in strays:
        # Where that fails, it stays recorded as replaced, and the next plan deletes it.
        with suppress(ProviderError):
            await delete(run, stray)
    return made


async def _record_strays(
    run: Run,
    changes: Sequence[PlannedChange],
    instances: Sequence[Instance],
    found: Sequence[Member | None],
) -> list[PlannedChange]:
    """Record what stands in the wrong place, and say how it is deleted once it is replaced."""
    entries: list[Entry] = []
    strays: list[PlannedChange] = []
    for change, instance, member in zip(changes, instances, found, strict=True):
        if member is not None:
            entries.extend(put(run, instance, member.attributes, change))
            object_ = state_object(instance, member.attributes, change=change)
            strays.append(replace(change, recorded=object_))
    if entries:
        await run.recorder.record(*entries)
    return strays
