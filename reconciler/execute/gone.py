"""Gone: see that the members a run has deleted are not there any more.

A server may say that it has deleted a message and keep it. Nobody is believed: what a listing
still shows goes back into state, so that the next run owes its deletion, and has failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.address import Address
from reconciler.errors import ObjectNotFound, ProviderError, RequestRejected, ServiceUnavailable
from reconciler.execute.changing import deposed_key
from reconciler.execute.context import Run
from reconciler.execute.ends import Ends
from reconciler.execute.events import ChangeFailed
from reconciler.execute.lost import look_twice
from reconciler.execute.schedule import Step
from reconciler.frozen import frozen, replace
from reconciler.plan.model import Action, PlannedChange, ReadBack
from reconciler.provider.protocol import Member
from reconciler.state.entries import Entry, Put


@frozen
class Deletion:
    """One member that the server says it has deleted.

    *change* is None for one that no spec had; *address* is that of its parent then.
    """

    step: Step
    address: Address
    id: str
    change: PlannedChange | None = None


@dataclass(slots=True)
class Deletions:
    """The members that a run has deleted one by one, by id of their parent."""

    done: dict[str, list[Deletion]] = field(default_factory=dict)

    def note(self, parent_id: str, deletion: Deletion) -> None:
        """One more."""
        self.done.setdefault(parent_id, []).append(deletion)

    def note_managed(
        self, step: Step, change: PlannedChange, sequence_types: Mapping[str, str]
    ) -> None:
        """One more, if it is of a type that stands in a sequence."""
        argument = sequence_types.get(change.address.type)
        if argument is not None and change.recorded is not None:
            parent_id = str(change.recorded.attributes.get(argument))
            self.note(parent_id, Deletion(step, change.address, change.recorded.id, change))

    async def check(
        self, run: Run, ends: Ends, looks: Iterable[ReadBack], type_: str, *, concurrency: int
    ) -> None:
        """Look at every parent once, at most so many at a time, and fail what is still there."""
        room = asyncio.Semaphore(concurrency)

        async def check_one(look: ReadBack) -> None:
            async with room:
                await _check(run, ends, look, type_, self.done[look.parent_id])

        await asyncio.gather(*(check_one(each) for each in looks if each.parent_id in self.done))


async def _check(
    run: Run, ends: Ends, look: ReadBack, type_: str, deletions: list[Deletion]
) -> None:
    deleted = {each.id for each in deletions}

    async def listed() -> set[str]:
        return deleted & {each.id for each in await _list(run, look, type_, deleted)}

    try:
        kept = await look_twice(run, look.provider, listed, lambda seen: not seen)
    except ObjectNotFound:
        return
    except ProviderError as doubt:
        run.warnings.append(f"{look.parent_id} could not be read back: {doubt.message}")
        return
    for each in deletions:
        if each.id in kept:
            await _fail(run, ends, each)


async def _list(run: Run, look: ReadBack, type_: str, deleted: set[str]) -> list[Member]:
    """What stands where something was deleted: one member more than stay there tells."""
    members: list[Member] = []
    provider = run.provider(look.provider)
    try:
        async for page in provider.list_members(type_, look.parent_id, after=look.after):
            members.extend(page)
            staying = sum(each.id not in deleted for each in members)
            is_last = len(page) < provider.capabilities.page_limit
            if look.between is not None and staying >= look.between + (not is_last):
                break
    except ServiceUnavailable as error:
        if look.after is None or not isinstance(error.__cause__, ObjectNotFound):
            raise
        return await _list(run, replace(look, after=None, between=None), type_, deleted)
    return members


async def _fail(run: Run, ends: Ends, deletion: Deletion) -> None:
    change, address = deletion.change, deletion.address
    name = f"a message of {address}" if change is None else str(address)
    error = RequestRejected(
        f"The server answered that it had deleted {name} ({deletion.id}), and still lists it.",
        hint="the next apply tries again; a removed block, or unmanaged_messages = "
        '"report", leaves it where it is',
    )
    if change is not None and change.recorded is not None:
        entry: Entry = Put(replace(change.recorded, deposed=deposed_key(run, change)))
        await run.recorder.record(entry)
    ends.done.discard(deletion.step)
    ends.failures[deletion.step] = error
    run.emit(ChangeFailed(address, Action.DELETE, error))
