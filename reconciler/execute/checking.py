"""Checking: read a sequence back after its appends and compare it with what was written."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.address import Address
from reconciler.errors import (
    ObjectNotFound,
    OutcomeUnknown,
    ProviderError,
    RequestRejected,
    ServiceUnavailable,
)
from reconciler.execute.context import Run
from reconciler.execute.listing import list_after, sight
from reconciler.execute.lost import append_suspect, look_twice
from reconciler.execute.oddities import note_order, note_remade
from reconciler.execute.recording import merge, sendable_of
from reconciler.frozen import replace
from reconciler.plan.model import SequencePlan
from reconciler.provider.protocol import Member, Provider
from reconciler.refresh import all_members, unlisted
from reconciler.schema import Schema
from reconciler.state.entries import AddSuspect, Drop, Entry, Intent, IntentKind, Put
from reconciler.state.model import StateObject, Suspect


async def check_sequence(
    run: Run,
    sequence: SequencePlan,
    addresses: Sequence[Address],
    parent_id: str,
    *,
    after: str | None,
) -> dict[Address, ProviderError]:
    """Compare the members behind *after* with *addresses*, which were just appended in order.

    A server that lost, changed or reordered a member is caught here: a lost one is dropped from
    state and returned as an error, a changed one is recorded as it came out, another order is
    recorded once so that it is never a reason to rewrite. No single listing is believed where it
    lacks something: the whole sequence is listed then, once more after a while, and what that lacks
    is asked for by its id.
    """
    written = [each for each in map(run.recorder.object, addresses) if each is not None]
    if not written:
        return {}
    instance = run.resolver.resolve(written[0].address)
    provider, type_ = run.provider(instance.provider), sequence.member_type
    ids = {each.id for each in written}

    async def look() -> tuple[list[Member], list[StateObject]]:
        members = await _list_behind(provider, type_, parent_id, after, len(written))
        if ids <= {each.id for each in members}:
            return members, written
        recorded = map(run.recorder.object, sequence.order)
        members = await all_members(provider, type_, parent_id)
        return members, [each for each in recorded if each is not None]

    members, expected = await look_twice(
        run, instance.provider, look, lambda seen: ids <= {each.id for each in seen[0]}
    )
    listed = {member.id: index for index, member in reversed(list(enumerate(members)))}
    hidden = [each for each in written if each.id not in listed]
    shown = await unlisted(provider, type_, hidden)
    run.oddities.hidden.update({each.address: None for each in hidden if each.id in shown})
    missing = [each for each in hidden if each.id not in shown]
    entries, lost = _explain(run, missing, members[listed.get(after or "", -1) + 1 :], after)
    for object_ in written:
        if object_.id in listed:
            entries.extend(_changed(run, object_, members[listed[object_.id]]))
    places = [listed[each.id] for each in expected if each.id in listed]
    entries.extend(note_order(run, parent_id, places))
    if entries:
        await run.recorder.record(*entries)
    for each in missing:
        if (found := run.recorder.object(each.address)) is not None:
            run.resolver.settle(each.address, found.attributes)
    if members:
        run.tails[parent_id] = members[-1].id
    return lost


async def _list_behind(
    provider: Provider, type_: str, parent_id: str, after: str | None, most: int
) -> list[Member]:
    """The members behind *after*; none where a late listing does not know that one yet."""
    try:
        return await list_after(provider, type_, parent_id, after=after, most=most)
    except ServiceUnavailable as error:
        if not isinstance(error.__cause__, ObjectNotFound):
            raise
        return []


def _explain(
    run: Run, missing: Sequence[StateObject], members: Sequence[Member], after: str | None
) -> tuple[list[Entry], dict[Address, ProviderError]]:
    """What the server does not have under the id it answered: it may stand there under another.

    What is found so is recorded; where something stands that nobody can explain, the rest is a
    suspect, and lost otherwise.
    """
    if not missing:
        return [], {}
    schema = run.resolver.resolve(missing[0].address).schema
    known = run.recorder.known_ids()
    fresh = [each for each in members if each.id not in known]
    seen = sight(schema, [sendable_of(schema, each.arguments) for each in missing], fresh)
    entries: list[Entry] = []
    lost: list[StateObject] = []
    for object_, member in zip(missing, seen.found, strict=True):
        if member is None:
            lost.append(object_)
            entries.append(Drop(object_.address))
            continue
        run.warnings.append(
            f"The server answered that it had created {object_.address} as {object_.id}, which it "
            f"does not have: it stands there as {member.id}, and that is recorded."
        )
        attributes, sent = merge(schema, object_.arguments, member.attributes)
        entries.append(Put(replace(object_, attributes=attributes, sent=sent)))
    if not lost or not seen.unexplained:
        return entries, {each.address: _lost(each) for each in lost}
    error = OutcomeUnknown(
        f"The server answered that it had created {', '.join(str(each.address) for each in lost)}; "
        "a complete listing does not have it and shows messages that nobody knows."
    )
    drafts = [replace(each, attributes={**each.arguments, "id": None}, sent={}) for each in lost]
    entries.append(AddSuspect(_suspect(run, schema, drafts, after, error.message)))
    return entries, {each.address: error for each in lost}


def _suspect(
    run: Run, schema: Schema, drafts: Sequence[StateObject], after: str | None, seen: str
) -> Suspect:
    assert schema.sequence is not None, "only members are read back"
    first = drafts[0]
    intent = Intent(
        run.recorder.next_seq(),
        IntentKind.APPEND,
        first.address,
        run.now(),
        members=tuple(each.address for each in drafts),
        parent_id=str(first.attributes[schema.sequence.parent_argument]),
        after_id=after,
        objects=tuple(drafts),
    )
    return append_suspect(intent, schema, seen)


def _lost(object_: StateObject) -> RequestRejected:
    return RequestRejected(
        f"The server said it had created {object_.address} as {object_.id}, "
        "but a complete listing does not have it.",
        hint="run apply again; the message is created anew",
    )


def _changed(run: Run, object_: StateObject, member: Member) -> list[Entry]:
    schema = run.resolver.resolve(object_.address).schema
    # What was sent, not what the spec says now: ignore_changes makes these two things.
    attributes, sent = merge(schema, object_.arguments, member.attributes)
    changed = [name for name in sent if name not in object_.sent]
    if not changed:
        return []
    found = replace(object_, attributes=attributes, sent=sent)
    note_remade(run, [found])
    return [Put(found)]
