"""Checking: read a sequence back after its appends and compare it with what was written."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.address import Address
from reconciler.errors import RequestRejected
from reconciler.execute.context import Run
from reconciler.execute.listing import list_after
from reconciler.execute.oddities import note_order, note_remade
from reconciler.execute.recording import merge
from reconciler.frozen import replace
from reconciler.plan.model import SequencePlan
from reconciler.provider.protocol import Member
from reconciler.refresh import all_members, unlisted
from reconciler.state.entries import Drop, Entry, Put
from reconciler.state.model import StateObject


async def check_sequence(
    run: Run,
    sequence: SequencePlan,
    addresses: Sequence[Address],
    parent_id: str,
    *,
    after: str | None,
) -> dict[Address, RequestRejected]:
    """Compare the members behind *after* with *addresses*, which were just appended in order.

    A server that lost, changed or reordered a member is caught here: a lost one is dropped from
    state and returned as an error, a changed one is recorded as it came out, another order is
    recorded once so that it is never a reason to rewrite. No single listing is believed where it
    lacks something: the whole sequence is listed then, and what that lacks is asked for by its id.
    """
    written = [each for each in map(run.recorder.object, addresses) if each is not None]
    if not written:
        return {}
    provider = run.provider(run.resolver.resolve(written[0].address).provider)
    type_ = sequence.member_type
    members = await list_after(provider, type_, parent_id, after=after, most=len(written))
    expected = written
    if not {each.id for each in written} <= {each.id for each in members}:
        members = await all_members(provider, type_, parent_id)
        recorded = map(run.recorder.object, sequence.order)
        expected = [each for each in recorded if each is not None]
    listed = {member.id: index for index, member in reversed(list(enumerate(members)))}
    hidden = [each for each in written if each.id not in listed]
    shown = await unlisted(provider, type_, hidden)
    lost = {each.address: _lost(each) for each in hidden if each.id not in shown}
    run.oddities.hidden.update({each.address: None for each in hidden if each.id in shown})
    entries: list[Entry] = [Drop(address) for address in lost]
    for object_ in written:
        if object_.id in listed:
            entries.extend(_changed(run, object_, members[listed[object_.id]]))
    places = [listed[each.id] for each in expected if each.id in listed]
    entries.extend(note_order(run, parent_id, places))
    if entries:
        await run.recorder.record(*entries)
    if members:
        run.tails[parent_id] = members[-1].id
    return lost


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
