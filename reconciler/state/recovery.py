"""Recovery: explain the writes of a run that did not end, by looking at the server."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.address import Address
from reconciler.errors import NotServed, ObjectNotFound
from reconciler.execute.lost import append_suspect, create_suspect
from reconciler.provider.protocol import Provider
from reconciler.schema import Schema
from reconciler.state.entries import (
    AddSuspect,
    Drop,
    DropSuspect,
    Entry,
    Intent,
    IntentKind,
    Put,
    Resolve,
)
from reconciler.state.model import State, StateObject, Suspect, SuspectKind, configuration_name
from reconciler.state.search import Found, find_appended, find_carried, find_parents

SEEN = "the run was cut off before an answer came"
"""What is known of a write whose run died."""

_GONE = "gone"


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
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    new_key: Callable[[], str] = lambda: secrets.token_hex(4),
) -> Recovery:
    """Explain every open intent of *state*, and look again for its suspects; sends only reads.

    What was appended is looked for behind the last member that was known, what a creating call
    carried by position, a parent among all parents where the dialect lists those. A parent whose
    creation got no answer is a suspect otherwise, and so is a member where something stands that
    nobody can explain. What was to be deleted and is gone leaves state. Updates explain
    themselves when the state is refreshed. What the server gives no proof of stays open.

    Raises:
        ProviderError: the server does not answer; nothing is explained then.
    """
    search = _Search(state, providers, schemas, new_key)
    cases = [*map(_case_of, intents), *map(_case_of_suspect, state.suspects.values())]
    looks = dict(zip(cases, await _all(search.look(each) for each in cases), strict=True))
    early = [each for each in cases if each.seq is not None and not _is_final(looks[each])]
    if early:
        await sleep(settle_s)
        looks.update(zip(early, await _all(search.look(each) for each in early), strict=True))
    for case in cases:
        search.conclude(case, looks[case], rivals=_like(case, looks))
    return Recovery(tuple(search.entries), tuple(search.adopted))


async def _all(work: object) -> list[_Look]:
    return list(await asyncio.gather(*work))  # type: ignore[call-overload]  # a generator


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """One write to be explained; *seq* is None for what is a suspect already."""

    intent: Intent
    seq: int | None
    suspect: Suspect | None = None


_Look = Found | list[Found] | str | None
"""What a look has shown: members, parents that fit, that an object is gone, or nothing."""


def _case_of(intent: Intent) -> _Case:
    return _Case(intent, intent.seq)


def _case_of_suspect(suspect: Suspect) -> _Case:
    kind = IntentKind.CREATE if suspect.kind is SuspectKind.CREATE else IntentKind.APPEND
    intent = Intent(
        0,
        kind,
        suspect.address,
        suspect.sent_at,
        members=suspect.members,
        parent_id=suspect.parent_id,
        after_id=suspect.after_id,
        objects=suspect.objects,
    )
    return _Case(intent, None, suspect)
