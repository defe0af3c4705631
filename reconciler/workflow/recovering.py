"""Recovering: settle what an interrupted run has left open, and what the user knows of it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.address import Address
from reconciler.errors import UsageError
from reconciler.execute.recording import same, settled
from reconciler.provider.protocol import Provider
from reconciler.provider.resources import SCHEMAS
from reconciler.state.cases import Ground
from reconciler.state.entries import AddSuspect, DropSuspect, Entry
from reconciler.state.model import State, StateObject, Suspect, SuspectKind
from reconciler.state.search import find_carried
from reconciler.workflow.importing import parse_import_id

if TYPE_CHECKING:
    from reconciler.state.store import FileStateStore
    from reconciler.workflow.session import Session


async def recover(session: Session) -> Sequence[Suspect]:
    """Explain what can be explained, record it, and return what is left.

    Raises:
        ProviderError: the server does not answer; nothing is explained then.
    """
    recorded = session.recorded()
    async with session.connected(session.configs) as providers:
        recorded = await session.recovered(providers, recorded)
    return tuple(recorded.suspects.values())


async def adopt(session: Session, address_text: str, id_text: str) -> Sequence[StateObject]:
    """Record that an object on the server is what was created without an answer.

    A thread is taken with the messages that were created with it.

    Raises:
        UsageError: nothing is suspected at the address, or the object is another one.
        ObjectNotFound: there is no such object.
    """
    recorded = session.recorded()
    async with session.connected(session.configs) as providers:
        recorded = await session.recovered(providers, recorded)
        suspect, draft = _find(recorded, address_text)
        ground = Ground(recorded, providers, SCHEMAS, lambda: secrets.token_hex(4))
        identity = _identity(draft, suspect, id_text)
        _refuse_known(recorded, identity["id"])
        taken = await session.reading(_standing(ground, suspect, draft, identity))
    for each in taken:
        ground.take(each)
    entries = [*ground.entries, *_without(suspect, {each.address for each in taken})]
    _record(session.store, entries)
    return taken


async def retry(session: Session, address_text: str) -> bool:
    """Look once more; what is still not found is no longer suspected, and is sent again.

    Returns whether it was found.

    Raises:
        UsageError: nothing is suspected at the address.
    """
    recorded = session.recorded()
    suspect, _ = _find(recorded, address_text)
    async with session.connected(session.configs) as providers:
        recorded = await session.recovered(providers, recorded)
    if suspect.address not in recorded.suspects:
        return True
    _record(session.store, [DropSuspect(suspect.address)])
    return False


def forget(store: FileStateStore, address_text: str) -> Suspect:
    """Give a suspect up without asking the server.

    Raises:
        UsageError: nothing is suspected at the address.
    """
    suspect, _ = _find(store.read().state or State(lineage=""), address_text)
    _record(store, [DropSuspect(suspect.address)])
    return suspect


def _record(store: FileStateStore, entries: Sequence[Entry]) -> None:
    ledger = store.begin("recover")
    try:
        ledger.record_now(*entries)
    finally:
        ledger.close()


def _find(recorded: State, address_text: str) -> tuple[Suspect, StateObject]:
    """The suspect that an address belongs to, and what was sent for it."""
    try:
        address = Address.parse(address_text)
    except ValueError as error:
        raise UsageError(str(error)) from None
    for suspect in recorded.suspects.values():
        if suspect.kind is SuspectKind.CREATE and address != suspect.address:
            continue
        for draft in suspect.objects:
            if draft.address == address:
                return suspect, draft
    names = ", ".join(str(each) for each in recorded.suspects) or "nothing is"
    raise UsageError(
        f"nothing at {address} is unresolved",
        hint=f"unresolved: {names}" if recorded.suspects else "reconciler plan",
    )


def _identity(draft: StateObject, suspect: Suspect, id_text: str) -> dict[str, str]:
    """What to read; for a message in a known thread its own id is enough."""
    schema = SCHEMAS[draft.address.type]
    if suspect.parent_id is not None and ":" not in id_text:
        id_text = f"{suspect.parent_id}:{id_text}"
    identity = parse_import_id(schema, id_text)
    if schema.sequence is not None:
        parent_id = identity[schema.sequence.parent_argument]
        if parent_id != suspect.parent_id:
            raise UsageError(f"{draft.address} was sent to {suspect.parent_id}, not to {parent_id}")
    return identity


def _refuse_known(recorded: State, id_: str) -> None:
    for each in (*recorded.objects.values(), *recorded.deposed.values()):
        if each.id == id_:
            raise UsageError(f"{id_} is already managed, as {each.address}")


def _check_metadata(object_: StateObject) -> None:
    if "metadata" in object_.sent:
        raise UsageError(
            f"{object_.id} is not what was sent for {object_.address}: its metadata is another",
            hint=f"if it is meant, forget the suspect and import it: reconciler import "
            f"{object_.address} {object_.id}",
        )


def _check_role(draft: StateObject, object_: StateObject) -> None:
    schema = SCHEMAS[draft.address.type]
    role = draft.attributes.get("role")
    if not same(schema, "role", role, object_.attributes.get("role")):
        raise UsageError(
            f"{object_.id} is not what was sent for {object_.address}: its role is "
            f'"{object_.attributes.get("role")}", not "{role}"'
        )


async def _standing(
    ground: Ground, suspect: Suspect, draft: StateObject, identity: Mapping[str, str]
) -> tuple[StateObject, ...]:
    """What stands on the server under *identity*, with what was created along with it."""
    attributes = await ground.provider(draft).read(draft.address.type, identity)
    object_ = settled(SCHEMAS[draft.address.type], draft, attributes)
    if suspect.kind is not SuspectKind.CREATE:
        _check_role(draft, object_)
        return (object_,)
    _check_metadata(object_)
    return (object_, *await _carried(ground, suspect, object_.id))


async def _carried(ground: Ground, suspect: Suspect, parent_id: str) -> tuple[StateObject, ...]:
    drafts = suspect.objects[1:]
    if not drafts:
        return ()
    provider: Provider = ground.provider(drafts[0])
    schema = ground.schemas[drafts[0].address.type]
    found = await find_carried(provider, schema, drafts, parent_id, ground.known, is_ours=False)
    if found.missing:
        names = ", ".join(str(each.address) for each in found.missing)
        raise UsageError(
            f"{parent_id} is not what was sent for {suspect.address}: it lacks {names}",
            hint="if it is meant, forget the suspect and import the objects one by one",
        )
    return found.standing


def _without(suspect: Suspect, taken: set[Address]) -> list[Entry]:
    """The suspect without what was adopted of it."""
    left = tuple(each for each in suspect.objects if each.address not in taken)
    entries: list[Entry] = [DropSuspect(suspect.address)]
    if left:
        first, *rest = left
        entries.append(
            AddSuspect(
                replace(
                    suspect,
                    address=first.address,
                    sent=dict(suspect.sent) if first is suspect.objects[0] else {},
                    members=tuple(each.address for each in rest),
                    objects=left,
                )
            )
        )
    return entries
