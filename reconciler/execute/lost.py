"""Lost: a write whose answer did not come, while the run goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from reconciler.errors import ObjectNotFound, OutcomeUnknown, ProviderError
from reconciler.execute.context import Run
from reconciler.execute.listing import Sighting, list_new, sight
from reconciler.execute.recording import sendable, sendable_of
from reconciler.expand import Instance
from reconciler.provider.protocol import NO_API
from reconciler.schema import Attributes, Schema
from reconciler.state.entries import AddSuspect, Intent, Resolve
from reconciler.state.model import Suspect, SuspectKind

SENDS_MAX = 5
"""How often a member is sent in all, each time after a look at what stands there."""

_Seen = TypeVar("_Seen")

PAUSE_S = 0.5
"""The pause before the second time; it doubles with each."""


def may_have_happened(error: ProviderError) -> bool:
    """Whether a write that ended so may stand on the server."""
    return isinstance(error, OutcomeUnknown) or error.code == NO_API


async def append_again(
    run: Run, intent: Intent, instances: Sequence[Instance], error: OutcomeUnknown
) -> list[Attributes]:
    """Look for what was appended, and send again what is surely not there.

    The intent covers every attempt. It stays open where the run ends without an explanation, so
    that the next one looks again; something unexplained in its place makes it a suspect.

    Raises:
        ProviderError: what was sent may or may not stand there.
    """
    for number in range(1, SENDS_MAX):
        seen = await look(run, intent, instances)
        if seen.is_complete:
            return [each.attributes for each in seen.found if each is not None]
        if seen.unexplained and not any(seen.found):
            suspect = append_suspect(intent, instances[0].schema, error.message)
            await run.recorder.record(AddSuspect(suspect), Resolve(intent.seq))
            raise error
        if seen.unexplained or run.interrupted():
            raise error
        await run.sleep(PAUSE_S * 2 ** (number - 1))
        try:
            return await _send_missing(run, intent, instances, seen)
        except OutcomeUnknown as again:
            error = again
        except ProviderError:
            if not any(seen.found):
                await run.recorder.record(Resolve(intent.seq))
            raise
    raise error


async def look_twice(
    run: Run,
    configuration: str,
    look: Callable[[], Awaitable[_Seen]],
    is_complete: Callable[[_Seen], bool],
) -> _Seen:
    """Look at once, and once more when a write that is on its way has had time to arrive.

    Where the first look finds not even the parent, the second one tells.
    """
    with suppress(ObjectNotFound):
        seen = await look()
        if is_complete(seen):
            return seen
    await run.sleep(run.settings[configuration].settle_s)
    return await look()


async def look(run: Run, intent: Intent, instances: Sequence[Instance]) -> Sighting:
    """Look for what an append has sent behind the last member that was known before it."""
    assert intent.parent_id is not None, "an append names its parent"
    parent_id, schema = intent.parent_id, instances[0].schema
    provider = run.provider(instances[0].provider)
    sent = [sendable(each) for each in instances]

    async def look_once() -> Sighting:
        fresh = await list_new(
            provider,
            schema.type,
            parent_id,
            after=intent.after_id,
            known=run.recorder.known_ids(),
        )
        return sight(schema, sent, fresh)

    return await look_twice(run, instances[0].provider, look_once, lambda seen: seen.is_complete)


async def _send_missing(
    run: Run, intent: Intent, instances: Sequence[Instance], seen: Sighting
) -> list[Attributes]:
    assert intent.parent_id is not None, "an append names its parent"
    provider = run.provider(instances[0].provider)
    missing = [
        sendable(each) for each, found in zip(instances, seen.found, strict=True) if found is None
    ]
    sent = iter(await provider.append(instances[0].schema.type, intent.parent_id, missing))
    return [next(sent) if found is None else found.attributes for found in seen.found]


def create_suspect(intent: Intent, schema: Schema, seen: str) -> Suspect:
    """A parent whose creation got no answer."""
    return Suspect(
        address=intent.address,
        kind=SuspectKind.CREATE,
        sent=sendable_of(schema, intent.objects[0].attributes),
        sent_at=intent.at,
        seen=seen,
        members=intent.members,
        objects=intent.objects,
    )


def append_suspect(intent: Intent, schema: Schema, seen: str) -> Suspect:
    """Members that were appended without an answer, under the address of the first of them."""
    first = intent.objects[0]
    return Suspect(
        address=first.address,
        kind=SuspectKind.APPEND,
        sent=sendable_of(schema, first.attributes),
        sent_at=intent.at,
        seen=seen,
        parent_id=intent.parent_id,
        after_id=intent.after_id,
        members=tuple(each.address for each in intent.objects[1:]),
        objects=intent.objects,
    )
