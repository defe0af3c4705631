"""Recovery: explain the writes of a run that did not end, by looking at the server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.address import Address
from reconciler.errors import ObjectNotFound
from reconciler.execute.listing import list_after, match_by_position, match_in_order
from reconciler.execute.recording import merge
from reconciler.provider.protocol import Member, Provider
from reconciler.schema import Attributes, Schema
from reconciler.state.entries import AddSuspect, Entry, Intent, IntentKind, Put, Resolve
from reconciler.state.model import State, StateObject, Suspect, SuspectKind, configuration_name

SEEN = "the run was cut off before an answer came"
"""What is known of a write whose run died."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the open intents of a cut-off run turned out to be."""

    entries: tuple[Entry, ...]
    adopted: tuple[tuple[Address, str], ...]
    """What was found on the server and taken into state: address and id."""


async def recover(
    state: State,
    intents: Sequence[Intent],
    providers: Mapping[str, Provider],
    schemas: Mapping[str, Schema],
    *,
    settle_s: float,
) -> Recovery:
    """Explain every open intent of *state*; sends nothing but reads.

    What was appended is looked for behind the last member that was known, what a creating call
    carried by position. A parent whose creation got no answer is a suspect; so is a member where
    something stands that nobody can explain. Updates and deletions explain themselves when the
    state is refreshed.
    """
    entries: list[Entry] = []
    adopted: list[tuple[Address, str]] = []
    for intent in intents:
        found = await _explain(state, intent, providers, schemas, settle_s)
        adopted.extend((e.object.address, e.object.id) for e in found if isinstance(e, Put))
        entries.extend((*found, Resolve(intent.seq)))
    return Recovery(tuple(entries), tuple(adopted))


async def _explain(
    state: State,
    intent: Intent,
    providers: Mapping[str, Provider],
    schemas: Mapping[str, Schema],
    settle_s: float,
) -> list[Entry]:
    match intent.kind:
        case IntentKind.CREATE:
            return await _explain_create(state, intent, providers, schemas)
        case IntentKind.APPEND:
            return await _explain_append(state, intent, providers, schemas, settle_s)
        case IntentKind.UPDATE | IntentKind.DELETE:
            return []


async def _explain_create(
    state: State,
    intent: Intent,
    providers: Mapping[str, Provider],
    schemas: Mapping[str, Schema],
) -> list[Entry]:
    parent = state.objects.get(intent.address)
    if parent is None or parent.id == intent.object_id:
        return [AddSuspect(_suspect(intent, SuspectKind.CREATE))]
    if not intent.members:
        return []
    missing = [
        (address, sent)
        for address, sent in zip(intent.members, intent.sent[1:], strict=True)
        if not _stands_in(state, address, parent.id, schemas)
    ]
    schema = schemas[intent.members[0].type]
    provider = providers[configuration_name(parent.provider)]
    try:
        members = await list_after(provider, schema.type, parent.id, after=None)
    except ObjectNotFound:
        return []
    known = {each.id for each in state.objects.values()}
    fresh = [each for each in members if each.id not in known]
    found = match_by_position(schema, [sent for _, sent in missing], fresh)
    return [
        Put(_adopted(schema, address, sent, member, parent))
        for (address, sent), member in zip(missing, found, strict=True)
        if member is not None
    ]


async def _explain_append(
    state: State,
    intent: Intent,
    providers: Mapping[str, Provider],
    schemas: Mapping[str, Schema],
    settle_s: float,
) -> list[Entry]:
    assert intent.parent_id is not None, "an append names its parent"
    schema = schemas[intent.address.type]
    provider = _provider_of(state, intent, providers)
    known = {each.id for each in state.objects.values()} | {
        each.id for each in state.deposed.values()
    }
    fresh: list[Member] = []
    for pause_s in (0.0, settle_s):
        await asyncio.sleep(pause_s)
        try:
            listed = await list_after(
                provider, schema.type, intent.parent_id, after=intent.after_id
            )
        except ObjectNotFound:
            return []
        fresh = [each for each in listed if each.id not in known]
        found = match_in_order(schema, intent.sent, fresh)
        if all(each is not None for each in found):
            return _puts(state, intent, schema, found)
    roles = {sent.get("role") for sent in intent.sent}
    partly = _puts(state, intent, schema, found)
    matched = {each.id for each in found if each is not None}
    unexplained = [
        each
        for each in fresh
        if each.is_message
        and each.reproducible
        and each.id not in matched
        and each.attributes.get("role") in roles
    ]
    if unexplained and len(matched) < len(intent.sent):
        return [*partly, AddSuspect(_suspect(intent, SuspectKind.APPEND))]
    return partly


def _puts(
    state: State, intent: Intent, schema: Schema, found: Sequence[Member | None]
) -> list[Entry]:
    like = state.objects.get(intent.address)
    return [
        Put(_adopted(schema, address, sent, member, like))
        for address, sent, member in zip(intent.members, intent.sent, found, strict=True)
        if member is not None
    ]


def _adopted(
    schema: Schema, address: Address, sent: Attributes, member: Member, like: StateObject | None
) -> StateObject:
    attributes, differing = merge(schema, sent, member.attributes)
    made = StateObject(address, attributes, differing)
    return made if like is None else replace(made, provider=like.provider)


def _stands_in(
    state: State, address: Address, parent_id: str, schemas: Mapping[str, Schema]
) -> bool:
    object_ = state.objects.get(address)
    sequence = schemas[address.type].sequence
    if object_ is None or sequence is None:
        return False
    return object_.attributes.get(sequence.parent_argument) == parent_id


def _provider_of(state: State, intent: Intent, providers: Mapping[str, Provider]) -> Provider:
    for object_ in state.objects.values():
        if object_.id == intent.parent_id:
            return providers[configuration_name(object_.provider)]
    return next(iter(providers.values()))


def _suspect(intent: Intent, kind: SuspectKind) -> Suspect:
    return Suspect(
        address=intent.address,
        kind=kind,
        sent=intent.sent[0] if intent.sent else {},
        sent_at=intent.at,
        seen=SEEN,
        parent_id=intent.parent_id,
        after_id=intent.after_id,
        members=intent.members if kind is SuspectKind.CREATE else intent.members[1:],
    )
