"""Search: look on the server for what a write has made whose answer is lost. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from reconciler.errors import NotServed, ObjectNotFound
from reconciler.execute.listing import (
    is_unexplained,
    list_after,
    list_new,
    match_by_position,
    sight,
)
from reconciler.execute.recording import same, sendable_of, settled
from reconciler.frozen import frozen
from reconciler.provider.protocol import Member, Provider
from reconciler.schema import Attributes, Schema
from reconciler.state.model import StateObject

SKEW_S = 600.0
"""How far the server's clock may be behind ours when the age of a parent is looked at."""


@frozen
class Found:
    """What became of *drafts*: each with its id where it stands, None where it was not found."""

    drafts: tuple[StateObject, ...]
    objects: tuple[StateObject | None, ...]
    unexplained: bool = False
    """Whether something stands there that may be one of those not found, in another form."""
    undecided: bool = False
    """Whether the server gave no answer that proves anything."""
    parent_gone: bool = False

    @property
    def is_final(self) -> bool:
        """Whether looking a second time, a little later, could tell nothing more."""
        return self.parent_gone or self.undecided or None not in self.objects

    @property
    def standing(self) -> tuple[StateObject, ...]:
        """What was found."""
        return tuple(each for each in self.objects if each is not None)

    @property
    def missing(self) -> tuple[StateObject, ...]:
        """What was not found, as it was to be."""
        pairs = zip(self.drafts, self.objects, strict=True)
        return tuple(draft for draft, each in pairs if each is None)


async def find_carried(
    provider: Provider,
    schema: Schema,
    drafts: tuple[StateObject, ...],
    parent_id: str,
    known: Collection[str],
    *,
    is_ours: bool = True,
) -> Found:
    """Look for the members that went along when their parent was created.

    *is_ours* says that this is the parent; otherwise what stands in it has to tell.
    """
    try:
        members = await list_after(provider, schema.type, parent_id, after=None)
    except ObjectNotFound:
        return Found(drafts, (None,) * len(drafts), parent_gone=True)
    except NotServed:
        return Found(drafts, (None,) * len(drafts), undecided=True)
    fresh = [each for each in members if each.id not in known]
    sent = _sent(schema, drafts)
    matched = match_by_position(schema, sent, fresh, is_ours=is_ours)
    unexplained = is_unexplained(sent, matched, fresh)
    return Found(drafts, _settled(schema, drafts, matched), unexplained=unexplained)


async def find_appended(
    provider: Provider,
    schema: Schema,
    drafts: tuple[StateObject, ...],
    parent_id: str,
    after_id: str | None,
    known: Collection[str],
) -> Found:
    """Look for members that were appended behind *after_id*."""
    try:
        fresh = await list_new(provider, schema.type, parent_id, after=after_id, known=known)
    except ObjectNotFound:
        return Found(drafts, (None,) * len(drafts), parent_gone=True)
    except NotServed:
        return Found(drafts, (None,) * len(drafts), undecided=True)
    seen = sight(schema, _sent(schema, drafts), fresh)
    return Found(drafts, _settled(schema, drafts, seen.found), unexplained=seen.unexplained)


async def find_parents(
    provider: Provider,
    schema: Schema,
    member_schema: Schema,
    drafts: tuple[StateObject, ...],
    sent_at: str,
    known: Collection[str],
) -> list[Found]:
    """List the parents that nobody knows and that are just what a creating call asked for."""
    fitting: list[Found] = []
    since_s = datetime.fromisoformat(sent_at).timestamp() - SKEW_S
    async for page in provider.list_parents(schema.type):
        for attributes in page:
            if str(attributes["id"]) in known or _created_s(attributes) < since_s:
                continue
            found = await _fit(provider, schema, member_schema, drafts, attributes)
            if found is not None:
                fitting.append(found)
    return fitting


async def _fit(
    provider: Provider,
    schema: Schema,
    member_schema: Schema,
    drafts: tuple[StateObject, ...],
    attributes: Attributes,
) -> Found | None:
    parent, *carried = drafts
    wanted = sendable_of(schema, parent.attributes)
    if not same(schema, "metadata", wanted.get("metadata"), attributes.get("metadata")):
        return None
    found = await find_carried(
        provider, member_schema, tuple(carried), str(attributes["id"]), known=(), is_ours=False
    )
    if not found.is_final or found.parent_gone or found.undecided:
        return None
    return Found(drafts, (settled(schema, parent, attributes), *found.objects))


def _created_s(attributes: Attributes) -> float:
    """When a parent was created; one that does not say may be as new as any."""
    created = attributes.get("created_at")
    if not isinstance(created, (int, float)):
        return float("inf")
    return created / 1000 if created > 1e11 else float(created)


def _sent(schema: Schema, drafts: Sequence[StateObject]) -> list[Attributes]:
    return [sendable_of(schema, each.attributes) for each in drafts]


def _settled(
    schema: Schema, drafts: Sequence[StateObject], members: Sequence[Member | None]
) -> tuple[StateObject | None, ...]:
    return tuple(
        None if member is None else settled(schema, draft, member.attributes)
        for draft, member in zip(drafts, members, strict=True)
    )
