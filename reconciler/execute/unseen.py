"""Unseen: parents that are recorded under an id that nothing has shown yet."""

from __future__ import annotations

from reconciler.errors import ObjectNotFound, OutcomeUnknown, ProviderError
from reconciler.execute.context import Run
from reconciler.execute.lost import create_suspect, look_twice
from reconciler.schema import Attributes
from reconciler.state.entries import AddSuspect, Drop, Entry, Put, Resolve


async def confirm(run: Run, parent_id: str) -> None:
    """Ask for a parent by its id, where nothing else has shown yet that it is there.

    Raises:
        OutcomeUnknown: the server does not have it; that is recorded, and it is a suspect.
    """
    unseen = run.unseen.get(parent_id)
    if unseen is None:
        return
    instance = unseen.instance
    provider = run.provider(instance.provider)

    async def look() -> Attributes:
        return await provider.read(instance.schema.type, {"id": parent_id})

    try:
        await look_twice(run, instance.provider, look, lambda seen: True)
    except ObjectNotFound as missing:
        if not run.interrupted():
            # Otherwise the second look may have come too early.
            raise await take_back(run, parent_id) from missing
    except ProviderError:
        # It proves nothing; the next refresh asks again.
        return
    run.unseen.pop(parent_id, None)


async def take_back(run: Run, parent_id: str) -> OutcomeUnknown:
    """Take back what was recorded under a wrong id; the parent may stand under any other."""
    unseen = run.unseen.pop(parent_id)
    address, replaced = unseen.instance.address, unseen.replaced
    error = OutcomeUnknown(
        f"The server answered that it had created {address} as {parent_id}, which it does "
        "not have; it may stand there under another id."
    )
    taken_back: list[Entry] = [Drop(address)]
    if replaced is not None:
        key = run.deposed_keys.pop((address, replaced.id))
        taken_back = [Put(replaced), Drop(address, key)]
    suspect = create_suspect(unseen.intent, unseen.instance.schema, error.message)
    await run.recorder.record(*taken_back, AddSuspect(suspect), Resolve(unseen.intent.seq))
    return error
