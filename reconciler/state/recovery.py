"""Recovery: explain the writes of a run that did not end, by looking at the server."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence

from reconciler.address import Address
from reconciler.frozen import frozen
from reconciler.provider.protocol import Provider
from reconciler.schema import Schema
from reconciler.state.cases import (
    SEEN,
    Case,
    Deletion,
    Ground,
    LostMembers,
    LostParent,
    Plain,
    content_key,
)
from reconciler.state.entries import Entry, Intent, IntentKind
from reconciler.state.model import State, StateObject, Suspect, SuspectKind

__all__ = ["SEEN", "Recovery", "recover"]


@frozen
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
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    new_key: Callable[[], str] = lambda: secrets.token_hex(4),
) -> Recovery:
    """Explain every open intent of *state*, and look again for its suspects; sends only reads.

    What was appended is looked for behind the last member that was known, what a creating call
    carried by position, a parent among all parents where the dialect lists those. A parent whose
    creation got no answer is a suspect otherwise, and so is a member where something stands that
    nobody can explain. What was to be deleted and is gone leaves state. Updates explain
    themselves when the state is refreshed. What the server proves nothing of stays open.

    Raises:
        ProviderError: the server does not answer; nothing is explained then.
    """
    ground = Ground(state, providers, schemas, new_key)
    sorter = _Sorter(ground)
    cases = [
        *(sorter.case_of(each) for each in intents),
        *(sorter.case_of(_intent_of(each), each) for each in state.suspects.values()),
    ]
    await asyncio.gather(*(each.look() for each in cases))
    early = [each for each in cases if not each.is_settled]
    if early:
        await sleep(settle_s)
        await asyncio.gather(*(each.look() for each in early))
    for case in cases:
        case.conclude()
    return Recovery(tuple(ground.entries), tuple(ground.adopted))


class _Sorter:
    """Finds out what kind of case each write is."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._rivals: dict[str, list[LostParent]] = {}

    def case_of(self, intent: Intent, suspect: Suspect | None = None) -> Case:
        """The case of an intent, or of the suspect it was made from."""
        match intent.kind:
            case IntentKind.CREATE:
                return self._creation(intent, suspect)
            case IntentKind.APPEND:
                assert intent.parent_id is not None, "an append names its parent"
                return LostMembers(
                    self._ground,
                    intent,
                    suspect,
                    intent.objects,
                    intent.parent_id,
                    carried=False,
                )
            case IntentKind.DELETE:
                return self._deletion(intent)
            case IntentKind.UPDATE:
                return Plain(self._ground, intent)

    def _creation(self, intent: Intent, suspect: Suspect | None) -> Case:
        parent = self._ground.objects.get(intent.address)
        if suspect is not None or parent is None or parent.id == intent.object_id:
            key = content_key(self._ground.schemas, intent.objects)
            return LostParent(self._ground, intent, suspect, self._rivals.setdefault(key, []))
        drafts = tuple(
            each for each in intent.objects[1:] if not self._stands_in(parent.id, each.address)
        )
        return LostMembers(self._ground, intent, None, drafts, parent.id, carried=True)

    def _stands_in(self, parent_id: str, address: Address) -> bool:
        object_ = self._ground.objects.get(address)
        sequence = self._ground.schemas[address.type].sequence
        assert sequence is not None, "only members of a sequence go along"
        return object_ is not None and object_.attributes.get(sequence.parent_argument) == parent_id

    def _deletion(self, intent: Intent) -> Case:
        object_ = self._recorded(intent.object_id)
        return (
            Plain(self._ground, intent)
            if object_ is None
            else Deletion(self._ground, intent, object_)
        )

    def _recorded(self, object_id: str | None) -> StateObject | None:
        everything = (*self._ground.objects.values(), *self._ground.deposed.values())
        return next((each for each in everything if each.id == object_id), None)


def _intent_of(suspect: Suspect) -> Intent:
    is_create = suspect.kind is SuspectKind.CREATE
    return Intent(
        0,
        IntentKind.CREATE if is_create else IntentKind.APPEND,
        suspect.address,
        suspect.sent_at,
        members=suspect.members,
        parent_id=suspect.parent_id,
        after_id=suspect.after_id,
        objects=suspect.objects,
    )
