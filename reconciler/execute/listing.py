"""Listing: read a sequence and match what stands there with what was sent."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.execute.recording import matches
from reconciler.provider.protocol import Member, Provider
from reconciler.schema import Attributes, Schema


async def list_after(
    provider: Provider, type_: str, parent_id: str, *, after: str | None, most: int | None = None
) -> list[Member]:
    """List the members behind *after* in server order, at least *most* of them if there are."""
    members: list[Member] = []
    async for page in provider.list_members(type_, parent_id, after=after):
        members.extend(page)
        if most is not None and len(members) >= most:
            break
    return members


def match_in_order(
    schema: Schema, sent: Sequence[Attributes], members: Sequence[Member]
) -> list[Member | None]:
    """Find each of *sent* among *members*, each behind the one found before it."""
    found: list[Member | None] = []
    position = 0
    for attributes in sent:
        hit = next(
            (
                index
                for index in range(position, len(members))
                if matches(schema, attributes, members[index])
            ),
            None,
        )
        if hit is None:
            found.append(None)
        else:
            found.append(members[hit])
            position = hit + 1
    return found


def match_by_position(
    schema: Schema, sent: Sequence[Attributes], members: Sequence[Member]
) -> list[Member | None]:
    """Take the members a creating call carried by position, each verified by what it says.

    From the first that is not what was sent on, order proves nothing any more and every one is
    looked for by what it says.
    """
    for index, attributes in enumerate(sent):
        if index >= len(members) or not matches(schema, attributes, members[index]):
            head: list[Member | None] = list(members[:index])
            return head + match_in_order(schema, sent[index:], members[index:])
    return list(members[: len(sent)])
