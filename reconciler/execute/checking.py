"""Checking: read a sequence back after its appends and compare it with what was written."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.address import Address
from reconciler.errors import RequestRejected
from reconciler.execute.context import Run
from reconciler.execute.listing import list_after
from reconciler.execute.recording import merge
from reconciler.frozen import replace
from reconciler.provider.protocol import Member
from reconciler.state.entries import Drop, Entry, MarkUnordered, Put
from reconciler.state.model import StateObject


async def check_sequence(
    run: Run, addresses: Sequence[Address], parent_id: str, *, after: str | None
) -> dict[Address, RequestRejected]:
    """Compare the members behind *after* with *addresses*, which were just appended in order.

    A server that lost, changed or reordered a member is caught here: a lost one is dropped from
    state and returned as an error, a changed one is recorded as it came out, another order is
    recorded once so that it is never a reason to rewrite.
    """
    written = [each for each in map(run.recorder.object, addresses) if each is not None]
    if not written:
        return {}
    provider = run.provider(run.resolver.resolve(written[0].address).provider)
    members = await list_after(provider, written[0].address.type, parent_id, after=after)
    listed = {member.id: index for index, member in enumerate(members)}
    lost = {each.address: _lost(each) for each in written if each.id not in listed}
    entries: list[Entry] = [Drop(address) for address in lost]
    standing = [each for each in written if each.id in listed]
    for object_ in standing:
        entries.extend(_changed(run, object_, members[listed[object_.id]]))
    entries.extend(_order(run, parent_id, [listed[each.id] for each in standing]))
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
    run.warnings.append(
        f"The server changed {', '.join(sorted(changed))} of {object_.address} on its own; "
        "what it made of it is recorded and is not a change."
    )
    return [Put(replace(object_, attributes=attributes, sent=sent))]


def _order(run: Run, parent_id: str, positions: Sequence[int]) -> list[Entry]:
    if list(positions) == sorted(positions):
        return []
    run.warnings.append(
        f"The server does not keep the order of messages: {parent_id} reads back in another order "
        "than it was written. Its order is not planned again until the messages change."
    )
    return [MarkUnordered(parent_id, True)]
