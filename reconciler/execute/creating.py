"""Creating: bring a parent and its first members into being."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.errors import (
    CredentialsRejected,
    ObjectNotFound,
    ProviderError,
    RequestRejected,
    ServiceUnavailable,
)
from reconciler.execute.appending import (
    Made,
    append_in_runs,
    blamed_member,
    put,
    settle,
)
from reconciler.execute.carried import learn_ids
from reconciler.execute.context import Run, Unseen
from reconciler.execute.faithful import resolve
from reconciler.execute.intending import intend_create
from reconciler.execute.lost import (
    create_suspect,
    may_have_happened,
)
from reconciler.execute.oddities import note_remade
from reconciler.execute.recording import sendable
from reconciler.execute.taken import claim
from reconciler.execute.unseen import confirm, take_back
from reconciler.expand import Instance
from reconciler.plan.model import PlannedChange
from reconciler.schema import Attributes
from reconciler.state.entries import AddSuspect, Entry, Intent, Put, Resolve


async def create_parent(
    run: Run, change: PlannedChange, members: Sequence[PlannedChange], *, is_alone: bool = False
) -> list[Made]:
    """Create an object with its first members in one call, and learn their ids from a listing.

    One that *is_alone*, which nothing is appended to later, is read by its id instead. If the call
    is refused because of one of the members, that one has failed, the parent is created with those
    before it, and those behind it are left to be appended by nobody. If it is refused for another
    reason, the server may not take members along: they are appended then.
    """
    instance = resolve(run, change)
    carried = list(members)
    behind: list[PlannedChange] = []
    refused: list[Made] = []
    while True:
        # The intent waits for its turn as well: what is journalled and was never sent would
        # otherwise be a suspect after a crash.
        async with run.turns[instance.provider].turn():
            if run.interrupted():
                raise ServiceUnavailable(f"{change.address} was not sent: the run was interrupted")
            intent, returned, blamed = await _try_create(run, instance, change, carried)
        if returned is not None:
            break
        if blamed is None:
            carried, behind = [], carried
        else:
            refused = [blamed]
            carried = carried[: carried.index(blamed.change)]
    parent_id = str(returned["id"])
    await claim(run, intent, instance, parent_id)
    replaced = run.recorder.object(change.address)
    entries = put(run, instance, returned, change)
    note_remade(run, [each.object for each in entries if isinstance(each, Put)])
    if not carried:
        entries.append(Resolve(intent.seq))
    await run.recorder.record(*entries)
    error = settle(run, change, returned)
    run.tails[parent_id] = None
    run.unseen[parent_id] = Unseen(intent, instance, replaced)
    found: list[Made] = []
    if carried:
        try:
            found = await learn_ids(run, intent, parent_id, carried)
        except ObjectNotFound as missing:
            raise await take_back(run, parent_id) from missing
        run.unseen.pop(parent_id, None)
    elif not behind and (is_alone or refused):
        await confirm(run, parent_id)
    if behind and error is None:
        limit = run.provider(instance.provider).capabilities.append_limit
        found = await append_in_runs(run, behind, parent_id, at_once=max(limit, 1))
        if all(each.error is None for each in found):
            run.oddities.empty[parent_id] = None
    return [Made(change, error, parent_id), *found, *refused]


async def _try_create(
    run: Run, instance: Instance, change: PlannedChange, carried: Sequence[PlannedChange]
) -> tuple[Intent, Attributes | None, Made | None]:
    """Send the creating call once; a refusal because of a member names that member, and one that
    may be about members at all names nothing."""
    sent = [resolve(run, each, rides_along=True) for each in carried]
    intent = await intend_create(run, instance, change, carried, sent)
    provider = run.provider(instance.provider)
    try:
        returned = await provider.create(
            instance.schema.type, sendable(instance), [sendable(each) for each in sent]
        )
    except RequestRejected as error:
        run.turns[instance.provider].answered()
        await run.recorder.record(Resolve(intent.seq))
        if not carried or isinstance(error, CredentialsRejected):
            raise
        blamed = blamed_member(error, len(carried))
        return intent, None, None if blamed is None else Made(carried[blamed], error)
    except ProviderError as error:
        entries: list[Entry] = [Resolve(intent.seq)]
        if may_have_happened(error):
            run.turns[instance.provider].lost()
            entries.append(AddSuspect(create_suspect(intent, instance.schema, error.message)))
        await run.recorder.record(*entries)
        raise
    run.turns[instance.provider].answered()
    return intent, returned, None
