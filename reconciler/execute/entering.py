"""Entering: what a plan changes in state only, written down before anything is sent."""

from __future__ import annotations

from reconciler.execute.context import Recorder
from reconciler.execute.finishing import notes
from reconciler.plan.model import Action, Plan, PlannedChange
from reconciler.state.entries import Drop, Entry, Put


async def enter(plan: Plan, recorder: Recorder) -> None:
    """Write down refreshed objects, moves, imports and protection, and orders left unfinished."""
    entries: list[Entry] = []
    for address, object_ in plan.refreshed.items():
        entries.append(Put(object_) if object_ is not None else Drop(address))
    moved = [each for each in plan.changes if each.moved_from is not None]
    # All old names go before any new one comes, or a swap of two names would lose one.
    entries.extend(Drop(each.moved_from) for each in moved if each.moved_from is not None)
    for change in plan.changes:
        state_only = change.moved_from is not None or change.import_id is not None
        if change.recorded is not None and (state_only or _is_remembered_anew(change, recorder)):
            entries.append(Put(change.recorded))
    entries.extend(notes(plan.sequences, recorder))
    if entries:
        await recorder.record(*entries)


def _is_remembered_anew(change: PlannedChange, recorder: Recorder) -> bool:
    recorded = change.recorded
    return (
        change.action is Action.NO_OP
        and recorded is not None
        and recorded != recorder.object(change.address)
    )
