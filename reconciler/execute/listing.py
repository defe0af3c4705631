"""Listing: read a sequence and match what stands there with what was sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from reconciler.errors import ObjectNotFound, ServiceUnavailable
from reconciler.execute.recording import matches
from reconciler.frozen import frozen
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


async def list_new(
    provider: Provider,
    type_: str,
    parent_id: str,
    *,
    after: str | None,
    known: Collection[str],
) -> list[Member]:
    """List the members behind *after* that are not *known*.

    Where *after* has been deleted, what stands behind the last known member is listed instead.
    """
    try:
        members = await list_after(provider, type_, parent_id, after=after)
    except ServiceUnavailable as error:
        if after is None or not isinstance(error.__cause__, ObjectNotFound):
            raise
        members = await list_after(provider, type_, parent_id, after=None)
        last = max((at for at, each in enumerate(members) if each.id in known), default=-1)
        members = members[last + 1 :]
    return [each for each in members if each.id not in known]


@frozen
class Sighting:
    """What a listing shows of members that were sent: each as it was found, or None."""

    found: tuple[Member | None, ...]
    unexplained: bool
    """Whether something stands there that could be one of those not found, in another form."""

    @property
    def is_complete(self) -> bool:
        """Whether everything that was sent was found."""
        return all(each is not None for each in self.found)


def sight(schema: Schema, sent: Sequence[Attributes], members: Sequence[Member]) -> Sighting:
    """Look for what was appended among *members* that nobody knows."""
    found = match_in_order(schema, sent, members)
    return Sighting(tuple(found), is_unexplained(sent, found, members))


def is_unexplained(
    sent: Sequence[Attributes], found: Sequence[Member | None], members: Sequence[Member]
) -> bool:
    """Whether one of *members* that is not *found* could be one of *sent* in another form."""
    taken = {each.id for each in found if each is not None}
    roles = {
        attributes.get("role") for attributes, each in zip(sent, found, strict=True) if each is None
    }
    return any(
        each.is_message
        and each.reproducible
        and each.id not in taken
        and each.attributes.get("role") in roles
        for each in members
    )


def match_in_order(
    schema: Schema, sent: Sequence[Attributes], members: Sequence[Member]
) -> list[Member | None]:
    """Find each of *sent* among *members*, in the same order, as far behind as possible.

    What was sent last stands last: of several that say the same, the later ones are ours.
    """
    found: list[Member | None] = []
    end = len(members)
    for attributes in reversed(sent):
        hits = (at for at in reversed(range(end)) if matches(schema, attributes, members[at]))
        hit = next(hits, None)
        found.append(None if hit is None else members[hit])
        end = end if hit is None else hit
    return found[::-1]


def in_order_sent(
    schema: Schema, sent: Sequence[Attributes], returned: Sequence[Attributes]
) -> Sequence[Attributes]:
    """What an append returned, in the order in which it was *sent*, where another is recognised."""
    members = [Member(str(each["id"]), each) for each in returned]
    found = match_by_position(schema, sent, members)
    whole = [each.attributes for each in found if each is not None]
    return whole if len(whole) == len(returned) else returned


def match_by_position(
    schema: Schema,
    sent: Sequence[Attributes],
    members: Sequence[Member],
    *,
    is_ours: bool = True,
) -> list[Member | None]:
    """Find what a creating call carried in the new parent, position by position.

    What does not stand in its place is looked for by what it says anywhere in the parent. Where
    the parent *is_ours* and holds as many members as were sent, those left on both sides are the
    same ones, whatever the server made of their texts.
    """
    found: list[Member | None] = [
        member if matches(schema, attributes, member) else None
        for attributes, member in zip(sent, members, strict=False)
    ]
    found += [None] * (len(sent) - len(found))
    left = {each.id: each for each in members}
    for member in found:
        if member is not None:
            left.pop(member.id, None)
    _fill(found, sent, left, lambda attributes, each: matches(schema, attributes, each))
    if is_ours and len(members) == len(sent):
        _fill(found, sent, left, _is_of_same_role)
    return found


def _fill(
    found: list[Member | None],
    sent: Sequence[Attributes],
    left: dict[str, Member],
    fits: Callable[[Attributes, Member], bool],
) -> None:
    """Give every place that is empty the first of those *left* that fits."""
    for at, attributes in enumerate(sent):
        if found[at] is None:
            member = next((each for each in left.values() if fits(attributes, each)), None)
            if member is not None:
                found[at] = left.pop(member.id)


def _is_of_same_role(attributes: Attributes, member: Member) -> bool:
    return (
        member.is_message
        and member.reproducible
        and member.attributes.get("role") == attributes.get("role")
    )
